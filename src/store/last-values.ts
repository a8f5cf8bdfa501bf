import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { DataType, TagValue } from '../core/data-type.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { ChangeListener, Pipeline } from '../core/pipeline.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'

/** The longest a changed value stays unwritten. */
const COMMIT_EVERY: Milliseconds = 1_000
/** Rows a transaction: about two milliseconds of the engine's thread. */
const ROWS_A_COMMIT = 1_000

/** What the database holds of a value: a BLOB comes back as a Buffer. */
type Column = bigint | number | string | Uint8Array

interface StoredValue {
  readonly tag: string
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
  readonly #tags: readonly IndexedTag[]
  readonly #clock: Clock
  readonly #log: Logger
  readonly #series: readonly number[]
  readonly #write: Database.Transaction<(tags: readonly TagIndex[]) => void>
  readonly #marked: Uint8Array
  #queue: TagIndex[] = []
  #stopTimer: (() => void) | undefined
  #writing: Promise<void> | undefined
  #failure = ''
  #lastCommitAt: number | null = null

  constructor(parts: {
    database: Database.Database
    pipeline: Pipeline
    tags: readonly IndexedTag[]
    clock: Clock
    log: Logger
  }) {
    this.#database = parts.database
    this.#pipeline = parts.pipeline
    this.#tags = parts.tags
    this.#clock = parts.clock
    this.#log = parts.log
    this.#marked = new Uint8Array(parts.tags.length)
    this.#series = this.#registerSeries()
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

  /** Puts the values of earlier runs into the pipeline. */
  restore(): number {
    const rows = this.#database
      .prepare(`SELECT tag, value, status, source_time, server_time FROM last_values JOIN series ON series.id = series`)
      .safeIntegers()
      .iterate() as IterableIterator<StoredValue>
    const byId = new Map(this.#tags.map((tag) => [tag.id, tag]))
    let restored = 0
    for (const row of rows) {
      const known = byId.get(row.tag)
      if (!known || row.value === null) continue
      const value = fromColumn(known.tag.type, row.value)
      this.#pipeline.restore(known.index, value, Number(row.status), row.source_time, row.server_time)
      restored++
    }
    return restored
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

  /** The series of each tag, new ones created. A tag whose type has changed begins anew: its old value says nothing. */
  #registerSeries(): number[] {
    const known = new Map<string, { id: number; tag: string; type: string }>()
    for (const row of this.#database.prepare('SELECT id, tag, type FROM series').all() as {
      id: number
      tag: string
      type: string
    }[]) {
      known.set(row.tag, row)
    }
    const insert = this.#database.prepare('INSERT INTO series (tag, type) VALUES (?, ?)')
    const retype = this.#database.prepare('UPDATE series SET type = ? WHERE id = ?')
    const forget = this.#database.prepare('DELETE FROM last_values WHERE series = ?')
    const register = ({ id, tag }: IndexedTag): number => {
      const row = known.get(id)
      if (!row) return Number(insert.run(id, tag.type).lastInsertRowid)
      if (row.type !== tag.type) {
        retype.run(tag.type, row.id)
        forget.run(row.id)
      }
      return row.id
    }
    return this.#database.transaction(() => this.#tags.map(register))()
  }

  #toColumn(tag: TagIndex): Column {
    const value = this.#pipeline.table.value(tag)
    if (typeof value === 'boolean') return value ? 1n : 0n
    return typeof value === 'bigint' ? BigInt.asIntN(64, value) : value
  }
}

function fromColumn(type: DataType, value: Column): TagValue {
  if (type === 'Boolean') return value === 1n
  if (type === 'UInt64') return BigInt.asUintN(64, value as bigint)
  return value
}
