import type { CommandSettings } from '../core/command.ts'
import type { LevelOverride, LogLevel } from '../core/log-level.ts'
import type { PlantEdition } from '../link/contract.ts'
import type { AuditSettings } from '../store/audit-retention.ts'
import type { HistorySettings } from '../store/history-retention.ts'
import type { TraceSettings } from '../telemetry/telemetry.ts'
import type { SinkSettings } from './serve-sink.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData extends PlantEdition {
  readonly dataFolder: string
  readonly history: HistorySettings
  /** Undefined: history goes nowhere else. */
  readonly sink: SinkSettings | undefined
  readonly commands: CommandSettings
  readonly audit: AuditSettings
  /** Sources do not begin. */
  readonly safeMode: boolean
  readonly logLevel: LogLevel
  /** What is logged otherwise for a while. */
  readonly logLevels: readonly LevelOverride[]
  /** undefined: nothing is traced. */
  readonly traces: TraceSettings | undefined
  /** Where the newest lines of its log stay (`RecentLog`). */
  readonly recentLog?: SharedArrayBuffer | undefined
}
