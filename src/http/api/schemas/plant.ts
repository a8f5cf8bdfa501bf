import { z } from 'zod'
import { accesses } from '../../../core/command.ts'
import { dataTypes } from '../../../core/data-type.ts'
import { historyPolicies } from '../../../core/history-policy.ts'

const sourceKinds = ['chirpstack', 'modbus', 's7', 'calculated'] as const

export const device = z.object({
  key: z.string(),
  name: z.string(),
  description: z.string().optional(),
  source: z.string().describe('Key of its source.'),
  disabled: z.boolean(),
  manufacturer: z.string().optional(),
  model: z.string().optional(),
  serialNumber: z.string().optional(),
  address: z.string().describe('What its source knows it by: a DevEUI, a unit id.'),
  tags: z.int(),
  commands: z.int(),
})
export type DeviceAnswer = z.output<typeof device>

export const source = z.object({
  key: z.string(),
  name: z.string(),
  kind: z.enum(sourceKinds),
  disabled: z.boolean(),
  endpoint: z.string().describe('Where it connects to; empty for calculated values.'),
  devices: z.array(device),
})

export const plant = z.object({
  revision: z.string().describe('Another one whenever the plant has changed.'),
  tags: z.int(),
  sources: z.array(source),
})
export type PlantAnswer = z.output<typeof plant>

const range = z.object({ low: z.number(), high: z.number() })
const state = z.object({ value: z.number(), name: z.string() })

export const tag = z.object({
  id: z.string().describe('`device/tag`, also the identifier of its NodeId.'),
  key: z.string(),
  name: z.string(),
  description: z.string().optional(),
  device: z.string(),
  source: z.string(),
  type: z.enum(dataTypes),
  arrayLength: z.int().optional(),
  address: z.string(),
  unit: z.string().optional(),
  range: range.optional(),
  states: z.array(state).optional(),
  access: z.enum(accesses),
  history: z.enum(historyPolicies),
  disabled: z.boolean(),
})
export type TagAnswer = z.output<typeof tag>

export const tagPage = z.object({
  revision: z.string(),
  total: z.int().describe('How many match.'),
  tags: z.array(tag),
  next: z.string().optional().describe('What `after` has to be for what follows; absent at the end.'),
})

/** One step of the way of a value, from the device to the clients. */
const wayStep = z.object({
  step: z.enum(['device', 'decoding', 'transform', 'quality', 'node', 'history']),
  settings: z.array(z.object({ name: z.string(), value: z.string() })),
})

export const tagDetail = tag.extend({ nodeId: z.string(), way: z.array(wayStep) })
/** The end of the way: who is told of the value. */
export const tagWatchers = z.object({
  watchers: z.array(
    z.object({
      client: z.string(),
      user: z.string().nullable().optional().describe('null: anonymous; absent: nothing for you.'),
      samplingMs: z.number().describe('How often it looks at the most, in milliseconds.'),
      publishingMs: z.number(),
      publishing: z.boolean().describe('false: it has stopped listening for now.'),
    }),
  ),
})
export type TagWatchersAnswer = z.output<typeof tagWatchers>

export type TagDetailAnswer = z.output<typeof tagDetail>
