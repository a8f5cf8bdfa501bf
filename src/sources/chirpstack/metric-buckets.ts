import type { Milliseconds } from '../../core/clock.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { MetricSeries } from './metric-series.ts'
import type { BucketPart, BucketSize } from './polled-address.ts'

const HOUR: Milliseconds = 3_600_000
const DAY: Milliseconds = 24 * HOUR

/** How long a bucket lasts at most: a day has 25 hours when the clocks are set back. */
export const longest: Readonly<Record<BucketSize, Milliseconds>> = {
  hour: HOUR,
  day: 25 * HOUR,
  month: 31 * DAY + HOUR,
}

/** How far back to look for the last bucket that is not empty: within what ChirpStack keeps (2 days, 62 days, 2 years). */
export const lookBack: Readonly<Record<BucketSize, Milliseconds>> = {
  hour: 46 * HOUR,
  day: 31 * DAY,
  month: 366 * DAY,
}

/** ChirpStack writes an uplink into its bucket up to some seconds after it came. */
const SETTLED: Milliseconds = 10_000

/** One bucket of a series. */
export interface Bucket {
  readonly position: number
  readonly start: Milliseconds
  /** Where the next one begins; undefined for a day or month that is not over, whose length only the server knows. */
  readonly end: Milliseconds | undefined
}

export interface ClosedBucket extends Bucket {
  readonly end: Milliseconds
}

/**
 * The buckets of a series that are over at `now`, oldest first, and the running one. A day or month is over where the
 * next one begins, in whatever zone the server is and whatever its clocks do; an hour lasts one, also where the next
 * in the list is later because ChirpStack leaves out the hours that come twice.
 */
export function bucketsOf(
  { starts }: Pick<MetricSeries, 'starts'>,
  size: BucketSize,
  now: Milliseconds,
): { readonly closed: readonly ClosedBucket[]; readonly current: Bucket | undefined } {
  const closed: ClosedBucket[] = []
  let current: Bucket | undefined
  starts.forEach((start, position) => {
    const next = starts[position + 1]
    const end = size === 'hour' ? Math.min(start + HOUR, next ?? Number.POSITIVE_INFINITY) : next
    if (end !== undefined && end <= now - SETTLED) closed.push({ position, start, end })
    else if (start <= now && (end === undefined || now < end)) current = { position, start, end }
  })
  return { closed, current }
}

/** What a bucket says: a value, with the status that it cannot be better than, or that there is no usable one. */
export type BucketReading =
  | { readonly value: number; readonly doubt?: StatusCode; readonly status?: undefined }
  | { readonly status: StatusCode; readonly value?: undefined }

/** The value of one dataset; of `label`, or of the only one. Undefined where the series has no such bucket. */
export function valueAt(series: MetricSeries, position: number, label?: string): number | undefined {
  if (label !== undefined) return series.datasets.get(label)?.[position]
  const [only] = series.datasets.values()
  return only?.[position]
}

/** All labels together; 0 where none has anything. */
export function sumAt(series: MetricSeries, position: number): number {
  let sum = 0
  for (const data of series.datasets.values()) sum += data[position] ?? 0
  return sum
}

/** What ChirpStack itself counts, or a measured value that is not 0: nothing about it is in doubt. */
export const certain = (value: number): BucketReading =>
  Number.isFinite(value) ? { value } : { status: StatusCode.BadSensorFailure }

/**
 * A 0 that may stand for "nothing": ChirpStack answers 0 for an empty bucket. `filled` says whether anything came in
 * that bucket: false: it is empty, which is no value (undefined); true: the 0 is one; 'perhaps': nobody can tell, and
 * the value is UncertainDataSubNormal (OPC 10000-13: made of fewer good values than it needs).
 */
export function zeroOr(value: number, filled: boolean | 'perhaps'): BucketReading | undefined {
  if (value !== 0 || filled === true) return certain(value)
  return filled === false ? undefined : { value, doubt: StatusCode.UncertainDataSubNormal }
}

/**
 * How old the value of a tag may get: of a closed bucket until the next one is over and read, and one bucket more, since
 * a device may miss one.
 */
export function staleAfterOf({ bucket, part }: { bucket: BucketSize; part: BucketPart }, period: Milliseconds): number {
  return part === 'closed' || part === 'start' ? 2 * longest[bucket] + 2 * period : 3 * period
}
