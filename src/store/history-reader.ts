import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type { TagValue, ValueShape } from '../core/data-type.ts'
import type { SampleRange } from '../core/history-source.ts'
import type { StatusCode } from '../core/status-code.ts'
import type { StoredSample } from './chunk-codec.ts'
import { fromColumn, shapeOf } from './columns.ts'
import { SeriesSamples } from './series-samples.ts'

/** What a device said once. `value` null: nothing usable, `status` says why. */
export interface HistorySample {
  readonly shape: ValueShape
  readonly value: TagValue | null
  readonly status: StatusCode
  readonly sourceTime: Milliseconds
  readonly serverTime: Milliseconds
}

/** `from` is included, `to` is not. `last`: only the newest so many of these. */
export interface HistoryRange {
  readonly from?: Milliseconds | undefined
  readonly to?: Milliseconds | undefined
  readonly last?: number | undefined
}

interface Series {
  readonly id: number
  readonly type: string
}

/** Rows that one step reads: a statement that stays open would keep the write-ahead log from being emptied. */
const PAGE = 1_000

/** Reads `data/history.db`, also beside a gateway that writes it. */
export class HistoryReader {
  readonly #database: Database.Database
  readonly #samples: SeriesSamples

  private constructor(database: Database.Database) {
    this.#database = database
    this.#samples = new SeriesSamples(database)
  }

  /** Undefined where the folder holds no history. Throws where the file cannot be read. */
  static open(dataFolder: string): HistoryReader | undefined {
    const file = join(dataFolder, 'history.db')
    if (!existsSync(file)) return undefined
    const database = new Database(file, { readonly: true, fileMustExist: true })
    try {
      const tables = database.prepare<[], string>('SELECT name FROM sqlite_schema').pluck().all()
      // A folder that no gateway of this version has used yet.
      if (!tables.includes('chunks')) database.exec(NO_CHUNKS)
      if (tables.includes('samples')) return new HistoryReader(database)
    } catch (error) {
      database.close()
      throw error
    }
    database.close()
    return undefined
  }

  /** The ids, `device/tag`, of all tags that are or were configured. */
  tags(): string[] {
    return this.#database.prepare<[], string>('SELECT DISTINCT tag FROM series ORDER BY tag').pluck().all()
  }

  /**
   * The samples of a tag in the order of their source times, of whatever data types it had. Where two types have a
   * sample of the same time, the replay of an event filled in that of the later type.
   */
  *samples(tag: string, { from = EARLIEST, to = LATEST, last }: HistoryRange = {}): Generator<HistorySample> {
    const series = this.#database
      .prepare<[string], Series>('SELECT id, type FROM series WHERE tag = ? ORDER BY id DESC')
      .all(tag)
    let first = from
    if (last !== undefined) {
      let left = last
      for (const { sourceTime } of this.#merge(series, from, to, 'descending')) {
        first = sourceTime
        if (--left <= 0) break
      }
    }
    yield* this.#merge(series, first, to, 'ascending')
  }

  close(): void {
    this.#database.close()
  }

  *#merge(series: readonly Series[], from: Milliseconds, to: Milliseconds, order: Order): Generator<HistorySample> {
    const heads = series.map((each) => {
      const samples = this.#pages(each, from, to, order)
      return { samples, next: samples.next().value }
    })
    for (;;) {
      const times = heads.flatMap(({ next }) => (next ? [next.sourceTime] : []))
      if (times.length === 0) return
      const time = order === 'ascending' ? Math.min(...times) : Math.max(...times)
      const atTime = heads.filter(({ next }) => next?.sourceTime === time)
      const [newest] = atTime
      if (newest?.next) yield newest.next
      for (const head of atTime) head.next = head.samples.next().value
    }
  }

  *#pages(
    { id, type }: Series,
    from: Milliseconds,
    to: Milliseconds,
    order: Order,
  ): Generator<HistorySample, undefined> {
    const shape = shapeOf(type)
    for (;;) {
      const page = this.#samples.read(id, shape, { first: from, last: to - 1, order, limit: PAGE })
      for (const sample of page) yield toSample(shape, sample)
      const end = page.at(-1)
      if (!end || page.length < PAGE) return undefined
      if (order === 'ascending') from = end.sourceTime + 1
      else to = end.sourceTime
    }
  }
}

type Order = SampleRange['order']

const NO_CHUNKS = `CREATE TEMP TABLE chunks (id, series, first_time, last_time, count, codec, good, uncertain, bad,
  low, low_time, low_count, high, high_time, high_count, uncertain_low, uncertain_high, total, data)`

const EARLIEST: Milliseconds = Number.MIN_SAFE_INTEGER
const LATEST: Milliseconds = Number.MAX_SAFE_INTEGER

const toSample = (shape: ValueShape, sample: StoredSample): HistorySample => ({
  ...sample,
  shape,
  value: sample.value === null ? null : fromColumn(shape, sample.value),
})
