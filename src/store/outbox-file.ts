import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type { OutboxKind } from './outbox.ts'

/** How long a read may wait for somebody who mends the file after a crash. */
const BUSY_TIMEOUT: Milliseconds = 5_000
/** Entries that are looked at together. */
const ENTRIES = 64

export interface OutboxEntry {
  readonly id: number
  readonly key: string
  readonly kind: OutboxKind
  readonly count: number
  /** When it was written. */
  readonly at: Milliseconds
  readonly data: Buffer
}

/** A series as the entries name it. */
export interface NamedSeries {
  readonly tag: string
  /** As `shapeName` has it. */
  readonly type: string
}

/** The outbox in `data/history.db`, read beside the one who writes it; no call leaves a snapshot behind. */
export class OutboxFile {
  readonly #database: Database.Database
  readonly #last: Database.Statement<[], number | null>
  readonly #waiting: Database.Statement<[], number>
  readonly #next: Database.Statement<[number, number], OutboxEntry>
  readonly #one: Database.Statement<[number], OutboxEntry>
  readonly #series: Database.Statement<[number], NamedSeries>

  constructor(dataFolder: string) {
    const database = new Database(join(dataFolder, 'history.db'), { readonly: true, timeout: BUSY_TIMEOUT })
    this.#database = database
    this.#last = database.prepare<[], number | null>('SELECT max(id) FROM outbox').pluck()
    this.#waiting = database.prepare<[], number>('SELECT total(count) FROM outbox').pluck()
    const columns = 'SELECT id, key, kind, count, at, data FROM outbox'
    this.#next = database.prepare(`${columns} WHERE id > ? AND id <= ? ORDER BY id LIMIT ${ENTRIES}`)
    this.#one = database.prepare(`${columns} WHERE id = ?`)
    this.#series = database.prepare('SELECT tag, type FROM series WHERE id = ?')
  }

  /** The number of the newest entry, 0 where there is none. */
  get last(): number {
    return this.#last.get() ?? 0
  }

  /** Samples that wait. */
  get waiting(): number {
    return this.#waiting.get() ?? 0
  }

  /** The ids of the entries that have one of these keys, by key. */
  idsOf(keys: ReadonlySet<string>): ReadonlyMap<string, number> {
    const id = this.#database.prepare<[string], number>('SELECT id FROM outbox WHERE key = ?').pluck()
    const found = [...keys].map((key) => [key, id.get(key)] as const)
    return new Map(found.filter((pair): pair is readonly [string, number] => pair[1] !== undefined))
  }

  /** Entries behind `after` up to `last`, in order: as many as hold `most` samples together, and at least one. */
  next(after: number, last: number, most: number): OutboxEntry[] {
    const found: OutboxEntry[] = []
    let samples = 0
    for (const entry of this.#next.all(after, last)) {
      samples += entry.count
      if (found.length > 0 && samples > most) break
      found.push(entry)
    }
    return found
  }

  entry(id: number): OutboxEntry | undefined {
    return this.#one.get(id)
  }

  /**
   * What series these are. A number may stand for another series later, so the answer holds only for entries that are
   * still there: while there is one, no series is forgotten.
   */
  seriesOf(ids: Iterable<number>): ReadonlyMap<number, NamedSeries> {
    const found = new Map<number, NamedSeries>()
    for (const id of ids) {
      const series = this.#series.get(id)
      if (series) found.set(id, series)
    }
    return found
  }

  close(): void {
    this.#database.close()
  }
}
