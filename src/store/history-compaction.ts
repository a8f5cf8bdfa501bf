import Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { shapeName, type ValueShape } from '../core/data-type.ts'
import { describeError } from '../core/errors.ts'
import { EARLIEST } from '../core/history-source.ts'
import type { Logger } from '../core/logger.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import type { StoredSample } from './chunk-codec.ts'
import { type Chunk, ChunkTable, SAMPLES_A_CHUNK, TEXT_A_CHUNK, textOf } from './chunk-table.ts'
import { type Column, shapeOf } from './columns.ts'
import { mergeSamples } from './merge-samples.ts'
import { Turns } from './turns.ts'

/** How often closed ranges are looked for, and how much of that time compacting may take. */
const EVERY: Milliseconds = 300_000
const MOST_WORK: Milliseconds = 30_000
/** Samples stay rows for so long: most of what comes late or is sent again comes by then. */
const HOT: Milliseconds = 3_600_000
/** The longest time that one chunk spans, unless samples are deleted sooner. */
const LONGEST_SPAN: Milliseconds = 14 * 86_400_000

type Row = readonly [Column | null, bigint, bigint, bigint]

interface Closed {
  readonly series: number
  readonly shape: ValueShape
  /** What is older is closed. */
  readonly before: Milliseconds
}

/**
 * Makes compressed chunks of the rows of `samples` that are older than an hour: of a thousand, or of all that a span of
 * time has. What came late goes into the chunk it belongs to, or beside it. Each chunk is written in the transaction that
 * deletes its rows, so that readers, and a crash, find one or the other; between two of them others have their turn.
 */
export class HistoryCompaction {
  readonly #database: Database.Database
  readonly #clock: Clock
  readonly #log: Logger
  readonly #tracing: Tracing
  readonly #chunks: ChunkTable
  readonly #span: Milliseconds
  readonly #oldest: Database.Statement<[number, Milliseconds], Milliseconds | null>
  readonly #rows: Database.Statement<[number, Milliseconds, Milliseconds], Row>
  readonly #delete: Database.Statement<[number, Milliseconds, Milliseconds]>
  readonly #compactNext: Database.Transaction<(closed: Closed) => number>
  #endTimer: (() => void) | undefined
  #running: Promise<number> | undefined
  #stopped = true

  /** `keepMs`: the age at which samples are deleted, of which a chunk spans a tenth at most. */
  constructor(parts: {
    database: Database.Database
    keepMs: Milliseconds
    clock: Clock
    log: Logger
    tracing?: Tracing
  }) {
    const { database } = parts
    this.#database = database
    this.#clock = parts.clock
    this.#log = parts.log
    this.#tracing = parts.tracing ?? noTracing
    this.#chunks = new ChunkTable(database)
    this.#span = Math.min(LONGEST_SPAN, Math.floor(parts.keepMs / 10))
    this.#oldest = database
      .prepare<[number, Milliseconds], Milliseconds | null>(
        'SELECT min(source_time) FROM samples WHERE series = ? AND source_time < ?',
      )
      .pluck()
    this.#rows = database
      .prepare<[number, Milliseconds, Milliseconds], Row>(
        `SELECT value, status, source_time, server_time FROM samples
         WHERE series = ? AND source_time BETWEEN ? AND ? ORDER BY source_time`,
      )
      .raw()
      .safeIntegers()
    this.#delete = database.prepare('DELETE FROM samples WHERE series = ? AND source_time BETWEEN ? AND ?')
    this.#compactNext = database.transaction((closed: Closed) => this.#step(closed))
  }

  start(): void {
    this.#stopped = false
    this.#endTimer ??= this.#clock.every(EVERY, () => void this.run())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#endTimer?.()
    this.#endTimer = undefined
    await this.#running
  }

  /** Answers how many rows went into chunks; a second call while one is under way waits for it. Never rejects. */
  run(): Promise<number> {
    this.#running ??= this.#traced().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #traced(): Promise<number> {
    const span = this.#tracing.begin('upkeep', 'history compaction')
    const rows = await this.#tracing.within(span?.trace, () => this.#compact())
    span?.set({ 'penstock.history.rows': rows })
    span?.end()
    return rows
  }

  async #compact(): Promise<number> {
    let compacted = 0
    try {
      const before = this.#clock.now() - HOT
      const until = this.#clock.monotonic() + MOST_WORK
      const turns = new Turns(this.#clock)
      const all = this.#database.prepare<[], { id: number; type: string }>('SELECT id, type FROM series').all()
      for (const { id, type } of inTurn(all, this.#clock.now())) {
        const closed = { series: id, shape: shapeOf(type), before }
        for (let rows = 1; rows > 0; compacted += rows) {
          await turns.next()
          if (this.#stopped || this.#clock.monotonic() > until) return compacted
          rows = this.#tryNext(closed)
        }
      }
    } catch (error) {
      this.#log.error({ error: describeError(error) }, 'history cannot be compacted; it is tried again in five minutes')
    }
    return compacted
  }

  /** A chunk that is damaged keeps no other series from being compacted. */
  #tryNext(closed: Closed): number {
    try {
      return this.#compactNext(closed)
    } catch (error) {
      if (error instanceof Database.SqliteError) throw error
      const { series, shape } = closed
      this.#log.error(
        { series, type: shapeName(shape), error: describeError(error) },
        'the history of a tag cannot be compacted, since what is there of it is damaged; a backup may have it whole',
      )
      return 0
    }
  }

  /** Puts the oldest closed rows of a series into chunks; answers how many, 0 where there are not enough yet. */
  #step({ series, shape, before }: Closed): number {
    const oldest = this.#oldest.get(series, before)
    if (oldest === null || oldest === undefined) return 0
    const chunk = this.#chunks.before(series, oldest)
    const next = this.#chunks.startAfter(series, oldest)
    const isWithin = chunk !== undefined && oldest <= chunk.lastTime
    const isBeside = chunk !== undefined && next !== undefined && oldest < chunk.firstTime + this.#span
    const joined = isWithin || isBeside ? chunk : undefined
    const ends = (joined?.firstTime ?? oldest) + this.#span
    const last = Math.max(Math.min(ends, next ?? ends) - 1, joined?.lastTime ?? oldest)
    const rows = this.#closedRows(series, oldest, Math.min(last, before - 1))
    // The newest ones wait until a chunk is full, or until no more can come that would belong to it.
    const isOpen = !joined && next === undefined && oldest + this.#span > before
    if (isOpen && rows.length < SAMPLES_A_CHUNK && !isFullOfText(rows)) return 0
    this.#replace(series, shape, joined, rows)
    return rows.length
  }

  #replace(series: number, shape: ValueShape, chunk: Chunk | undefined, rows: readonly StoredSample[]): void {
    const known = chunk ? this.#chunks.samples(chunk) : []
    if (chunk) this.#chunks.remove(chunk)
    this.#chunks.insert(series, shape, mergeSamples(known, rows, true, Number.POSITIVE_INFINITY))
    this.#delete.run(series, rows[0]?.sourceTime ?? EARLIEST, rows.at(-1)?.sourceTime ?? EARLIEST)
  }

  #closedRows(series: number, first: Milliseconds, last: Milliseconds): StoredSample[] {
    const rows: StoredSample[] = []
    let text = 0
    for (const [value, status, sourceTime, serverTime] of this.#rows.iterate(series, first, last)) {
      rows.push({
        value,
        status: Number(status),
        sourceTime: Number(sourceTime),
        serverTime: Number(serverTime),
      })
      text += textOf(value)
      if (rows.length >= SAMPLES_A_CHUNK || text >= TEXT_A_CHUNK) break
    }
    return rows
  }
}

const isFullOfText = (rows: readonly StoredSample[]): boolean =>
  rows.reduce((text, { value }) => text + textOf(value), 0) >= TEXT_A_CHUNK

/** All of them, but beginning with another one each time: where the work ends before all had their turn, others come. */
function inTurn<Item>(items: readonly Item[], seed: number): readonly Item[] {
  const from = items.length === 0 ? 0 : Math.floor(seed / EVERY) % items.length
  return [...items.slice(from), ...items.slice(0, from)]
}
