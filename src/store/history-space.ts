import type Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type { Turns } from './turns.ts'

/** Free pages that are worth giving back, as a share of the file and at least; half of them stay to be used again. */
const FREE_SHARE = 0.1
const FREE_PAGES = 4_096
/** Pages that one step gives back: some milliseconds. */
const PAGES_A_STEP = 50
/** How much of the time that is recorded is deleted at least to come below a size. */
const LEAST_SHARE = 0.005

/** What the file of the history takes on disk. */
export class HistorySpace {
  readonly #database: Database.Database
  readonly #oldestChunk: Database.Statement<[], Milliseconds | null>
  readonly #oldestRow: Database.Statement<[number], Milliseconds | null>
  readonly #outbox: Database.Statement<[], number>

  constructor(database: Database.Database) {
    this.#database = database
    this.#oldestChunk = database.prepare<[], Milliseconds | null>('SELECT min(last_time) FROM chunks').pluck()
    this.#oldestRow = database
      .prepare<[number], Milliseconds | null>('SELECT min(source_time) FROM samples WHERE series = ?')
      .pluck()
    this.#outbox = database.prepare<[], number>('SELECT total(bytes) FROM outbox').pluck()
  }

  /**
   * Bytes of the pages that hold something; the write-ahead log is not among them, nor what waits for a sink, which has
   * a limit of its own: history must not make room for it.
   */
  get used(): number {
    const pages = this.#pragma('page_count') - this.#pragma('freelist_count')
    return Math.max(0, pages * this.#pragma('page_size') - (this.#outbox.get() ?? 0))
  }

  /**
   * The time before which samples have to be deleted to come nearer to `most` bytes: a part of what is too much, taken as
   * evenly spread from the oldest sample, or `from`, until `now`.
   */
  async timeToDelete(
    most: number,
    series: readonly number[],
    from: Milliseconds,
    now: Milliseconds,
    turns: Turns,
  ): Promise<Milliseconds> {
    let oldest = this.#oldestChunk.get() ?? now
    for (const each of series) {
      await turns.next()
      oldest = Math.min(oldest, this.#oldestRow.get(each) ?? now)
    }
    const begin = Math.max(from, oldest)
    const { used } = this
    return begin + Math.ceil((now - begin) * Math.max(LEAST_SHARE, (used - most) / used / 2)) + 1
  }

  /** Shortens the file when much of it is free; of a file that an earlier version made the space is only used again. */
  async giveBack(turns: Turns): Promise<void> {
    const worth = Math.max(FREE_PAGES, FREE_SHARE * this.#pragma('page_count'))
    if (this.#pragma('auto_vacuum') !== INCREMENTAL || this.#pragma('freelist_count') < worth) return
    while (this.#pragma('freelist_count') > worth / 2) {
      await turns.next()
      this.#database.pragma(`incremental_vacuum(${PAGES_A_STEP})`)
    }
  }

  #pragma(name: string): number {
    return this.#database.pragma(name, { simple: true }) as number
  }
}

/** As `PRAGMA auto_vacuum` says it. */
const INCREMENTAL = 2
