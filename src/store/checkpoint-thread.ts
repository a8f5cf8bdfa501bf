import { workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { systemClock } from '../core/clock.ts'

const EVERY_MS = 250
/** Pages that are worth a sync. */
const PAGES = 1_000

const { file } = workerData as { readonly file: string }
const database = new Database(file, { fileMustExist: true })
database.pragma('synchronous = NORMAL')

systemClock.every(EVERY_MS, () => {
  const [{ log, checkpointed }] = database.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }]
  if (log - checkpointed >= PAGES) database.pragma('wal_checkpoint(PASSIVE)')
})
