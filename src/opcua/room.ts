import { type MessagePort, workerData } from 'node:worker_threads'
import { systemClock } from '../core/clock.ts'
import type { FromRoom, ToOpcua } from '../link/contract.ts'
import { Link } from '../link/link.ts'
import { HistoryFile } from '../store/history-file.ts'
import { createThreadLog } from '../telemetry/logger.ts'
import { startThread } from '../telemetry/thread.ts'
import { version } from '../version.ts'
import { freeDiskSpace } from './free-disk-space.ts'
import { routePrinting } from './node-opcua-log.ts'
import type { OpcuaRoomData } from './room-data.ts'
import { OpcuaServerRoom } from './server-room.ts'

const { port, settings, users, dataFolder, startedAt, sendsToPostgres, logLevel, logLevels, traces, recentLog } =
  workerData as OpcuaRoomData & { port: MessagePort }

/** Ends this thread with the error as its cause; main starts another. */
const die = (error: unknown): void => {
  setImmediate(() => {
    throw error
  })
}

const threadLog = createThreadLog(logLevel, 'opcua', systemClock, recentLog)
const { log, levels } = threadLog
levels.show(logLevels)
const own = { thread: 'opcua', traces, clock: systemClock, random: Math.random }
const telemetry = await startThread(threadLog, own)
routePrinting(console, log.child({ library: 'node-opcua' }), systemClock)
const { tracing } = telemetry

const history = new HistoryFile(dataFolder)
const room = new OpcuaServerRoom({
  settings,
  users,
  history,
  identity: { version, startedAt, sendsToPostgres },
  freeDiskSpace: () => freeDiskSpace(dataFolder),
  clock: systemClock,
  log,
  ...(traces ? { tracing } : {}),
  onFatal: die,
})

let begun = false
let stopping = false
const link = new Link<FromRoom, ToOpcua>({
  port,
  clock: systemClock,
  serves: {
    health: () => ({ ...room.health(), thread: telemetry.health() }),
    sessions: () => room.sessions(),
    closeSession: ({ id, by }) => room.closeSession(id, by),
    watchers: ({ tag }) => room.watchers(tag),
    certificates: () => room.certificates(),
    revocationLists: () => room.revocationLists(),
    certificateText: (which) => room.certificateText(which),
    changeCertificates: ({ change, by }) => room.changeCertificates(change, by),
    stop: async () => {
      stopping = true
      await room.stop()
      history.close()
      await telemetry.stop()
      return null
    },
  },
  onSilence: (silent) => room.showMainSilent(silent),
  hears: {
    logLevels: (shown) => levels.show(shown),
    alarm: (alarm) => room.showAlarm(alarm),
    users: (changed) => room.showUsers(changed),
    peer: ({ port: engine }) => {
      if (begun) {
        room.relink(engine)
        return
      }
      begun = true
      room.start(engine).then(
        () => link.tell('ready', { at: systemClock.now() }),
        (error: unknown) => {
          // What is stopped while it starts cannot become ready, which is no failure.
          if (!stopping) die(error)
        },
      )
    },
  },
  tracing,
})
