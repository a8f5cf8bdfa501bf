import { type MessagePort, workerData } from 'node:worker_threads'
import { systemClock } from '../core/clock.ts'
import type { Plant } from '../core/plant.ts'
import type { FromRoom, MainToEngine } from '../link/contract.ts'
import { Link } from '../link/link.ts'
import { openHistoryDatabase } from '../store/history-database.ts'
import { createLogger, type LogLevel } from '../telemetry/logger.ts'
import { Engine } from './engine.ts'
import { sourceTypes } from './source-types.ts'

/** What main gives the engine's thread. */
export interface EngineRoomData {
  readonly plant: Plant
  readonly dataFolder: string
  readonly logLevel: LogLevel
  /** Secrets by the name of their environment variable. */
  readonly secrets: Readonly<Record<string, string>>
}

const { port, plant, dataFolder, logLevel, secrets } = workerData as EngineRoomData & { port: MessagePort }
const log = createLogger(logLevel, 'engine')
const engine = new Engine({
  plant,
  types: sourceTypes,
  database: openHistoryDatabase(dataFolder),
  clock: systemClock,
  log,
  secret: (name) => secrets[name],
  random: Math.random,
})

const link = new Link<FromRoom, MainToEngine>({
  port,
  clock: systemClock,
  serves: {
    health: () => engine.health(),
    stop: async () => {
      await engine.stop()
      return null
    },
  },
  hears: { peer: ({ port: peer }) => engine.attach(peer) },
})
engine.start()
link.tell('ready', { at: systemClock.now() })
