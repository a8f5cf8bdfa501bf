import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { SeriesBook } from './series.ts'
import { Turns } from './turns.ts'

/** How often what is too old is looked for, for the first time after `FIRST`. */
const EVERY: Milliseconds = 600_000
const FIRST: Milliseconds = 60_000
/** Rows and chunks a transaction. */
const ROWS = 2_000
const CHUNKS = 50

/**
 * Deletes samples older than `keepMs`, by their source time, series by series in short transactions with turns of the
 * event loop between them: rows one by one, chunks when all of their samples are as old; then series that hold nothing and stand for no tag of the plant any more, and what was
 * remembered of devices that are gone.
 */
export class HistoryRetention {
  readonly #database: Database.Database
  readonly #keepMs: Milliseconds
  readonly #series: SeriesBook
  readonly #devices: () => readonly string[]
  readonly #clock: Clock
  readonly #log: Logger
  readonly #straddling: Database.Statement<[number, Milliseconds, Milliseconds], Milliseconds>
  readonly #deleteChunks: Database.Statement<[number, Milliseconds], number>
  readonly #deleteOldest: Database.Statement<[{ series: number; before: number }]>
  readonly #deleteSeries: Database.Statement<[{ series: number }]>
  #endTimers: (() => void)[] = []
  #sweeping: Promise<number> | undefined
  #stopped = true

  constructor(parts: {
    database: Database.Database
    series: SeriesBook
    /** Keys of the devices that the plant has now. */
    devices: () => readonly string[]
    keepMs: Milliseconds
    clock: Clock
    log: Logger
  }) {
    this.#database = parts.database
    this.#keepMs = parts.keepMs
    this.#series = parts.series
    this.#devices = parts.devices
    this.#clock = parts.clock
    this.#log = parts.log
    this.#straddling = parts.database
      .prepare<[number, Milliseconds, Milliseconds], Milliseconds>(
        'SELECT first_time FROM chunks WHERE series = ? AND last_time >= ? AND first_time < ? ORDER BY last_time LIMIT 1',
      )
      .pluck()
    this.#deleteChunks = parts.database
      .prepare<[number, Milliseconds], number>(
        `DELETE FROM chunks WHERE id IN
           (SELECT id FROM chunks WHERE series = ? AND last_time < ? ORDER BY last_time LIMIT ${CHUNKS})
         RETURNING count`,
      )
      .pluck()
    this.#deleteOldest = parts.database.prepare(
      `DELETE FROM samples WHERE series = @series AND source_time < @before AND source_time <= ifnull(
         (SELECT source_time FROM samples WHERE series = @series AND source_time < @before
            ORDER BY source_time LIMIT 1 OFFSET ${ROWS - 1}), @before)`,
    )
    this.#deleteSeries = parts.database.prepare(
      `DELETE FROM series WHERE id = @series AND NOT EXISTS (SELECT 1 FROM samples WHERE series = @series)
         AND NOT EXISTS (SELECT 1 FROM chunks WHERE series = @series)`,
    )
  }

  start(): void {
    this.#stopped = false
    const sweep = () => void this.sweep()
    this.#endTimers = [this.#clock.after(FIRST, sweep), this.#clock.every(EVERY, sweep)]
  }

  async stop(): Promise<void> {
    this.#stopped = true
    for (const end of this.#endTimers) end()
    this.#endTimers = []
    await this.#sweeping
  }

  /** Answers how many samples were deleted; a second call while one is under way waits for it. Never rejects. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#deleteOld().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  async #deleteOld(): Promise<number> {
    let deleted = 0
    try {
      const before = this.#clock.now() - this.#keepMs
      const all = this.#database.prepare<[], number>('SELECT id FROM series').pluck().all()
      const turns = new Turns(this.#clock)
      for (const series of all) {
        for (const step of [this.#oldChunks(series, before), this.#oldRows(series, before)]) {
          for (const count of step) {
            deleted += count
            await turns.next()
            if (this.#stopped) return deleted
          }
        }
        if (!this.#series.isUsed(series)) this.#deleteSeries.run({ series })
      }
      this.#database
        .prepare('DELETE FROM device_memory WHERE device NOT IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(this.#devices()))
      if (deleted > 0) this.#log.info({ deleted }, 'history is rid of what is older than its time')
    } catch (error) {
      this.#log.error(
        { error: describeError(error) },
        'old history cannot be deleted; it is tried again in ten minutes',
      )
    }
    return deleted
  }

  /** Deletes chunks that are old as a whole; yields how many samples, step by step. */
  *#oldChunks(series: number, before: Milliseconds): Generator<number> {
    for (;;) {
      const counts = this.#deleteChunks.all(series, before)
      yield counts.reduce((sum, count) => sum + count, 0)
      if (counts.length < CHUNKS) return
    }
  }

  /** Rows in the range of a chunk that stays may stand for what it says: they go together with it. */
  *#oldRows(series: number, before: Milliseconds): Generator<number> {
    const first = this.#straddling.get(series, before, before) ?? before
    for (;;) {
      const { changes } = this.#deleteOldest.run({ series, before: first })
      yield changes
      if (changes < ROWS) return
    }
  }
}
