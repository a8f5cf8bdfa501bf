import type { Milliseconds } from './clock.ts'

/**
 * What can go wrong with the gateway itself, each with its severity (OPC 10000-5 §6.4.2: 1 to 1000, urgent from 667 on).
 * The list is closed: metrics have one series for each.
 */
export const alarmSeverities = {
  /** Sources are off after crashes, or by hand. */
  'safe-mode': 900,
  /** A thread does not turn its event loop. */
  'main-blocked': 800,
  'engine-blocked': 800,
  'opcua-blocked': 800,
  /** A room ended several times in a row. */
  'engine-unstable': 800,
  'opcua-unstable': 800,
  /** Of the machine or container, and of each room's heap. */
  memory: 700,
  'engine-memory': 700,
  'opcua-memory': 700,
  disk: 700,
  store: 800,
  history: 600,
  postgres: 500,
  'command-queue': 600,
  certificates: 500,
  'clock-jump': 500,
  backup: 500,
} as const satisfies Readonly<Record<string, number>>

export type AlarmName = keyof typeof alarmSeverities
export const alarmNames = Object.keys(alarmSeverities) as readonly AlarmName[]

/** Something that is, or was, wrong with the gateway. */
export interface Alarm {
  readonly name: AlarmName
  readonly severity: number
  /** What was seen and what to do, as it was last. */
  readonly text: string
  readonly since: Milliseconds
  /** null while it lasts. */
  readonly until: Milliseconds | null
}
