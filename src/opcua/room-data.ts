import type { LevelOverride, LogLevel } from '../core/log-level.ts'
import type { UserRecord } from '../core/user.ts'
import type { TraceSettings } from '../telemetry/telemetry.ts'
import type { OpcuaSettings } from './settings.ts'

/** What main gives the OPC UA server's thread. */
export interface OpcuaRoomData {
  readonly settings: OpcuaSettings
  /** Users of the database when the thread began. */
  readonly users: readonly UserRecord[]
  /** Where `history.db` is. */
  readonly dataFolder: string
  /** When the gateway began, milliseconds of the epoch. */
  readonly startedAt: number
  /** What is recorded goes to PostgreSQL too. */
  readonly sendsToPostgres: boolean
  readonly logLevel: LogLevel
  /** What is logged otherwise for a while. */
  readonly logLevels: readonly LevelOverride[]
  /** undefined: nothing is traced. */
  readonly traces: TraceSettings | undefined
  /** Where the newest lines of its log stay (`RecentLog`). */
  readonly recentLog?: SharedArrayBuffer | undefined
}
