import { type MessagePort, workerData } from 'node:worker_threads'
import { systemClock } from '../core/clock.ts'
import { changedPlant } from '../core/plant-change.ts'
import type { EditionChange, FromRoom, MainToEngine } from '../link/contract.ts'
import { Link } from '../link/link.ts'
import { Checkpointer } from '../store/checkpointer.ts'
import { openHistoryDatabase } from '../store/history-database.ts'
import { emptyOutbox } from '../store/outbox.ts'
import { openPenstockDatabase } from '../store/penstock-database.ts'
import { createThreadLog } from '../telemetry/logger.ts'
import { startThread } from '../telemetry/thread.ts'
import { Engine } from './engine.ts'
import { PostgresSink } from './postgres-sink.ts'
import type { EngineRoomData } from './room-data.ts'
import { sourceTypes } from './source-types.ts'

const {
  port,
  templates,
  dataFolder,
  history,
  sink: sinkSettings,
  commands,
  audit,
  safeMode,
  logLevel,
  logLevels,
  traces,
  recentLog,
  ...data
} = workerData as EngineRoomData & {
  port: MessagePort
}
let { plant, edition, secrets } = data
const threadLog = createThreadLog(logLevel, 'engine', systemClock, recentLog)
const { log, levels } = threadLog
levels.show(logLevels)
const own = { thread: 'engine', traces, clock: systemClock, random: Math.random }
const telemetry = await startThread(threadLog, own)
const { tracing } = telemetry
/** Ends this thread with the error as its cause; main starts another, with the plant that could not be followed. */
const die = (error: unknown): void => {
  setImmediate(() => {
    throw error
  })
}

/** The thread of the sink gets no other secrets than its own. */
const sinkSecrets = (): Record<string, string> => {
  const { passwordEnv, tls } = sinkSettings?.settings ?? {}
  const own = Object.entries(secrets).filter(([name]) => name === passwordEnv || name === tls?.keyEnv)
  return Object.fromEntries(own)
}

const database = openHistoryDatabase(dataFolder)
const checkpointer = new Checkpointer(database, log)
const discarded = sinkSettings ? 0 : emptyOutbox(database)
if (discarded > 0) {
  log.warn({ samples: discarded }, 'samples that waited for PostgreSQL are discarded, since it is configured no more')
}
const sink =
  sinkSettings &&
  new PostgresSink({
    database,
    data: { ...sinkSettings, dataFolder, secrets: sinkSecrets(), logLevel },
    clock: systemClock,
    log,
    random: Math.random,
  })
const engine = new Engine({
  plant,
  templates,
  types: sourceTypes,
  database,
  history,
  sink,
  penstock: openPenstockDatabase(dataFolder),
  commands,
  audit,
  clock: systemClock,
  log,
  tracing,
  secret: (name) => secrets[name],
  random: Math.random,
  safeMode,
  onFatal: die,
})

const take = (to: EditionChange): void => {
  if (to.edition !== edition + 1) die(new RangeError(`Edition ${to.edition} of the plant follows edition ${edition}`))
  ;({ edition, secrets } = to)
  plant = changedPlant(plant, to.change)
  sink?.useSecrets(sinkSecrets())
}

const link = new Link<FromRoom, MainToEngine>({
  port,
  clock: systemClock,
  serves: {
    health: () => ({ ...engine.health(), thread: telemetry.health() }),
    findings: () => engine.findings,
    diagnostics: ({ source }) => engine.diagnostics(source),
    frames: ({ source, after }) => engine.frames(source, after) ?? null,
    readOnce: (wanted) => engine.readOnce(wanted),
    editHistory: (asked) => engine.edits.apply(asked),
    identify: (wanted) => engine.identify(wanted),
    calibrate: (wanted) => engine.calibrate(wanted),
    calibration: ({ source }) => engine.calibration(source) ?? null,
    cancelCalibration: ({ source, by }) => engine.cancelCalibration(source, by) ?? null,
    command: (request) => engine.commands.request(request),
    cancelCommand: (of) => engine.commands.cancel(of),
    commands: (query) => engine.commands.list(query),
    commandSteps: ({ id }) => engine.commands.find(id) ?? null,
    audit: ({ limit, before }) => engine.audit(limit, before),
    changePlant: async (to) => {
      take(to)
      await engine.changePlant({ plant, templates: to.templates }).catch(die)
      return null
    },
    releaseSources: async () => {
      await engine.releaseSources()
      return null
    },
    stop: async () => {
      await checkpointer.stop()
      await engine.stop()
      await telemetry.stop()
      return null
    },
  },
  hears: { peer: ({ port: peer }) => engine.attach(peer), logLevels: (shown) => levels.show(shown) },
  tracing,
})
await engine.start()
link.tell('ready', { at: systemClock.now() })
