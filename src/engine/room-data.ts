import type { CommandSettings } from '../core/command.ts'
import type { ConfiguredPlant } from '../link/contract.ts'
import type { AuditSettings } from '../store/audit-retention.ts'
import type { HistorySettings } from '../store/history-retention.ts'
import type { LogLevel } from '../telemetry/logger.ts'
import type { SinkSettings } from './serve-sink.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData extends ConfiguredPlant {
  readonly dataFolder: string
  readonly history: HistorySettings
  /** Undefined: history goes nowhere else. */
  readonly sink: SinkSettings | undefined
  readonly commands: CommandSettings
  readonly audit: AuditSettings
  /** Sources do not begin. */
  readonly safeMode: boolean
  readonly logLevel: LogLevel
  /** Where the newest lines of its log stay (`RecentLog`). */
  readonly recentLog?: SharedArrayBuffer | undefined
}
