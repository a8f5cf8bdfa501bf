import { workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { systemClock } from '../core/clock.ts'

const LOOK_EVERY_MS = 250
/** Pages that are worth a sync at once; fewer wait for so long, which bounds what a power cut takes. */
const PAGES = 1_000
const MOST_MS = 10_000

const { file } = workerData as { readonly file: string }
const database = new Database(file, { fileMustExist: true })
database.pragma('synchronous = NORMAL')

let syncedAt = systemClock.monotonic()
systemClock.every(LOOK_EVERY_MS, () => {
  const [{ log, checkpointed }] = database.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }]
  const waiting = log - checkpointed
  const now = systemClock.monotonic()
  if (waiting < PAGES && (waiting === 0 || now - syncedAt < MOST_MS)) return
  database.pragma('wal_checkpoint(PASSIVE)')
  syncedAt = now
})
