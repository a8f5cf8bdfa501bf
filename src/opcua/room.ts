import { type MessagePort, workerData } from 'node:worker_threads'
import { systemClock } from '../core/clock.ts'
import type { FromRoom, ToOpcua } from '../link/contract.ts'
import { Link } from '../link/link.ts'
import { HistoryFile } from '../store/history-file.ts'
import { createLogger } from '../telemetry/logger.ts'
import { version } from '../version.ts'
import { freeDiskSpace } from './free-disk-space.ts'
import type { OpcuaRoomData } from './room-data.ts'
import { OpcuaServerRoom } from './server-room.ts'

const { port, settings, users, dataFolder, startedAt, logLevel, recentLog } = workerData as OpcuaRoomData & {
  port: MessagePort
}

/** Ends this thread with the error as its cause; main starts another. */
const die = (error: unknown): void => {
  setImmediate(() => {
    throw error
  })
}

const history = new HistoryFile(dataFolder)
const room = new OpcuaServerRoom({
  settings,
  users,
  history,
  identity: { version, startedAt },
  freeDiskSpace: () => freeDiskSpace(dataFolder),
  clock: systemClock,
  log: createLogger(logLevel, 'opcua', recentLog),
  onFatal: die,
})

let begun = false
const link = new Link<FromRoom, ToOpcua>({
  port,
  clock: systemClock,
  serves: {
    health: () => room.health(),
    sessions: () => room.sessions(),
    closeSession: ({ id }) => room.closeSession(id),
    watchers: ({ tag }) => room.watchers(tag),
    certificates: () => room.certificates(),
    changeCertificates: ({ change, by }) => room.changeCertificates(change, by),
    stop: async () => {
      await room.stop()
      history.close()
      return null
    },
  },
  onSilence: (silent) => room.showMainSilent(silent),
  hears: {
    alarm: (alarm) => room.showAlarm(alarm),
    users: (changed) => room.showUsers(changed),
    peer: ({ port: engine }) => {
      if (begun) {
        room.relink(engine)
        return
      }
      begun = true
      room.start(engine).then(() => link.tell('ready', { at: systemClock.now() }), die)
    },
  },
})
