import type Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type { ValueShape } from '../core/data-type.ts'
import { decodeChunk, encodeChunk, type StoredSample, sampleAt } from './chunk-codec.ts'
import { type SummaryColumns, summarize } from './chunk-summary.ts'
import type { Column } from './columns.ts'

/** The most samples of a chunk, and about the most bytes of their texts. */
export const SAMPLES_A_CHUNK = 1_000
export const TEXT_A_CHUNK = 262_144

export interface Chunk {
  readonly id: number
  readonly firstTime: Milliseconds
  readonly lastTime: Milliseconds
  readonly count: number
  readonly codec: number
  readonly data: Buffer
}

type ChunkColumns = SummaryColumns & Omit<Chunk, 'id'> & { readonly series: number }

/** The table `chunks`, for its only writer. Whoever changes it does so in a transaction. */
export class ChunkTable {
  readonly #before: Database.Statement<[number, Milliseconds], Chunk>
  readonly #after: Database.Statement<[number, Milliseconds], Milliseconds>
  readonly #insert: Database.Statement<[ChunkColumns]>
  readonly #remove: Database.Statement<[number]>

  constructor(database: Database.Database) {
    this.#before = database.prepare(
      `SELECT id, first_time AS firstTime, last_time AS lastTime, count, codec, data FROM chunks
       WHERE series = ? AND first_time <= ? ORDER BY first_time DESC LIMIT 1`,
    )
    this.#after = database
      .prepare<[number, Milliseconds], Milliseconds>(
        'SELECT first_time FROM chunks WHERE series = ? AND first_time > ? ORDER BY first_time LIMIT 1',
      )
      .pluck()
    this.#insert = database.prepare(
      `INSERT INTO chunks (series, first_time, last_time, count, codec, good, uncertain, bad, low, low_time, low_count,
         high, high_time, high_count, uncertain_low, uncertain_high, total, data)
       VALUES (@series, @firstTime, @lastTime, @count, @codec, @good, @uncertain, @bad, @low, @lowTime, @lowCount,
         @high, @highTime, @highCount, @uncertainLow, @uncertainHigh, @total, @data)`,
    )
    this.#remove = database.prepare('DELETE FROM chunks WHERE id = ?')
  }

  /** The last chunk of the series that begins at this time or before. */
  before(series: number, time: Milliseconds): Chunk | undefined {
    return this.#before.get(series, time)
  }

  /** Where the first chunk of the series begins that begins after this time. */
  startAfter(series: number, time: Milliseconds): Milliseconds | undefined {
    return this.#after.get(series, time)
  }

  samples({ codec, data, count }: Chunk): StoredSample[] {
    const decoded = decodeChunk(codec, data, count)
    return Array.from({ length: count }, (_, at) => sampleAt(decoded, at))
  }

  remove({ id }: Chunk): void {
    this.#remove.run(id)
  }

  /** Writes samples in ascending order as chunks of about equal size; none for no samples. */
  insert(series: number, shape: ValueShape, samples: readonly StoredSample[]): void {
    const size = Math.ceil(samples.length / Math.max(1, Math.ceil(samples.length / SAMPLES_A_CHUNK)))
    for (let from = 0; from < samples.length; ) {
      let to = from
      for (let text = 0; to < samples.length && to - from < size && text < TEXT_A_CHUNK; to++) {
        text += textOf((samples[to] as StoredSample).value)
      }
      const part = samples.slice(from, to)
      const [first, last] = [part[0], part.at(-1)] as readonly StoredSample[] as readonly [StoredSample, StoredSample]
      const ends = { firstTime: first.sourceTime, lastTime: last.sourceTime }
      const whole = { series, ...ends, count: part.length, ...summarize(shape, part), ...encodeChunk(part) }
      this.#insert.run(whole)
      from = to
    }
  }
}

/** How much of a chunk's text a value is. */
export const textOf = (value: Column | null): number =>
  typeof value === 'string' || value instanceof Uint8Array ? value.length : 0
