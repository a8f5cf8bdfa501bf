import { z } from 'zod'
import { driftKinds } from '../../../core/drift.ts'

export const findings = z.object({
  sources: z.array(
    z.object({
      source: z.string(),
      proposals: z.array(
        z.object({
          devEui: z.string(),
          name: z.string(),
          application: z.string(),
          profile: z.string(),
          rule: z.int().describe('Position of the rule in the configuration, from 0.'),
          template: z.string(),
          why: z.string(),
        }),
      ),
      drift: z.array(
        z.object({
          kind: z.enum(driftKinds),
          devEui: z.string(),
          name: z.string(),
          device: z.string().optional(),
          tag: z.string().optional(),
          reason: z.string(),
          mend: z.string(),
        }),
      ),
    }),
  ),
})
export type FindingsAnswer = z.output<typeof findings>
