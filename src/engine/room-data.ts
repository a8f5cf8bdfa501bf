import type { ConfiguredPlant } from '../link/contract.ts'
import type { LogLevel } from '../telemetry/logger.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData extends ConfiguredPlant {
  readonly dataFolder: string
  readonly logLevel: LogLevel
}
