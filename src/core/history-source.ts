import type { Milliseconds } from './clock.ts'
import type { TagValue, ValueShape } from './data-type.ts'
import type { StatusCode } from './status-code.ts'

/** What a device said once. `value` null: nothing usable, `status` says why. Times are whole milliseconds. */
export interface RecordedSample {
  readonly value: TagValue | null
  readonly status: StatusCode
  readonly sourceTime: Milliseconds
  readonly serverTime: Milliseconds
}

/** What history knows a tag by: its id, `device/tag`, and its shape; of another shape it is another series. */
export interface SeriesName {
  readonly tag: string
  readonly shape: ValueShape
}

/** Samples from `first` to `last`, both included, by source time; at most `limit` of them. */
export interface SampleRange {
  readonly first: Milliseconds
  readonly last: Milliseconds
  readonly order: 'ascending' | 'descending'
  readonly limit: number
}

/** The least or the greatest of some values: which, when for the first time, and how often. */
export interface SummaryExtreme {
  readonly value: number | bigint
  readonly time: Milliseconds
  readonly count: number
}

/** What all samples from one source time to another come to, for whoever need not see each. */
export interface SampleSummary {
  /** Source times of the first and the last. */
  readonly first: Milliseconds
  readonly last: Milliseconds
  /** How many are Good, Uncertain, and Bad or without a value. */
  readonly good: number
  readonly uncertain: number
  readonly bad: number
  /** Of values that are numbers; undefined where there is none. */
  readonly low: SummaryExtreme | undefined
  readonly high: SummaryExtreme | undefined
  readonly uncertainLow: number | bigint | undefined
  readonly uncertainHigh: number | bigint | undefined
  /** The sum of the Good values, as the parts of an `ExactSum`; undefined where it cannot be said. */
  readonly total: readonly number[] | undefined
}

/** Samples in ascending order as columns: row `i` of each belongs together. Nobody may write into them. */
export interface SampleColumns {
  readonly values: ArrayLike<TagValue | null>
  readonly statuses: ArrayLike<StatusCode>
  readonly sourceTimes: ArrayLike<Milliseconds>
  readonly serverTimes: ArrayLike<Milliseconds>
  /** The rows that were asked for. */
  readonly from: number
  readonly until: number
  /** Up to and with this source time there are no other samples. */
  readonly last: Milliseconds
}

export const sampleOf = (
  { values, statuses, sourceTimes, serverTimes }: SampleColumns,
  row: number,
): RecordedSample => ({
  value: values[row] as TagValue | null,
  status: statuses[row] as StatusCode,
  sourceTime: sourceTimes[row] as Milliseconds,
  serverTime: serverTimes[row] as Milliseconds,
})

/** Where history is read: one short step a call, which sees what is written by then. */
export interface HistorySource {
  /**
   * The samples of a series in the order asked for; none of a series that does not exist. At most one sample of a
   * source time. Throws HISTORY_UNAVAILABLE where history cannot be read now.
   */
  read(series: SeriesName, range: SampleRange): readonly RecordedSample[]
  /**
   * Summaries of samples between these source times, both included: the next ones that are at hand, in the order of time
   * and with no sample between any two of them. What lies before the first is to be read. Throws as `read` does.
   */
  summaries(series: SeriesName, first: Milliseconds, last: Milliseconds): readonly SampleSummary[]
  /**
   * The next samples from `first` to `last`, both included, as far as they lie in columns at hand, which costs less than
   * a list of them: some of these, one after the other, with no sample between. None: they are to be read. Throws as
   * `read` does.
   */
  columns(series: SeriesName, first: Milliseconds, last: Milliseconds): readonly SampleColumns[]
}

/** Before and after everything that a source time can be. */
export const EARLIEST: Milliseconds = Number.MIN_SAFE_INTEGER
export const LATEST: Milliseconds = Number.MAX_SAFE_INTEGER
