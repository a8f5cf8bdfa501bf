import { z } from 'zod'
import { dataTypes } from '../../../core/data-type.ts'
import { deviceHealth, sourceHealth } from './health.ts'

const failure = z.enum(['timeout', 'violation', 'lost'])

const figures = z.object({
  requests: z.int(),
  answered: z.int(),
  failures: z.partialRecord(failure, z.int()),
  refusals: z.record(z.string(), z.int()),
  roundTrip: z.object({ p50: z.number(), p99: z.number() }).optional(),
  read: z.object({ bytes: z.number(), used: z.number() }).optional(),
  lastAnswerAt: z.number().optional(),
})

export const sourceDiagnostics = sourceHealth.omit({ devices: true }).extend({
  countedSince: z.number().optional(),
  line: figures.extend({ underWay: z.number() }).optional(),
  devices: z.array(
    deviceHealth.extend(figures.partial().shape).extend({
      blocks: z.int().optional(),
      muteBlocks: z.int().optional(),
      refusedBlocks: z.int().optional(),
    }),
  ),
})
export const diagnostics = z.object({ sources: z.array(sourceDiagnostics) })
export type DiagnosticsAnswer = z.output<typeof diagnostics>

const frame = z.object({
  number: z.int(),
  at: z.number(),
  kind: z.enum(['sent', 'answer', 'stray', 'invalid', 'note']),
  hex: z.string(),
  text: z.string(),
})

export const frameTrace = z.object({
  source: z.string(),
  frames: z.array(frame),
  missed: z.int(),
})
export type FrameTraceAnswer = z.output<typeof frameTrace>

const scalar = z.union([z.number(), z.string(), z.boolean(), z.null()])
export const reading = z.object({
  address: z.string(),
  type: z.enum(dataTypes),
  value: z.union([scalar, z.array(z.unknown())]),
  status: z.string().nullable().describe('null: the device is busy, and says nothing of the value.'),
  ms: z.number().describe('How long the device took.'),
  frames: z.array(frame).optional().describe('What went over its connection meanwhile.'),
})
export type ReadingAnswer = z.output<typeof reading>

export const identity = z.object({
  device: z.string(),
  by: z.string().describe('What it was asked with, in the words of its protocol.'),
  nameplate: z
    .object({
      manufacturer: z.string(),
      model: z.string(),
      productCode: z.string(),
      serialNumber: z.string(),
      hardwareRevision: z.string(),
      softwareRevision: z.string(),
      deviceRevision: z.string(),
    })
    .partial(),
  facts: z.array(z.object({ name: z.string(), value: z.string() })).describe('Everything that it says of itself.'),
  ms: z.number().describe('How long all its answers took together.'),
})
