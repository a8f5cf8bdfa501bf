import cron from 'node-cron'
import { z } from 'zod'
import { explain, type FieldMeta } from './fields.ts'

/** When something happens again and again, as cron has it. */
export const cronExpression = (about: Omit<FieldMeta, 'allowed'>) =>
  explain(
    z.string().refine((written) => cron.validate(written)),
    {
      ...about,
      allowed:
        'a cron expression: minute, hour, day of the month, month and day of the week, with a second before them or not',
    },
  )
