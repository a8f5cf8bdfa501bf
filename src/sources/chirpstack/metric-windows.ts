import type { Milliseconds } from '../../core/clock.ts'
import { lookBack } from './metric-buckets.ts'
import type { MetricSeries, MetricWindow } from './metric-series.ts'
import type { BucketSize } from './polled-address.ts'

/** Buckets that are read again: the running one, and two that are over, into which a late uplink may still have gone. */
const READ_AGAIN = 3

/**
 * Which buckets to ask for. At first as far back as ChirpStack keeps them; then only what can have changed, since each
 * bucket costs ChirpStack a key in Redis. What could not be read for a time is asked for once it can be again.
 */
export class MetricWindows {
  readonly #from = new Map<BucketSize, Milliseconds>()

  of(bucket: BucketSize, now: Milliseconds): MetricWindow {
    const earliest = now - lookBack[bucket]
    return { bucket, start: Math.min(now, Math.max(earliest, this.#from.get(bucket) ?? earliest)), end: now }
  }

  /** These were answered, and taken. */
  read(bucket: BucketSize, series: readonly MetricSeries[]): void {
    const starts = series.map(({ starts: each }) => each).find(({ length }) => length > 0)
    const from = starts?.[Math.max(0, starts.length - READ_AGAIN)]
    if (from !== undefined) this.#from.set(bucket, from)
  }

  /** The next window reaches back as far as the first. */
  forget(bucket: BucketSize): void {
    this.#from.delete(bucket)
  }
}
