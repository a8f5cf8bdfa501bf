import { join } from 'node:path'
import type { Config } from './config/schema.ts'
import { systemClock } from './core/clock.ts'
import type { WantedReading } from './core/diagnostics.ts'
import type { Logger } from './core/logger.ts'
import type { EngineRoomData } from './engine/room-data.ts'
import { HttpServer } from './http/app.ts'
import type { GatewayHealth } from './http/gateway-health.ts'
import type { ConfiguredPlant } from './link/contract.ts'
import { removeStalePkiLocks } from './opcua/pki-locks.ts'
import type { OpcuaRoomData } from './opcua/room-data.ts'
import { opcuaSettingsOf } from './opcua/settings-from-config.ts'
import { type RoomName, Rooms, roomEntry } from './rooms/gateway.ts'
import { lockDataFolder } from './store/data-folder-lock.ts'
import { prepareHistoryDatabase } from './store/history-database.ts'
import { version } from './version.ts'

export interface GatewayOptions {
  readonly config: Config
  /** Secrets by the name of their environment variable, all that the configuration names. */
  readonly secrets: Readonly<Record<string, string>>
  readonly log: Logger
  /** Other modules for the rooms' threads, for tests that need a room to misbehave. */
  readonly entries?: Partial<Record<RoomName, URL>>
}

export interface Gateway {
  /** Resolves once both rooms have begun their work for the first time. */
  readonly running: Promise<void>
  readonly httpPort: number
  health(): Promise<GatewayHealth>
  /**
   * Makes this the plant that runs, live: what is the same in both goes on undisturbed. Rejects with ROOM_UNAVAILABLE
   * or TIMEOUT where that takes a while longer, because the engine is being started.
   */
  changePlant(to: ConfiguredPlant): Promise<void>
  /** Ends everything; safe to repeat. Answers whether it ended in order, so that nothing that was taken is lost. */
  stop(): Promise<boolean>
}

/** Heap limits of the rooms: ten times what a plant of 10,000 tags needs, and small enough to be noticed. */
const ENGINE_HEAP_MB = 512
const OPCUA_HEAP_MB = 1_024

/** The whole gateway: own the data folder, start the rooms, serve HTTP, and end all of it in reverse. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { config, secrets, log } = options
  const startedAt = systemClock.now()
  const dataFolder = config.gateway.data
  const lock = lockDataFolder(dataFolder)
  const pkiFolder = join(dataFolder, 'pki')

  const engine: EngineRoomData = {
    plant: { sources: config.sources },
    templates: config.templates,
    dataFolder,
    history: config.history,
    logLevel: config.log.level,
    secrets,
  }
  const opcua: OpcuaRoomData = {
    settings: opcuaSettingsOf(config, secrets, pkiFolder),
    dataFolder,
    startedAt,
    logLevel: config.log.level,
  }
  const prepareStore = () => prepareHistoryDatabase(dataFolder, systemClock.now(), log)
  const rooms = new Rooms({
    clock: systemClock,
    log,
    random: Math.random,
    plans: {
      engine: {
        entry: options.entries?.engine ?? roomEntry('engine/room'),
        data: { ...engine },
        maxHeapMb: ENGINE_HEAP_MB,
        prepare: async () => prepareStore(),
      },
      opcua: {
        entry: options.entries?.opcua ?? roomEntry('opcua/room'),
        data: { ...opcua },
        maxHeapMb: OPCUA_HEAP_MB,
        prepare: () => removeStalePkiLocks(pkiFolder),
      },
    },
  })

  const health = async (): Promise<GatewayHealth> => {
    const states = rooms.states()
    const [ofEngine, ofOpcua] = await Promise.all([rooms.engineHealth(), rooms.opcuaHealth()])
    return {
      ready: states.engine.state === 'running' && states.opcua.state === 'running',
      version,
      startedAt,
      rooms: states,
      engine: ofEngine,
      opcua: ofOpcua,
    }
  }

  const findings = () => rooms.findings()
  const diagnosis = {
    diagnostics: (source?: string) => rooms.diagnostics(source),
    frames: (source: string, after: number) => rooms.frames(source, after),
    readOnce: (wanted: WantedReading) => rooms.readOnce(wanted),
  }
  const sessions = {
    sessions: () => rooms.sessions(),
    close: (id: string) => rooms.closeSession(id),
  }
  const http = new HttpServer({ settings: config.http, log, health, findings, diagnosis, sessions })
  let httpPort: number
  try {
    // What no restart of a room would mend is said here, once.
    prepareStore()
    httpPort = await http.start()
  } catch (error) {
    lock.release()
    throw error
  }
  rooms.start()

  let stopped: Promise<boolean> | undefined
  const stop = async () => {
    await http.stop()
    const inOrder = await rooms.stop()
    lock.release()
    if (inOrder) log.info({}, 'gateway stopped in order')
    else log.error({}, 'gateway stopped, but not in order: the last second of values may be missing on disk')
    return inOrder
  }
  return {
    running: rooms.running,
    httpPort,
    health,
    changePlant: (to) => rooms.changePlant(to),
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
