import { z } from 'zod'

const MOST_REQUESTS = 5_000
const MOST_SECONDS = 600

export const wantedCalibration = z.strictObject({
  device: z.string().optional().describe('Its key; may be left out where the source has one device.'),
  ranges: z
    .array(z.string().min(1).max(100))
    .min(1)
    .max(100)
    .optional()
    .describe('What exists there, such as `holding:0-99`; absent: where its tags lie.'),
  mostRequests: z.int().min(1).max(MOST_REQUESTS).default(500).describe('It ends after so many requests.'),
  seconds: z.int().min(1).max(MOST_SECONDS).default(120).describe('It ends after this time.'),
})

export const calibration = z.object({
  source: z.string(),
  device: z.string(),
  state: z
    .enum(['running', 'done', 'ended', 'cancelled', 'failed'])
    .describe(
      '`ended`: before all was measured, by its bounds or by the device; what was found until then holds. `failed`: nothing ' +
        'could be measured.',
    ),
  by: z.string().describe('Who began it.'),
  startedAt: z.number(),
  endedAt: z.number().optional(),
  ranges: z.array(z.string()).describe('What is read, beside what lies next to it.'),
  mostRequests: z.int(),
  seconds: z.int(),
  requests: z.int().describe('Sent so far.'),
  steps: z.array(z.string()).describe('What was tried, in words; while it runs, the last is under way.'),
  reason: z.string().optional().describe('Why it ended otherwise than done.'),
  findings: z.array(z.object({ what: z.string(), words: z.string() })).describe('What was found out, in words.'),
  proposal: z
    .object({
      source: z.record(z.string(), z.union([z.string(), z.number()])),
      device: z.record(z.string(), z.number()),
    })
    .optional()
    .describe('Settings of the source and of the device that differ from what the defaults do; both may be empty.'),
})
export type CalibrationAnswer = z.output<typeof calibration>

export const lastCalibration = z.object({
  calibration: calibration.nullable().describe('null: there was none since the engine began.'),
})
export type LastCalibrationAnswer = z.output<typeof lastCalibration>
