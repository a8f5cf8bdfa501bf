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
  readonly logLevel: LogLevel
}
