import { validate } from 'node-cron'
import { z } from 'zod'
import { explain, type FieldMeta, ofText } from './fields.ts'

/** When something happens again and again, as cron has it: minute, hour, day, month and weekday. */
export const cronExpression = (about: Omit<FieldMeta, 'allowed'>) =>
  explain(
    z
      .string()
      .max(100, ofText)
      .refine((schedule) => schedule.trim().split(/\s+/).length === 5 && validate(schedule)),
    { ...about, allowed: 'five fields of cron' },
  )
