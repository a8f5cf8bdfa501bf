import type { Plant } from '../core/plant.ts'
import type { LogLevel } from '../telemetry/logger.ts'
import type { HistorySettings } from './engine.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData {
  readonly plant: Plant
  readonly dataFolder: string
  readonly history: HistorySettings
  readonly logLevel: LogLevel
  /** Secrets by the name of their environment variable. */
  readonly secrets: Readonly<Record<string, string>>
}
