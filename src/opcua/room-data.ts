import type { LogLevel } from '../telemetry/logger.ts'
import type { OpcuaSettings } from './settings.ts'

/** What main gives the OPC UA server's thread. */
export interface OpcuaRoomData {
  readonly settings: OpcuaSettings
  /** Where `history.db` is. */
  readonly dataFolder: string
  /** When the gateway began, milliseconds of the epoch. */
  readonly startedAt: number
  readonly logLevel: LogLevel
}
