import { z } from 'zod'
import { type AlarmName, alarmNames } from '../../../core/alarm.ts'
import { deviceStates, sourceCounters, sourceStates } from '../../../core/health.ts'
import { logLevels } from '../../../core/log-level.ts'

const time = z.number().describe('Milliseconds of the epoch.')

const breaker = z.object({
  state: z.enum(['closed', 'doubted', 'open', 'half-open']),
  failures: z.int(),
  nextProbeAt: time.nullable(),
})

export const deviceHealth = z.object({
  key: z.string(),
  state: z.enum(deviceStates),
  reason: z.string().describe('What was seen and what to do; empty when all is well.'),
  lostUplinks: z.int().optional(),
  breaker: breaker.optional(),
})

export const sourceHealth = z.object({
  key: z.string(),
  state: z.enum(sourceStates),
  reason: z.string(),
  since: time,
  counters: z.record(z.enum(sourceCounters), z.number()),
  polling: z
    .object({
      load: z.number().describe('Share of the time of the connection that its devices take; at 1 it is full.'),
      latenessP50Ms: z.number().nullable(),
      latenessP99Ms: z.number().nullable(),
      roundTripP50Ms: z.number().nullable(),
      roundTripP99Ms: z.number().nullable(),
    })
    .optional(),
  devices: z.array(deviceHealth),
})
export type SourceHealthAnswer = z.output<typeof sourceHealth>

const thread = z.object({
  heapUsedBytes: z.number(),
  heapLimitBytes: z.number(),
  loopDelay: z
    .object({ p50Ms: z.number(), p99Ms: z.number(), maxMs: z.number() })
    .describe('How late its event loop was in the last one to two minutes.'),
})

const room = z.object({ state: z.string(), restarts: z.int(), lastRestart: z.string() })

export const gatewayHealth = z.object({
  name: z.string(),
  version: z.string(),
  ready: z.boolean().describe('Values are collected and served.'),
  alarms: z
    .array(
      z.object({
        name: z.enum(alarmNames as readonly [AlarmName, ...AlarmName[]]),
        severity: z.int().describe('1 to 1000 as in OPC UA; urgent from 667 on.'),
        text: z.string(),
        since: time,
        until: time.nullable().describe('null while it lasts.'),
      }),
    )
    .describe('What is wrong with the gateway itself, the gravest first; then what was.'),
  safeMode: z
    .object({ since: time, reason: z.string() })
    .nullable()
    .describe('Why sources do not run, and how to let them; null: they may.'),
  startedAt: time,
  now: time.describe("The gateway's clock."),
  rooms: z.object({ engine: room, opcua: room }),
  threads: z
    .object({ main: thread.nullable(), engine: thread.nullable(), opcua: thread.nullable() })
    .describe('null of a thread that does not answer.'),
  logLevels: z
    .array(z.object({ target: z.string(), level: z.enum(logLevels), until: time }))
    .describe('What is logged otherwise than the configuration says, for a while.'),
  tags: z
    .object({ good: z.int(), uncertain: z.int(), bad: z.int() })
    .nullable()
    .describe('How many tags are of which quality; null while the engine does not answer.'),
  sources: z.array(sourceHealth).nullable(),
  store: z
    .object({
      ok: z.boolean(),
      reason: z.string(),
      lastCommitAt: time.nullable(),
      history: z.object({
        ok: z.boolean(),
        reason: z.string(),
        written: z.number(),
        waiting: z.number(),
        lost: z.number(),
        lastCommitAt: time.nullable(),
        slowestCommitMs: z.number(),
      }),
    })
    .nullable(),
  opcua: z
    .object({
      startedAt: time,
      endpoints: z.array(z.string()),
      sessions: z.int(),
      subscriptions: z.int(),
      monitoredItems: z.int(),
      reverseConnections: z.array(
        z.object({
          url: z.string(),
          state: z.enum(['calling', 'waiting', 'connected', 'pausing']),
          since: time,
          failures: z.int(),
          reason: z.string(),
        }),
      ),
      engineHeard: z.boolean(),
    })
    .nullable(),
})
export type GatewayHealthAnswer = z.output<typeof gatewayHealth>
