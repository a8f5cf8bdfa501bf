import type { Milliseconds } from '../../core/clock.ts'
import type { TagValue } from '../../core/data-type.ts'
import { isBad, isGood, StatusCode } from '../../core/status-code.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import type { TagValues } from '../../core/tag-values.ts'

/**
 * One evaluation at a time: what the expression read of its inputs, and what came of that. Only inputs that were read
 * count: a branch that was not taken says nothing about the result.
 */
export class Run {
  readonly #values: TagValues
  /** The worst of the inputs' statuses, the first of its kind. */
  status: StatusCode = StatusCode.Good
  /** The newest time at which anything that was read was so; NaN: nothing was read. */
  time: Milliseconds = Number.NaN
  /** Why there is no result although the inputs have values, in words; empty: there is one. */
  fault = ''
  now: Milliseconds = 0

  constructor(values: TagValues) {
    this.#values = values
  }

  begin(now: Milliseconds): void {
    this.status = StatusCode.Good
    this.time = Number.NaN
    this.fault = ''
    this.now = now
  }

  /** True where what comes of the expression is a value. */
  get hasValue(): boolean {
    return !isBad(this.status) && this.fault === ''
  }

  number(tag: TagIndex): number {
    const value = this.#read(tag)
    if (typeof value === 'number') return value
    const number = Number(value)
    // Only the inputs with a value can be to blame.
    if (!Number.isSafeInteger(number)) return this.fail(`an input beyond 2^53, ${value}, is not calculated with`)
    return number
  }

  boolean(tag: TagIndex): boolean {
    return this.#read(tag) === true
  }

  text(tag: TagIndex): string {
    return String(this.#read(tag))
  }

  /** Whether the input is Good. It is so since it was last said of it. */
  isGood(tag: TagIndex): boolean {
    return isGood(this.#judged(tag))
  }

  /** Whether the input has a value that may be used with care, Good or Uncertain. */
  isValid(tag: TagIndex): boolean {
    return !isBad(this.#judged(tag))
  }

  /** Seconds since the time of the input's value. */
  age(tag: TagIndex): number {
    const time = this.#values.table.sourceTime[tag] as number
    if (Number.isNaN(time)) {
      this.#count(this.#values.table.status[tag] as StatusCode)
      return 0
    }
    this.#at(this.now)
    return Math.max(0, this.now - time) / 1_000
  }

  /** The number where it is one; what stands in its place otherwise is never told to anybody. */
  finite(value: number, what: string): number {
    return Number.isFinite(value) ? value : this.fail(`${what} has no result`)
  }

  fail(words: string): number {
    if (this.fault === '') this.fault = words
    return 0
  }

  #read(tag: TagIndex): TagValue {
    const { table } = this.#values
    this.#count(table.status[tag] as StatusCode)
    this.#at(table.sourceTime[tag] as number)
    return table.value(tag)
  }

  #judged(tag: TagIndex): StatusCode {
    const { table } = this.#values
    this.#at(table.serverTime[tag] as number)
    return table.status[tag] as StatusCode
  }

  #count(status: StatusCode): void {
    if (status >>> 30 > this.status >>> 30) this.status = status
  }

  #at(time: Milliseconds): void {
    if (!(time <= this.time) && !Number.isNaN(time)) this.time = time
  }
}
