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

/** Where history is read: one short step a call, which sees what is written by then. */
export interface HistorySource {
  /**
   * The samples of a series in the order asked for; none of a series that does not exist. At most one sample of a
   * source time. Throws HISTORY_UNAVAILABLE where history cannot be read now.
   */
  read(series: SeriesName, range: SampleRange): readonly RecordedSample[]
}

/** Before and after everything that a source time can be. */
export const EARLIEST: Milliseconds = Number.MIN_SAFE_INTEGER
export const LATEST: Milliseconds = Number.MAX_SAFE_INTEGER
