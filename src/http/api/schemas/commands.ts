import { z } from 'zod'
import { commandStates } from '../../../core/command.ts'
import { dataTypes } from '../../../core/data-type.ts'

const scalar = z.union([z.number(), z.string(), z.boolean()])
const value = z.union([scalar, z.array(scalar)])
const time = z.number().describe('Milliseconds of the epoch.')

const by = z.object({
  user: z.string(),
  origin: z.enum(['opcua', 'http', 'grpc', 'cli', 'system']),
  address: z.string().optional(),
  client: z.string().optional(),
})

export const command = z.object({
  id: z.int(),
  device: z.string(),
  tag: z.string().optional().describe('Key of the tag that is written.'),
  command: z.string().optional().describe("Key of the device's command."),
  values: z.record(z.string(), z.unknown()).describe('What was given: `value` of a write, or by parameter.'),
  by,
  state: z.enum(commandStates),
  isFinal: z.boolean(),
  reason: z.string().describe('Why it is in this state, and what to do; empty where the state says all.'),
  status: z.string().optional().describe('The StatusCode, of a command that is over.'),
  priority: z.number(),
  acceptedAt: time,
  changedAt: time,
  deadline: time,
  expectedAt: time.optional(),
})
export type CommandAnswered = z.output<typeof command>

export const commandList = z.object({ commands: z.array(command) })
export const commandDetail = command.extend({
  steps: z.array(
    z.object({ at: time, state: z.enum(commandStates), reason: z.string(), status: z.string().optional() }),
  ),
})
export type CommandDetailAnswer = z.output<typeof commandDetail>

const about = {
  device: z.string().min(1).max(64).describe('Its key.'),
  idempotencyKey: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('The same key again within a day is the same command.'),
  deadline: z.int().optional().describe('After that it must not go out any more, milliseconds of the epoch.'),
  priority: z.int().optional(),
  confirmed: z.boolean().optional().describe('You mean it; some commands want that said.'),
}
export const commandRequest = z.union([
  z.strictObject({ ...about, tag: z.string().min(1).max(64), value }),
  z.strictObject({ ...about, command: z.string().min(1).max(64), arguments: z.record(z.string(), value).default({}) }),
])

const parameter = z.object({
  key: z.string(),
  name: z.string(),
  description: z.string().optional(),
  type: z.enum(dataTypes),
  unit: z.string().optional(),
  range: z.object({ low: z.number(), high: z.number() }).optional(),
  states: z.array(z.object({ value: z.number(), name: z.string() })).optional(),
  default: scalar.optional(),
})

/** What a device can be told. */
export const deviceCommands = z.object({
  commands: z.array(
    z.object({
      key: z.string(),
      name: z.string(),
      description: z.string().optional(),
      parameters: z.array(parameter),
      needsConfirmation: z.boolean(),
      conditions: z.array(z.string()).describe('When it is done, and how long it waits: a sentence each.'),
    }),
  ),
})
export type DeviceCommandsAnswer = z.output<typeof deviceCommands>

export const auditPage = z.object({
  rows: z.array(
    z.object({
      id: z.int(),
      at: time,
      by,
      action: z.string(),
      subject: z.string(),
      outcome: z.enum(['done', 'refused', 'failed']),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  next: z.int().optional().describe('What `before` has to be for older rows; absent at the end.'),
})
export type AuditAnswer = z.output<typeof auditPage>
