import type { Milliseconds } from '../clock.ts'
import type { TagValue } from '../data-type.ts'
import type { RecordedSample, SampleSummary } from '../history-source.ts'
import { isBad, StatusCode } from '../status-code.ts'
import { type Bound, type BoundOptions, interpolatedBound, usableBefore } from './bounds.ts'
import { HistorianBits } from './quality.ts'

/** One of the intervals into which a read is divided (OPC 10000-13 §5.4.2.2). */
export interface Interval {
  /** The time of its result: where it begins in the direction of the read. */
  readonly time: Milliseconds
  /** Its ends in the order of time. */
  readonly from: Milliseconds
  readonly to: Milliseconds
  /** The first and last source times that belong to it. */
  readonly first: Milliseconds
  readonly last: Milliseconds
  /** Nothing was recorded yet, or nothing any more. */
  readonly isOutside: boolean
  /** The data begins or ends within it, or the read ends before it would. */
  readonly isPartial: boolean
}

/** What an aggregate needs that depends on nothing but the samples of the interval. */
export interface SampleContext {
  readonly interval: Interval
  readonly options: Pick<BoundOptions, 'config'>
}

/** What an aggregate may ask of the interval it is calculated for; its bounds are read only where that is done. */
export class IntervalContext implements SampleContext {
  readonly interval: Interval
  readonly options: BoundOptions
  /** The bound found last: the end of an interval is the start of the next. */
  readonly #bounds: Map<Milliseconds, Bound>

  constructor(interval: Interval, options: BoundOptions, bounds: Map<Milliseconds, Bound>) {
    this.interval = interval
    this.options = options
    this.#bounds = bounds
  }

  /** Interpolated, always along a line (OPC 10000-13 §5.4.3.6). */
  slopedBound(time: Milliseconds): Bound {
    const known = this.#bounds.get(time)
    if (known) return known
    const bound = interpolatedBound({ ...this.options, stepped: false }, time)
    this.#bounds.clear()
    this.#bounds.set(time, bound)
    return bound
  }

  /** As the tag's values go from one to the next. */
  bound(time: Milliseconds): Bound {
    return interpolatedBound(this.options, time)
  }

  /** The sample that was recorded at this time. */
  sampleAt(time: Milliseconds): RecordedSample | undefined {
    const { source, series } = this.options
    return source.read(series, { first: time, last: time, order: 'ascending', limit: 1 })[0]
  }

  /** The last sample at or before the interval's earlier end. */
  get before(): RecordedSample | undefined {
    const { source, series } = this.options
    const range = {
      first: Number.MIN_SAFE_INTEGER,
      last: this.interval.first - 1,
      order: 'descending',
      limit: 1,
    } as const
    return source.read(series, range)[0]
  }

  /** The last value before the interval that is not Bad. */
  get usableBefore(): RecordedSample | undefined {
    return usableBefore(this.options, this.interval.first - 1)
  }
}

/** As what a result is given: the tag's own type, or one that the aggregate defines. */
export type ResultType = 'source' | 'Double' | 'Int32' | 'StatusCode'

export interface AggregateResult {
  readonly value: TagValue | null
  readonly type: ResultType
  readonly status: StatusCode
  readonly time: Milliseconds
}

/** Takes the samples of one interval, in the order of time, and then says what they come to. */
export interface Accumulator {
  add(sample: RecordedSample): void
  /**
   * Takes a summary in the place of the samples that it is of, where that comes to exactly the same; false: it needs
   * the samples.
   */
  addSummary?(summary: SampleSummary): boolean
  result(): AggregateResult
}

export const noData = ({ interval }: Pick<SampleContext, 'interval'>): AggregateResult =>
  badResult(interval.time, StatusCode.BadNoData)

export const badResult = (time: Milliseconds, status: StatusCode): AggregateResult => ({
  value: null,
  type: 'source',
  status,
  time,
})

/** A result with its HistorianBits; Bad ones have neither bits nor value. */
export function resultOf(
  { interval }: Pick<SampleContext, 'interval'>,
  value: TagValue,
  type: ResultType,
  status: StatusCode,
  bits: number = HistorianBits.Calculated,
  time: Milliseconds = interval.time,
): AggregateResult {
  if (isBad(status)) return badResult(time, status)
  const partial = interval.isPartial ? HistorianBits.Partial : 0
  return { value, type, status: (status | bits | partial) >>> 0, time }
}
