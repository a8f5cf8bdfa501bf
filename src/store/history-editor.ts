import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { shapeName, type ValueShape } from '../core/data-type.ts'
import type { EditAnswer, EditOutcome, HistoryEdit, WriteMode } from '../core/history-edit.ts'
import type { RecordedSample } from '../core/history-source.ts'
import { type Chunk, ChunkTable } from './chunk-table.ts'
import { toColumn } from './columns.ts'
import { Turns } from './turns.ts'

/** What one transaction does, as much as some milliseconds allow: samples written, times deleted, rows, and chunks. */
const SAMPLES = 100
const TIMES = 10
const ROWS = 2_000
const CHUNKS = 20

type Write = Extract<HistoryEdit, { kind: 'write' }>

/**
 * Changes what is recorded, for users and imports: what is written stands as a row beside the chunks, like what comes
 * late, and what is deleted is taken out of its chunk. In short transactions with turns of the event loop between them;
 * answered when the last is committed. Belongs to whoever writes the database.
 */
export class HistoryEditor {
  readonly #clock: Clock
  readonly #chunks: ChunkTable
  readonly #series: Database.Statement<[string, string], { id: number }>
  readonly #addSeries: Database.Statement<[string, string]>
  readonly #hasRow: Database.Statement<[number, Milliseconds]>
  readonly #put: Database.Statement
  readonly #deleteRow: Database.Statement<[number, Milliseconds]>
  readonly #deleteRows: Database.Statement<[number, Milliseconds, Milliseconds]>
  readonly #last: Database.Statement<[number, Milliseconds, Milliseconds], Milliseconds>
  #timesOf: { readonly id: number; readonly times: ReadonlySet<Milliseconds> } = { id: 0, times: new Set() }
  readonly #inTransaction: <Result>(work: () => Result) => Result

  constructor({ database, clock }: { database: Database.Database; clock: Clock }) {
    this.#clock = clock
    this.#chunks = new ChunkTable(database)
    this.#series = database.prepare('SELECT id FROM series WHERE tag = ? AND type = ?')
    this.#addSeries = database.prepare('INSERT INTO series (tag, type) VALUES (?, ?)')
    this.#hasRow = database.prepare('SELECT 1 FROM samples WHERE series = ? AND source_time = ?')
    this.#put = database.prepare(
      'INSERT OR REPLACE INTO samples (series, source_time, server_time, status, value) VALUES (?, ?, ?, ?, ?)',
    )
    this.#deleteRow = database.prepare('DELETE FROM samples WHERE series = ? AND source_time = ?')
    this.#deleteRows = database.prepare('DELETE FROM samples WHERE series = ? AND source_time BETWEEN ? AND ?')
    this.#last = database
      .prepare<[number, Milliseconds, Milliseconds], Milliseconds>(
        `SELECT source_time FROM samples WHERE series = ? AND source_time BETWEEN ? AND ?
         ORDER BY source_time LIMIT 1 OFFSET ${ROWS - 1}`,
      )
      .pluck()
    this.#inTransaction = (work) => database.transaction(work).immediate()
  }

  /** Throws, as SQLite does, where the disk cannot be written; what was committed until then stays. */
  async apply(edit: HistoryEdit): Promise<EditAnswer> {
    const { tag, shape } = edit.series
    const known = this.#series.get(tag, shapeName(shape))?.id
    if (edit.kind === 'deleteRange') {
      const deleted = known === undefined ? 0 : await this.#deleteRange(known, shape, edit.first, edit.last)
      return { outcomes: [], deleted }
    }
    if (edit.kind === 'write') return { outcomes: await this.#write(edit, known), deleted: 0 }
    const outcomes = await this.#inParts(edit.times, TIMES, (times) =>
      times.map((time) => (known === undefined ? 'missing' : this.#deleteTime(known, shape, time))),
    )
    return { outcomes, deleted: outcomes.filter((outcome) => outcome === 'deleted').length }
  }

  async #write({ series, samples, mode }: Write, known: number | undefined): Promise<EditOutcome[]> {
    const { tag, shape } = series
    const id =
      known ?? (mode === 'replace' ? undefined : Number(this.#addSeries.run(tag, shapeName(shape)).lastInsertRowid))
    return await this.#inParts(samples, SAMPLES, (part) =>
      part.map((sample) => (id === undefined ? 'missing' : this.#writeOne(id, sample, mode))),
    )
  }

  #writeOne(series: number, sample: RecordedSample, mode: WriteMode): EditOutcome {
    const { value, status, sourceTime, serverTime } = sample
    const exists =
      this.#hasRow.get(series, sourceTime) !== undefined || this.#chunkWith(series, sourceTime) !== undefined
    if (exists && mode === 'insert') return 'exists'
    if (!exists && mode === 'replace') return 'missing'
    this.#put.run(series, sourceTime, serverTime, status, value === null ? null : toColumn(value))
    return exists ? 'replaced' : 'inserted'
  }

  #deleteTime(series: number, shape: ValueShape, time: Milliseconds): EditOutcome {
    const { changes } = this.#deleteRow.run(series, time)
    const chunk = this.#chunkWith(series, time)
    if (chunk) this.#cutOut(series, shape, chunk, time, time)
    return changes > 0 || chunk ? 'deleted' : 'missing'
  }

  /** The chunk that has a sample of just this time. */
  #chunkWith(series: number, time: Milliseconds): Chunk | undefined {
    const chunk = this.#chunks.before(series, time)
    if (!chunk || chunk.lastTime < time) return undefined
    // Whoever fills a gap asks for one time of the same chunk after the other.
    if (this.#timesOf.id !== chunk.id) {
      const times = this.#chunks.samples(chunk).map(({ sourceTime }) => sourceTime)
      this.#timesOf = { id: chunk.id, times: new Set(times) }
    }
    return this.#timesOf.times.has(time) ? chunk : undefined
  }

  /** Takes the samples from `first` to `last` out of a chunk; answers how many. */
  #cutOut(series: number, shape: ValueShape, chunk: Chunk, first: Milliseconds, last: Milliseconds): number {
    if (first <= chunk.firstTime && last >= chunk.lastTime) {
      this.#chunks.remove(chunk)
      return chunk.count
    }
    const kept = this.#chunks.samples(chunk).filter(({ sourceTime }) => sourceTime < first || sourceTime > last)
    this.#chunks.remove(chunk)
    this.#chunks.insert(series, shape, kept)
    return chunk.count - kept.length
  }

  async #deleteRange(series: number, shape: ValueShape, first: Milliseconds, last: Milliseconds): Promise<number> {
    const turns = new Turns(this.#clock)
    let deleted = 0
    for (let upTo = last; upTo >= first; ) {
      await turns.next()
      // Chunks before rows: a row may stand for what a chunk says, which would else be seen again for a moment.
      const [count, next] = this.#inTransaction(() => this.#cutFromEnd(series, shape, first, upTo))
      deleted += count
      upTo = next
    }
    for (let rows = ROWS; rows >= ROWS; deleted += rows) {
      await turns.next()
      rows = this.#deleteRows.run(series, first, this.#last.get(series, first, last) ?? last).changes
    }
    return deleted
  }

  /** Some chunks from the end of a range: how many samples were deleted, and up to where others may be. */
  #cutFromEnd(
    series: number,
    shape: ValueShape,
    first: Milliseconds,
    last: Milliseconds,
  ): readonly [count: number, next: Milliseconds] {
    let deleted = 0
    let upTo = last
    for (let chunks = 0; chunks < CHUNKS; chunks++) {
      const chunk = this.#chunks.before(series, upTo)
      if (!chunk || chunk.lastTime < first) return [deleted, first - 1]
      deleted += this.#cutOut(series, shape, chunk, first, last)
      upTo = chunk.firstTime - 1
    }
    return [deleted, upTo]
  }

  async #inParts<Item>(
    items: readonly Item[],
    size: number,
    work: (part: readonly Item[]) => EditOutcome[],
  ): Promise<EditOutcome[]> {
    const turns = new Turns(this.#clock)
    const outcomes: EditOutcome[] = []
    for (let from = 0; from < items.length; from += size) {
      await turns.next()
      outcomes.push(...this.#inTransaction(() => work(items.slice(from, from + size))))
    }
    return outcomes
  }
}
