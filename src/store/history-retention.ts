import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import { EARLIEST } from '../core/history-source.ts'
import type { Logger } from '../core/logger.ts'
import { BelievedTime } from './believed-time.ts'
import { HistorySpace } from './history-space.ts'
import type { SeriesBook } from './series.ts'
import { Turns } from './turns.ts'

/** How often what is too old is looked for, for the first time after `FIRST`. */
const EVERY: Milliseconds = 600_000
const FIRST: Milliseconds = 60_000
/** Rows and chunks a transaction. */
const ROWS = 2_000
const CHUNKS = 50
/** What is newer is not deleted, whatever it takes. */
const NEWEST: Milliseconds = 3_600_000

export interface HistorySettings {
  /** Age at which samples are deleted. */
  readonly keepMs: Milliseconds
  /** Bytes that the history may take; absent: as many as it needs. */
  readonly maxSize?: number | undefined
  /** Cron expression of when that is looked after; absent: every ten minutes. */
  readonly schedule?: string | undefined
}

/** Calls this from now on whenever it is time; answers how to end that. */
export type SweepSchedule = (sweep: () => void) => () => void

/**
 * Deletes samples older than `keepMs`, by their source time, series by series in short transactions with turns of the
 * event loop between them: rows one by one, chunks when all of their samples are as old; and the oldest of all,
 * while the file holds more than `maxSize`. Then series that hold nothing and stand for no tag of the plant any more, and what was
 * remembered of devices that are gone.
 */
export class HistoryRetention {
  readonly #database: Database.Database
  readonly #keepMs: Milliseconds
  readonly #maxSize: number | undefined
  readonly #schedule: SweepSchedule | undefined
  readonly #space: HistorySpace
  readonly #series: SeriesBook
  readonly #devices: () => readonly string[]
  readonly #clock: Clock
  readonly #log: Logger
  readonly #straddling: Database.Statement<[number, Milliseconds, Milliseconds], Milliseconds>
  readonly #deleteChunks: Database.Statement<[number, Milliseconds], number>
  readonly #deleteOldest: Database.Statement<[{ series: number; before: number }]>
  readonly #deleteSeries: Database.Statement<[{ series: number }]>
  #time: BelievedTime | undefined
  #endTimers: (() => void)[] = []
  #sweeping: Promise<number> | undefined
  #stopped = true

  constructor(parts: {
    database: Database.Database
    series: SeriesBook
    /** Keys of the devices that the plant has now. */
    devices: () => readonly string[]
    keepMs: Milliseconds
    /** Bytes that the file may hold; absent: as many as it takes. */
    maxSize?: number | undefined
    /** When to sweep; absent: every ten minutes. */
    schedule?: SweepSchedule | undefined
    clock: Clock
    log: Logger
  }) {
    this.#database = parts.database
    this.#keepMs = parts.keepMs
    this.#maxSize = parts.maxSize
    this.#schedule = parts.schedule
    this.#space = new HistorySpace(parts.database)
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
         AND NOT EXISTS (SELECT 1 FROM chunks WHERE series = @series)
         -- Its entries name series by number.
         AND NOT EXISTS (SELECT 1 FROM outbox)`,
    )
  }

  start(): void {
    this.#stopped = false
    const sweep = () => void this.sweep()
    this.#endTimers = this.#schedule
      ? [this.#schedule(sweep)]
      : [this.#clock.after(FIRST, sweep), this.#clock.every(EVERY, sweep)]
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
      const turns = new Turns(this.#clock)
      const all = this.#database.prepare<[], number>('SELECT id FROM series').pluck().all()
      deleted += await this.#deleteBefore(this.#believedNow() - this.#keepMs, all, turns)
      deleted += await this.#deleteToSize(all, turns)
      if (this.#stopped) return deleted
      for (const series of all) if (!this.#series.isUsed(series)) this.#deleteSeries.run({ series })
      this.#database
        .prepare('DELETE FROM device_memory WHERE device NOT IN (SELECT value FROM json_each(?))')
        .run(JSON.stringify(this.#devices()))
      await this.#space.giveBack(turns)
      if (deleted > 0)
        this.#log.info({ deleted }, 'history is rid of what is older than its time, or more than its size')
    } catch (error) {
      this.#log.error({ error: describeError(error) }, 'old history cannot be deleted; it is tried again next time')
    }
    return deleted
  }

  /** After a time without the gateway that is no longer than samples are kept, the clock is believed. */
  #believedNow(): Milliseconds {
    const isFirst = this.#time === undefined
    this.#time ??= new BelievedTime(this.#clock, this.#lastWritten())
    const wasDoubted = this.#time.isDoubted
    const now = this.#time.now(isFirst ? this.#keepMs : 0)
    if (this.#time.isDoubted && !wasDoubted) {
      const told = { clock: new Date(this.#clock.now()).toISOString(), expected: new Date(now).toISOString() }
      const mend = 'set the clock right; if it is, they are deleted in a day'
      this.#log.warn(told, `The clock was set forward: nothing is deleted that is only old by it; ${mend}`)
    }
    return now
  }

  /** When the gateway last heard something; undefined: never yet. */
  #lastWritten(): Milliseconds | undefined {
    const last = this.#database.prepare<[], Milliseconds | null>('SELECT max(server_time) FROM last_values').pluck()
    return last.get() ?? undefined
  }

  async #deleteBefore(before: Milliseconds, all: readonly number[], turns: Turns): Promise<number> {
    let deleted = 0
    for (const series of all) {
      for (const step of [this.#oldChunks(series, before), this.#oldRows(series, before)]) {
        for (const count of step) {
          deleted += count
          await turns.next()
          if (this.#stopped) return deleted
        }
      }
    }
    return deleted
  }

  /** Deletes the oldest samples of all series, until the file holds no more than it may, or only the newest are left. */
  async #deleteToSize(all: readonly number[], turns: Turns): Promise<number> {
    const most = this.#maxSize
    if (most === undefined) return 0
    let deleted = 0
    let before = EARLIEST
    const newest = this.#clock.now() - NEWEST
    while (this.#space.used > most && before < newest && !this.#stopped) {
      before = Math.min(newest, await this.#space.timeToDelete(most, all, before, newest, turns))
      deleted += await this.#deleteBefore(before, all, turns)
    }
    const { used } = this.#space
    if (used > most && !this.#stopped) {
      this.#log.warn(
        { used, maxSize: most },
        'history takes more than history.maxSize with its last hour alone; raise it',
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
