import { z } from 'zod'
import { behind, configurationProblem } from './configuration.ts'

/** RFC 9457, with everything that is wrong in a request. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe('What went wrong and what to do.'),
  code: z.string().describe('For programs: it does not change with the wording.'),
  requestId: z.string().describe('Also in the log of the gateway, where something failed.'),
  errors: z
    .array(z.object({ in: z.enum(['path', 'query', 'body']), field: z.string(), message: z.string() }))
    .optional(),
  problems: z.array(configurationProblem).optional().describe('Everything that is wrong with a configuration.'),
  conflict: behind.optional().describe('What others changed since the draft was begun.'),
})
export type Problem = z.output<typeof problemSchema>
