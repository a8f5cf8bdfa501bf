import type { Milliseconds } from '../../core/clock.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import { type BucketReading, bucketsOf, type ClosedBucket, longest } from './metric-buckets.ts'
import type { MetricSeries } from './metric-series.ts'
import type { GatewayMetricAddress, LinkMetricAddress, MetricAddress } from './polled-address.ts'

export type BucketAddress = MetricAddress | LinkMetricAddress | GatewayMetricAddress

/** What one bucket says; undefined: it is empty. */
export type ReadBucket = (position: number) => BucketReading | undefined

interface Filled {
  readonly bucket: ClosedBucket
  readonly reading: BucketReading
}

/** A tag that shows buckets of a metric, and what of them it has shown already. Outlives connections. */
export class BucketTag<Address extends BucketAddress = BucketAddress> {
  readonly index: TagIndex
  readonly address: Address
  readonly #sink: SampleSink
  /** End of the last bucket that was given, and what was said of it. */
  #givenEnd: Milliseconds | undefined
  #given = ''
  #isFailed = false

  constructor(index: TagIndex, address: Address, sink: SampleSink) {
    this.index = index
    this.address = address
    this.#sink = sink
  }

  /**
   * Gives what `series` has and was not given yet. Of closed buckets each one that is not empty goes to the sink, in
   * order and with its end as its time; the very first time only the newest. One whose value changed although it was
   * over, by an uplink that was written late, is given again. Answers whether this mends a failure: then `series` may
   * not reach back to the last bucket that was given.
   */
  show(series: MetricSeries, read: ReadBucket, now: Milliseconds): boolean {
    const mended = this.#isFailed
    this.#isFailed = false
    this.#show(series, read, now)
    return mended
  }

  #show(series: MetricSeries, read: ReadBucket, now: Milliseconds): void {
    const { bucket, part } = this.address
    if (part === 'kind') {
      this.#sink.polled(this.index, series.kind)
      return
    }
    const { closed, current } = bucketsOf(series, bucket, now)
    if (part === 'current') {
      if (current) this.#showCurrent(read(current.position), now)
      return
    }
    const filled = closed.flatMap((each): Filled[] => {
      const reading = read(each.position)
      return reading ? [{ bucket: each, reading }] : []
    })
    const since = this.#givenEnd
    const fresh = since === undefined ? filled.slice(-1) : filled.filter(({ bucket: { end } }) => end >= since)
    for (const each of fresh) this.#give(each)
  }

  /** ChirpStack has no such metric: no bucket says anything until that is mended. */
  failed(status: StatusCode, now: Milliseconds): void {
    this.#given = ''
    this.#isFailed = true
    const { part, bucket } = this.address
    const ownTime = part === 'closed' || part === 'start'
    // The bucket that was given last must come again when this is mended, so the failure may not be newer than it is.
    this.#sink.failed(this.index, status, ownTime ? (this.#givenEnd ?? now - longest[bucket]) : now)
  }

  /** A text instead of a series: how ChirpStack keeps what it does not gather in buckets. */
  showKind(kind: string): void {
    this.#sink.polled(this.index, kind)
  }

  #showCurrent(reading: BucketReading | undefined, now: Milliseconds): void {
    if (!reading) this.#sink.failed(this.index, StatusCode.BadNoData, now)
    else if (reading.status !== undefined) this.#sink.failed(this.index, reading.status, now)
    else if (reading.doubt === undefined) this.#sink.polled(this.index, reading.value)
    else this.#sink.event(this.index, reading.value, now, reading.doubt)
  }

  #give({ bucket: { start, end }, reading }: Filled): void {
    const said = `${end} ${reading.value} ${reading.status} ${reading.status === undefined && reading.doubt}`
    if (said === this.#given) return
    this.#given = said
    this.#givenEnd = end
    if (this.address.part === 'start') this.#sink.event(this.index, new Date(start).toISOString(), end)
    else if (reading.status !== undefined) this.#sink.failed(this.index, reading.status, end)
    else this.#sink.event(this.index, reading.value, end, reading.doubt)
  }
}
