import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { grown } from '../core/columns.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ChangeListener, Pipeline } from '../core/pipeline.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'
import { type Column, fromColumn, toColumn } from './columns.ts'
import { isDamage } from './damage.ts'
import type { SeriesBook } from './series.ts'

/** The longest a changed value stays unwritten. */
const COMMIT_EVERY: Milliseconds = 1_000
/** Rows a transaction: about two milliseconds of the engine's thread. */
const ROWS_A_COMMIT = 1_000
/** Tags that are looked up one by one; of more, the whole table is read. */
const FEW = 1_000

interface StoredValue {
  readonly series: bigint
  readonly value: Column | null
  readonly status: bigint
  readonly source_time: number
  readonly server_time: number
}

export interface LastValuesHealth {
  readonly ok: boolean
  readonly reason: string
  readonly lastCommitAt: number | null
}

/**
 * Keeps each tag's last value in `history.db`, so that a restart begins with what was known. Changes are marked and
 * written together at most `COMMIT_EVERY` later, in short transactions with turns of the event loop between them.
 * A failed commit loses nothing while the process lives: the marks stay and it is tried again.
 */
export class LastValues implements ChangeListener {
  readonly #database: Database.Database
  readonly #pipeline: Pipeline
  readonly #series: SeriesBook
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onDamage: ((error: Error) => void) | undefined
  readonly #write: Database.Transaction<(tags: readonly TagIndex[]) => void>
  readonly #forget: Database.Transaction<(tags: readonly TagIndex[]) => void>
  #marked = new Uint8Array(0)
  #queue: TagIndex[] = []
  /** Tags whose stored value is to be deleted. */
  readonly #forgotten = new Set<TagIndex>()
  #stopTimer: (() => void) | undefined
  #writing: Promise<void> | undefined
  #failure = ''
  #lastCommitAt: number | null = null

  constructor(parts: {
    database: Database.Database
    pipeline: Pipeline
    series: SeriesBook
    clock: Clock
    log: Logger
    /** The database itself is damaged, so that trying again mends nothing. */
    onDamage?: (error: Error) => void
  }) {
    const { database } = parts
    this.#database = database
    this.#pipeline = parts.pipeline
    this.#series = parts.series
    this.#clock = parts.clock
    this.#log = parts.log
    this.#onDamage = parts.onDamage
    const upsert = database.prepare(
      `INSERT INTO last_values (series, value, status, source_time, server_time) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (series) DO UPDATE SET value = excluded.value, status = excluded.status,
         source_time = excluded.source_time, server_time = excluded.server_time`,
    )
    this.#write = database.transaction((tags: readonly TagIndex[]) => {
      const { table } = this.#pipeline
      for (const tag of tags) {
        const series = this.#series.of(tag)
        const sourceTime = table.sourceTime[tag] as number
        // Gone from the plant, or begun anew, since it was marked.
        if (series === undefined || Number.isNaN(sourceTime)) continue
        const quality = BigInt(this.#pipeline.quality(tag))
        upsert.run(series, toColumn(table.value(tag)), quality, sourceTime, table.serverTime[tag])
      }
    })
    const remove = database.prepare('DELETE FROM last_values WHERE series = ?')
    this.#forget = database.transaction((tags: readonly TagIndex[]) => {
      for (const tag of tags) remove.run(this.#series.of(tag) ?? null)
    })
  }

  /**
   * Puts what earlier runs knew of these tags into the pipeline, where it knows nothing yet; answers of how many.
   * Never throws: without the values of earlier runs the gateway still serves what it hears.
   */
  restore(tags: readonly IndexedTag[]): number {
    const { sourceTime } = this.#pipeline.table
    const unknown = tags.filter(({ index }) => Number.isNaN(sourceTime[index]) && !this.#forgotten.has(index))
    const ofSeries = new Map(unknown.map((tag) => [this.#series.of(tag.index), tag]))
    let restored = 0
    try {
      for (const row of this.#stored(unknown)) {
        const known = ofSeries.get(Number(row.series))
        if (!known || row.value === null) continue
        const value = fromColumn(known.tag, row.value)
        this.#pipeline.restore(known.index, value, Number(row.status), row.source_time, row.server_time)
        restored++
      }
    } catch (error) {
      const cause = describeError(error)
      this.#log.error({ cause }, 'last values of earlier runs cannot be read; check the data folder')
    }
    return restored
  }

  /** Forgets what is stored of these tags: they read something else from now on. */
  forget(tags: readonly IndexedTag[]): void {
    for (const { index } of tags) this.#forgotten.add(index)
  }

  start(): void {
    this.#pipeline.listen(this)
    this.#stopTimer ??= this.#clock.every(COMMIT_EVERY, () => void this.commit())
  }

  /** Writes what is left and ends. */
  async stop(): Promise<void> {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    await this.#writing
    await this.commit()
  }

  changed(tag: TagIndex): void {
    if (this.#marked[tag] === 1 || Number.isNaN(this.#pipeline.table.sourceTime[tag])) return
    this.#marked = grown(this.#marked, this.#pipeline.table.size, 0)
    this.#marked[tag] = 1
    this.#queue.push(tag)
  }

  get health(): LastValuesHealth {
    return { ok: this.#failure === '', reason: this.#failure, lastCommitAt: this.#lastCommitAt }
  }

  /** Writes every marked tag; a second call while one is under way waits for it. Never rejects. */
  commit(): Promise<void> {
    this.#writing ??= this.#commitMarked().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async #commitMarked(): Promise<void> {
    const queue = this.#queue
    if (queue.length === 0 && this.#forgotten.size === 0) return
    this.#queue = []
    let from = 0
    try {
      this.#series.settle()
      this.#forget([...this.#forgotten])
      this.#forgotten.clear()
      for (; from < queue.length; from += ROWS_A_COMMIT) {
        const slice = queue.slice(from, from + ROWS_A_COMMIT)
        this.#write(slice)
        for (const tag of slice) this.#marked[tag] = 0
        if (from + ROWS_A_COMMIT < queue.length) await new Promise(setImmediate)
      }
      this.#succeed()
    } catch (error) {
      this.#fail(error)
      this.#queue = [...queue.slice(from), ...this.#queue]
    }
  }

  /** A few are looked up, many are read as the table lies. */
  *#stored(tags: readonly IndexedTag[]): IterableIterator<StoredValue> {
    const columns = 'SELECT series, value, status, source_time, server_time FROM last_values'
    if (tags.length > FEW) {
      yield* this.#database.prepare(columns).safeIntegers().iterate() as IterableIterator<StoredValue>
      return
    }
    const one = this.#database.prepare(`${columns} WHERE series = ?`).safeIntegers()
    for (const { index } of tags) {
      const row = one.get(this.#series.of(index) ?? null)
      if (row) yield row as StoredValue
    }
  }

  #fail(error: unknown): void {
    if (isDamage(error)) this.#onDamage?.(error)
    const reason = `last values cannot be written (${describeError(error)}); check free space and permissions of the data folder`
    if (this.#failure === '') this.#log.error({ error: describeError(error) }, `${reason}; trying again every second`)
    this.#failure = reason
  }

  #succeed(): void {
    if (this.#failure !== '') this.#log.info({}, 'last values are written again')
    this.#failure = ''
    this.#lastCommitAt = this.#clock.now()
  }
}
