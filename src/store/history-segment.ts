import type Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type { TagValue } from '../core/data-type.ts'
import type { StatusCode } from '../core/status-code.ts'
import { type Column, toColumn } from './columns.ts'
import type { PackedSamples } from './outbox-codec.ts'

/** Characters of text after which a segment is due, however few its rows are. */
const MOST_TEXT = 1_048_576

/**
 * Samples, and what sources remember of their devices together with them, that are written in one transaction: columns
 * of fixed size, with no object a sample but for texts and 64-bit integers.
 */
export class HistorySegment {
  readonly memories = new Map<string, string>()
  count = 0
  readonly #series: Uint32Array
  readonly #sourceTime: Float64Array
  readonly #serverTime: Float64Array
  readonly #status: Uint32Array
  readonly #numbers: Float64Array
  /** What is no number: null where there is no value; undefined where `#numbers` has it. */
  readonly #others: (Exclude<Column, number> | null | undefined)[]
  /** 1 for a row that was not in the database as it is. */
  readonly #changed: Uint8Array
  #text = 0

  constructor(capacity: number) {
    this.#series = new Uint32Array(capacity)
    this.#sourceTime = new Float64Array(capacity)
    this.#serverTime = new Float64Array(capacity)
    this.#status = new Uint32Array(capacity)
    this.#numbers = new Float64Array(capacity)
    this.#changed = new Uint8Array(capacity)
    this.#others = new Array<undefined>(capacity).fill(undefined)
  }

  /** Half full: it should end as soon as the event is complete that is being taken. */
  get isDue(): boolean {
    return this.count * 2 >= this.#series.length || this.#text >= MOST_TEXT
  }

  /** Nothing more may be added. */
  get isFull(): boolean {
    return this.count >= this.#series.length || this.#text >= 2 * MOST_TEXT
  }

  get isEmpty(): boolean {
    return this.count === 0 && this.memories.size === 0
  }

  add(
    series: number,
    value: TagValue | undefined,
    status: StatusCode,
    sourceTime: Milliseconds,
    serverTime: Milliseconds,
  ): void {
    const row = this.count++
    this.#series[row] = series
    this.#sourceTime[row] = sourceTime
    this.#serverTime[row] = serverTime
    this.#status[row] = status
    const column = value === undefined ? null : toColumn(value)
    if (typeof column === 'number') {
      this.#numbers[row] = column
      this.#others[row] = undefined
      return
    }
    this.#others[row] = column
    if (typeof column === 'string') this.#text += column.length
  }

  /** Runs `insert` with series, source time, server time, status and value of each row, and keeps in mind what it changed. */
  writeTo(insert: Database.Statement): void {
    for (let row = 0; row < this.count; row++) {
      const other = this.#others[row]
      const { changes } = insert.run(
        this.#series[row],
        this.#sourceTime[row],
        this.#serverTime[row],
        this.#status[row],
        other === undefined ? this.#numbers[row] : other,
      )
      this.#changed[row] = changes
    }
  }

  /** All rows as columns, until the next `clear`. */
  get rows(): PackedSamples {
    return {
      count: this.count,
      series: this.#series,
      sourceTime: this.#sourceTime,
      serverTime: this.#serverTime,
      status: this.#status,
      numbers: this.#numbers,
      others: this.#others,
    }
  }

  /** Those that `writeTo` found to say something new, likewise. */
  get changedRows(): PackedSamples {
    const isChanged = (_: unknown, row: number) => row < this.count && this.#changed[row] === 1
    const others = this.#others.filter(isChanged)
    if (others.length === this.count) return this.rows
    return {
      count: others.length,
      series: this.#series.filter(isChanged),
      sourceTime: this.#sourceTime.filter(isChanged),
      serverTime: this.#serverTime.filter(isChanged),
      status: this.#status.filter(isChanged),
      numbers: this.#numbers.filter(isChanged),
      others,
    }
  }

  /** Makes it as new. */
  clear(): void {
    this.#others.fill(undefined, 0, this.count)
    this.count = 0
    this.#text = 0
    this.memories.clear()
  }
}
