import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { grown } from '../core/columns.ts'
import type { DataType, TagValue } from '../core/data-type.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ChangeListener, Pipeline } from '../core/pipeline.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'

/** The longest a changed value stays unwritten. */
const COMMIT_EVERY: Milliseconds = 1_000
/** Rows a transaction: about two milliseconds of the engine's thread. */
const ROWS_A_COMMIT = 1_000
const FEW = 1_000

interface StoredValue {
  readonly series: bigint
  readonly value: bigint | number | string | null
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
  readonly #clock: Clock
  readonly #log: Logger
  /** By tag number. */
  readonly #series: number[] = []
  readonly #write: Database.Transaction<(tags: readonly TagIndex[]) => void>
  #marked = new Uint8Array(0)
  #queue: TagIndex[] = []
  #stopTimer: (() => void) | undefined
  #writing: Promise<void> | undefined
  #failure = ''
  #lastCommitAt: number | null = null

  constructor(parts: {
    database: Database.Database
    pipeline: Pipeline
    clock: Clock
    log: Logger
  }) {
    this.#database = parts.database
    this.#pipeline = parts.pipeline
    this.#clock = parts.clock
    this.#log = parts.log
    const upsert = parts.database.prepare(
      `INSERT INTO last_values (series, value, status, source_time, server_time) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (series) DO UPDATE SET value = excluded.value, status = excluded.status,
         source_time = excluded.source_time, server_time = excluded.server_time`,
    )
    this.#write = parts.database.transaction((tags: readonly TagIndex[]) => {
      const { table } = this.#pipeline
      for (const tag of tags) {
        const quality = BigInt(this.#pipeline.quality(tag))
        upsert.run(this.#series[tag], this.#toColumn(tag), quality, table.sourceTime[tag], table.serverTime[tag])
      }
    })
  }

  /** Keeps these tags from now on, and puts what earlier runs knew of them into the pipeline; answers how many. */
  add(tags: readonly IndexedTag[]): number {
    if (tags.length === 0) return 0
    this.#registerSeries(tags)
    this.#marked = grown(this.#marked, this.#pipeline.table.size, 0)
    const ofSeries = new Map(tags.map((tag) => [this.#series[tag.index], tag]))
    let restored = 0
    for (const row of this.#stored(tags)) {
      const known = ofSeries.get(Number(row.series))
      if (!known || row.value === null) continue
      const value = fromColumn(known.tag.type, row.value)
      this.#pipeline.restore(known.index, value, Number(row.status), row.source_time, row.server_time)
      restored++
    }
    return restored
  }

  /** Writes no more of these tags; what is stored of them stays for the case that they come back. */
  drop(tags: readonly IndexedTag[]): void {
    const dropped = new Set(tags.map(({ index }) => index))
    this.#queue = this.#queue.filter((tag) => !dropped.has(tag))
  }

  /** Forgets what is stored of these tags: they read something else from now on. */
  forget(tags: readonly IndexedTag[]): void {
    this.drop(tags)
    const forget = this.#database.prepare('DELETE FROM last_values WHERE series = ?')
    this.#database.transaction(() => {
      for (const { index } of tags) forget.run(this.#series[index])
    })()
    for (const { index } of tags) this.#marked[index] = 0
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
      const row = one.get(this.#series[index])
      if (row) yield row as StoredValue
    }
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
    this.#queue = []
    for (let from = 0; from < queue.length; from += ROWS_A_COMMIT) {
      const slice = queue.slice(from, from + ROWS_A_COMMIT)
      try {
        this.#write(slice)
      } catch (error) {
        this.#fail(error)
        this.#queue = [...queue.slice(from), ...this.#queue]
        return
      }
      for (const tag of slice) this.#marked[tag] = 0
      if (from + ROWS_A_COMMIT < queue.length) await new Promise(setImmediate)
    }
    if (queue.length > 0) this.#succeed()
  }

  #fail(error: unknown): void {
    const reason = `last values cannot be written (${describeError(error)}); check free space and permissions of the data folder`
    if (this.#failure === '') this.#log.error({ error: describeError(error) }, `${reason}; trying again every second`)
    this.#failure = reason
  }

  #succeed(): void {
    if (this.#failure !== '') this.#log.info({}, 'last values are written again')
    this.#failure = ''
    this.#lastCommitAt = this.#clock.now()
  }

  /** Gives each tag its series. A tag whose type has changed begins anew: its old value says nothing. */
  #registerSeries(tags: readonly IndexedTag[]): void {
    const find = this.#database.prepare('SELECT id, type FROM series WHERE tag = ?')
    const insert = this.#database.prepare('INSERT INTO series (tag, type) VALUES (?, ?)')
    const retype = this.#database.prepare('UPDATE series SET type = ? WHERE id = ?')
    const forget = this.#database.prepare('DELETE FROM last_values WHERE series = ?')
    const register = ({ id, tag }: IndexedTag): number => {
      const row = find.get(id) as { id: number; type: string } | undefined
      if (!row) return Number(insert.run(id, tag.type).lastInsertRowid)
      if (row.type !== tag.type) {
        retype.run(tag.type, row.id)
        forget.run(row.id)
      }
      return row.id
    }
    this.#database.transaction(() => {
      for (const tag of tags) this.#series[tag.index] = register(tag)
    })()
  }

  #toColumn(tag: TagIndex): bigint | number | string {
    const value = this.#pipeline.table.value(tag)
    if (typeof value === 'boolean') return value ? 1n : 0n
    return typeof value === 'bigint' ? BigInt.asIntN(64, value) : value
  }
}

function fromColumn(type: DataType, value: bigint | number | string): TagValue {
  if (type === 'Boolean') return value === 1n
  if (type === 'UInt64') return BigInt.asUintN(64, value as bigint)
  return value
}
