import type { Alarm } from '../core/alarm.ts'
import type { LevelOverride } from '../core/log-level.ts'
import type { ThreadHealth } from '../core/thread-health.ts'
import type { EngineHealth, OpcuaHealth } from '../link/contract.ts'
import type { Check } from './checks.ts'

export interface RoomHealth {
  readonly state: string
  readonly restarts: number
  /** Why it was last started again; empty if never. */
  readonly lastRestart: string
}

/** The whole gateway as main knows it; a room that does not answer has no health of its own, only a state. */
export interface GatewayHealth {
  /** Both rooms run, and not in safe mode: values are collected and served. */
  readonly ready: boolean
  /** What has to be in order, each by its name. */
  readonly checks: readonly Check[]
  /** What is wrong with the gateway itself, the gravest first; then what was. */
  readonly alarms: readonly Alarm[]
  /** Why sources do not run, and how to let them; null: they may. */
  readonly safeMode: { readonly since: number; readonly reason: string } | null
  readonly version: string
  readonly startedAt: number
  /** null: none are scheduled. */
  readonly backup: { readonly lastAt: number | null; readonly reason: string } | null
  /** The disk of the data folder, null where the system does not say; `reason` is empty while there is space. */
  readonly disk: { readonly freeBytes: number | null; readonly sizeBytes: number | null; readonly reason: string }
  readonly rooms: Readonly<Record<'engine' | 'opcua', RoomHealth>>
  readonly engine: EngineHealth | null
  readonly opcua: OpcuaHealth | null
  /** The main thread. */
  readonly thread?: ThreadHealth
  /** What is logged otherwise than the configuration says, for a while. */
  readonly logLevels?: readonly LevelOverride[]
}
