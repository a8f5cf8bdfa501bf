import type { CommandSettings } from '../core/command.ts'
import type { ConfiguredPlant } from '../link/contract.ts'
import type { LogLevel } from '../telemetry/logger.ts'
import type { HistorySettings } from './history-settings.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData extends ConfiguredPlant {
  readonly dataFolder: string
  readonly history: HistorySettings
  readonly commands: CommandSettings
  readonly logLevel: LogLevel
}
