import type Database from 'better-sqlite3'
import { type DataType, shapeName, type ValueShape } from '../core/data-type.ts'
import type { SampleColumns, SampleRange, SampleSummary } from '../core/history-source.ts'
import { ChunkCache, type ChunkPlace } from './chunk-cache.ts'
import { addSamples, type DecodedChunk, type StoredSample } from './chunk-codec.ts'
import { type SummaryRow, summaryOf } from './chunk-summary.ts'
import type { Column } from './columns.ts'
import { mergeSamples } from './merge-samples.ts'

type Order = SampleRange['order']

type Row = readonly [Column | null, bigint | number, bigint | number, bigint | number]
type Page = Database.Statement<[number, number, number, number], Row>
type Chunks = Database.Statement<[number, number], ChunkPlace>

/** Summaries of one answer. */
const MOST_SUMMARIES = 100

/** Chunks of one answer, which takes some milliseconds; fewer than the cache keeps. */
const MOST_COLUMNS = 8

/** Types whose values are INTEGER in the database. */
const isExact = (type: DataType): boolean => type === 'Boolean' || type === 'Int64' || type === 'UInt64'

/** Reads the samples of a series, compacted and not, as one list in the order of time. */
export class SeriesSamples {
  readonly #cache: ChunkCache
  /** By whether integers have to be read with all their bits; as lists, rows cost half of what they cost as objects. */
  readonly #rows: Readonly<Record<Order, { readonly exact: Page; readonly plain: Page }>>
  readonly #chunks: Readonly<Record<Order, Chunks>>
  readonly #series: Database.Statement<[string, string], { id: number }>
  readonly #read: Database.Transaction<(series: number | string, shape: ValueShape, range: SampleRange) => Found>

  readonly #summaries: Database.Statement<[number, number], SummaryRow>
  readonly #firstRow: Database.Statement<[number, number, number], number | null>
  readonly #summarize: Database.Transaction<
    (tag: string, shape: ValueShape, first: number, last: number) => readonly SampleSummary[]
  >

  readonly #nextChunks: Chunks
  readonly #columns: Database.Transaction<
    (tag: string, shape: ValueShape, first: number, last: number) => readonly SampleColumns[]
  >

  constructor(database: Database.Database) {
    this.#cache = new ChunkCache(database)
    const page = (order: 'ASC' | 'DESC'): Page =>
      database.prepare(
        `SELECT value, status, source_time, server_time FROM samples
         WHERE series = ? AND source_time BETWEEN ? AND ? ORDER BY source_time ${order} LIMIT ?`,
      )
    const both = (order: 'ASC' | 'DESC') => ({ plain: page(order).raw(), exact: page(order).raw().safeIntegers() })
    this.#rows = { ascending: both('ASC'), descending: both('DESC') }
    const columns = 'id, first_time AS firstTime, last_time AS lastTime'
    this.#chunks = {
      ascending: database.prepare(
        `SELECT ${columns} FROM chunks WHERE series = ? AND last_time >= ? ORDER BY last_time LIMIT 1`,
      ),
      descending: database.prepare(
        `SELECT ${columns} FROM chunks WHERE series = ? AND first_time <= ? ORDER BY first_time DESC LIMIT 1`,
      ),
    }
    this.#summaries = database
      .prepare<[number, number], SummaryRow>(
        `SELECT ${columns}, good, uncertain, bad, low, low_time AS lowTime, low_count AS lowCount, high,
         high_time AS highTime, high_count AS highCount, uncertain_low AS uncertainLow, uncertain_high AS uncertainHigh,
         total
       FROM chunks WHERE series = ? AND last_time >= ? ORDER BY last_time LIMIT ${MOST_SUMMARIES}`,
      )
      .safeIntegers()
    this.#firstRow = database
      .prepare<[number, number, number], number | null>(
        'SELECT min(source_time) FROM samples WHERE series = ? AND source_time BETWEEN ? AND ?',
      )
      .pluck()
    this.#summarize = database.transaction((tag, shape, first, last) => this.#summariesOf(tag, shape, first, last))
    this.#nextChunks = database.prepare(
      `SELECT ${columns} FROM chunks WHERE series = ? AND last_time >= ? ORDER BY last_time LIMIT ${MOST_COLUMNS}`,
    )
    this.#columns = database.transaction((tag, shape, first, last) => this.#columnsOf(tag, shape, first, last))
    this.#series = database.prepare('SELECT id FROM series WHERE tag = ? AND type = ?')
    // Together, or a range that is compacted in between would be read twice or not at all.
    this.#read = database.transaction((series, shape, range) => {
      const id = typeof series === 'number' ? series : this.#series.get(series, shapeName(shape))?.id
      return id === undefined ? { chunked: [], rows: [] } : this.#find(id, shape, range)
    })
  }

  /**
   * At most `limit` samples from `first` to `last`, both included, in the order asked for; none of a series that does not
   * exist. `series`: its number, or the tag that it is of.
   */
  read(series: number | string, shape: ValueShape, range: SampleRange): readonly StoredSample[] {
    const { chunked, rows } = this.#read(series, shape, range)
    return mergeSamples(chunked, rows, range.order === 'ascending', range.limit)
  }

  /**
   * The summaries of the next chunks of a series that lie between these times, both included, as far as nothing came
   * later in their range.
   */
  summaries(tag: string, shape: ValueShape, first: number, last: number): readonly SampleSummary[] {
    return this.#summarize(tag, shape, first, last)
  }

  /** The next chunks of a series between these times, both included, as far as nothing came later in their range. */
  columns(tag: string, shape: ValueShape, first: number, last: number): readonly SampleColumns[] {
    return this.#columns(tag, shape, first, last)
  }

  #columnsOf(tag: string, shape: ValueShape, first: number, last: number): readonly SampleColumns[] {
    const id = this.#series.get(tag, shapeName(shape))?.id
    if (id === undefined) return []
    const chunks = this.#nextChunks.all(id, first).filter(({ firstTime }) => firstTime <= last)
    const end = Math.min(last, chunks.at(-1)?.lastTime ?? first)
    const late = this.#firstRow.get(id, first, end)
    return chunks.flatMap((chunk) => {
      const until = Math.min(last, chunk.lastTime)
      if (typeof late === 'number' && late <= until) return []
      const samples = this.#cache.samples(chunk)
      return [{ ...samples, from: positionOf(samples, first), until: positionOf(samples, until + 1), last: until }]
    })
  }

  #summariesOf(tag: string, shape: ValueShape, first: number, last: number): readonly SampleSummary[] {
    const id = this.#series.get(tag, shapeName(shape))?.id
    if (id === undefined) return []
    const found = this.#summaries
      .all(id, first)
      .map((row) => summaryOf(shape, row))
      .filter((summary) => summary.first >= first && summary.last <= last)
    const [earliest, latest] = [found[0], found.at(-1)]
    const late = earliest && latest && this.#firstRow.get(id, earliest.first, latest.last)
    return typeof late === 'number' ? found.filter((summary) => summary.last < late) : found
  }

  #find(series: number, { type, arrayLength }: ValueShape, { first, last, order, limit }: SampleRange): Found {
    const chunked = this.#chunked(series, first, last, order, limit)
    const end = chunked.length < limit ? undefined : chunked.at(-1)?.sourceTime
    const [from, to] = order === 'ascending' ? [first, end ?? last] : [end ?? first, last]
    const page = this.#rows[order][isExact(type) && arrayLength === undefined ? 'exact' : 'plain']
    return { chunked, rows: page.all(series, from, to, limit).map(storedSample) }
  }

  #chunked(series: number, first: number, last: number, order: Order, limit: number): StoredSample[] {
    const found: StoredSample[] = []
    const ascending = order === 'ascending'
    for (let from = ascending ? first : last; found.length < limit; ) {
      const chunk = this.#chunks[order].get(series, from)
      if (!chunk || (ascending ? chunk.firstTime > last : chunk.lastTime < first)) break
      const samples = this.#cache.samples(chunk)
      const begin = positionOf(samples, first)
      const end = positionOf(samples, last + 1)
      const left = limit - found.length
      if (ascending) addSamples(found, samples, begin, Math.min(end, begin + left), 1)
      else addSamples(found, samples, end - 1, Math.max(begin, end - left) - 1, -1)
      from = ascending ? chunk.lastTime + 1 : chunk.firstTime - 1
    }
    return found
  }
}

interface Found {
  readonly chunked: readonly StoredSample[]
  readonly rows: readonly StoredSample[]
}

const storedSample = ([value, status, sourceTime, serverTime]: Row): StoredSample => ({
  value,
  status: Number(status),
  sourceTime: Number(sourceTime),
  serverTime: Number(serverTime),
})

/** Where the first sample from `time` on stands. */
function positionOf({ sourceTimes, count }: DecodedChunk, time: number): number {
  let [low, high] = [0, count]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((sourceTimes[middle] as number) < time) low = middle + 1
    else high = middle
  }
  return low
}
