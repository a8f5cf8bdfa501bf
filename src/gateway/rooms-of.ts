import { join } from 'node:path'
import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import type { EngineRoomData } from '../engine/room-data.ts'
import { removeStalePkiLocks } from '../opcua/pki-locks.ts'
import type { OpcuaRoomData } from '../opcua/room-data.ts'
import type { OpcuaSettings } from '../opcua/settings.ts'
import { type RoomName, Rooms, roomEntry } from '../rooms/gateway.ts'
import type { RecentLog } from '../telemetry/recent-log.ts'
import { traceSettingsOf } from './telemetry-of.ts'

/** Of the rooms: ten times what a plant of 10,000 tags needs, and small enough to be noticed. */
const ENGINE_HEAP_MB = 512
const OPCUA_HEAP_MB = 1_024

export interface RoomsOptions {
  readonly config: Config
  /** Secrets by the name of their environment variable. */
  readonly secrets: Readonly<Record<string, string>>
  readonly settings: OpcuaSettings
  readonly startedAt: number
  readonly log: Logger
  readonly tracing: Tracing
  readonly recentLog: RecentLog
  /** Makes sure that the engine can open its store. */
  readonly prepareStore: () => void
  /** The engine ended several times in a row. */
  readonly onEngineUnstable: (cause: string) => void
  /** Other modules for the rooms' threads. */
  readonly entries?: Partial<Record<RoomName, URL>> | undefined
}

/** The folder of keys and certificates. */
export const pkiFolderOf = ({ gateway }: Config): string => join(gateway.data, 'pki')

/** The rooms of the gateway, each with what it is given; they do not run yet. */
export function roomsOf(options: RoomsOptions): Rooms {
  const { config, secrets, settings, startedAt, log, tracing, recentLog, prepareStore, onEngineUnstable, entries } =
    options
  const logLevel = config.log.level
  const dataFolder = config.gateway.data
  const { postgres } = config.sinks
  const telling = { logLevel, logLevels: [], traces: traceSettingsOf(config) }
  const configured = { plant: { sources: config.sources }, templates: config.templates, secrets, edition: 0 }
  const engine: EngineRoomData = {
    ...configured,
    dataFolder,
    history: config.history,
    sink: postgres && { settings: postgres, gateway: config.gateway.name },
    commands: config.commands,
    audit: config.audit,
    safeMode: false,
    ...telling,
    recentLog: recentLog.bufferOf('engine'),
  }
  const own = { ...telling, recentLog: recentLog.bufferOf('opcua') }
  const sendsToPostgres = postgres !== undefined
  const opcua: OpcuaRoomData = { settings, users: [], dataFolder, startedAt, sendsToPostgres, ...own }
  return new Rooms({
    clock: systemClock,
    log,
    random: Math.random,
    tracing,
    configured,
    plans: {
      engine: {
        entry: entries?.engine ?? roomEntry('engine/room'),
        data: { ...engine },
        maxHeapMb: ENGINE_HEAP_MB,
        prepare: async () => prepareStore(),
        onUnstable: onEngineUnstable,
      },
      opcua: {
        entry: entries?.opcua ?? roomEntry('opcua/room'),
        data: { ...opcua },
        maxHeapMb: OPCUA_HEAP_MB,
        prepare: () => removeStalePkiLocks(pkiFolderOf(config)),
      },
    },
  })
}
