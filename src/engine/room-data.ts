import type { CommandSettings } from '../core/command.ts'
import type { ConfiguredPlant } from '../link/contract.ts'
import type { LogLevel } from '../telemetry/logger.ts'
import type { HistorySettings } from './engine.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData extends ConfiguredPlant {
  readonly dataFolder: string
  readonly history: HistorySettings
  readonly commands: CommandSettings
  /** Sources do not begin. */
  readonly safeMode: boolean
  readonly logLevel: LogLevel
  /** Where the newest lines of its log stay (`RecentLog`). */
  readonly recentLog?: SharedArrayBuffer | undefined
}
