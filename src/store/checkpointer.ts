import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type Database from 'better-sqlite3'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

/** Pages of the write-ahead log at which a commit moves them itself: about 100 MB, should the thread not keep up. */
const LAST_RESORT = 25_000
/** SQLite's own. */
const WITHOUT_THREAD = 1_000

/**
 * Moves what was committed from the write-ahead log into the database file, in a thread of its own. It is the one step
 * that waits for the disk (`synchronous=NORMAL` syncs at checkpoints only), so commits do not. Should the thread fail,
 * commits do it again.
 */
export class Checkpointer {
  readonly #worker: Worker

  constructor(database: Database.Database, log: Logger) {
    database.pragma(`wal_autocheckpoint = ${LAST_RESORT}`)
    const entry = new URL(`./checkpoint-thread${extname(import.meta.url)}`, import.meta.url)
    this.#worker = new Worker(entry, { workerData: { file: database.name } })
    this.#worker.on('error', (error) => {
      log.error({ error: describeError(error) }, 'history is synced by its own commits, since the thread for it failed')
      if (database.open) database.pragma(`wal_autocheckpoint = ${WITHOUT_THREAD}`)
    })
  }

  /** Ends the thread; before the database is closed, which then leaves no write-ahead log behind. */
  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
