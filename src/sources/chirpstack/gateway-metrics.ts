import type { Milliseconds } from '../../core/clock.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { ChirpStackApi } from './api.ts'
import type { BucketTag } from './bucket-tag.ts'
import type { ListedGateway } from './listed.ts'
import { type BucketReading, sumAt, valueAt, zeroOr } from './metric-buckets.ts'
import type { MetricSeries } from './metric-series.ts'
import { MetricWindows } from './metric-windows.ts'
import { bucketSizes, type GatewayMetricAddress } from './polled-address.ts'

type GatewayMetrics = Awaited<ReturnType<ChirpStackApi['gatewayMetrics']>>

/** Asks for the metrics of one gateway, and gives its tags what is new. */
export class GatewayMetricsReader {
  readonly #gatewayId: string
  readonly #tags: readonly BucketTag<GatewayMetricAddress>[]
  readonly #windows = new MetricWindows()

  constructor(gatewayId: string, tags: readonly BucketTag<GatewayMetricAddress>[]) {
    this.#gatewayId = gatewayId
    this.#tags = tags
  }

  /** Rejects as the calls do. `listed` is what the list last said of the gateway. */
  async read(
    api: Pick<ChirpStackApi, 'gatewayMetrics'>,
    now: Milliseconds,
    listed: Pick<ListedGateway, 'lastSeenAt'> | undefined,
  ): Promise<void> {
    for (const bucket of bucketSizes) {
      const tags = this.#tags.filter(({ address }) => address.bucket === bucket)
      if (tags.length === 0) continue
      const metrics = await api.gatewayMetrics(this.#gatewayId, this.#windows.of(bucket, now))
      let mended = false
      for (const tag of tags) {
        const series = metrics.get(tag.address.name)
        if (!series) tag.failed(StatusCode.BadNotSupported, now)
        else if (tag.show(series, (position) => counted(tag.address, series, position, metrics, listed), now))
          mended = true
      }
      this.#windows.read(bucket, [...metrics.values()])
      if (mended) this.#windows.forget(bucket)
    }
  }
}

/**
 * A gateway counts, and ChirpStack adds up what it reports. A 0 is a count where the gateway reported something else in
 * that bucket; where it was last heard before the bucket began there is nothing; else nobody can tell.
 */
function counted(
  { label }: GatewayMetricAddress,
  series: MetricSeries,
  position: number,
  metrics: GatewayMetrics,
  listed: Pick<ListedGateway, 'lastSeenAt'> | undefined,
): BucketReading | undefined {
  const value = label === undefined ? valueAt(series, position) : (valueAt(series, position, label) ?? 0)
  const start = series.starts[position]
  if (value === undefined || start === undefined) return undefined
  if ([...metrics.values()].some((other) => spoke(other, start))) return zeroOr(value, true)
  const silent = listed !== undefined && (listed.lastSeenAt ?? Number.NEGATIVE_INFINITY) < start
  return zeroOr(value, silent ? false : 'perhaps')
}

function spoke(series: MetricSeries, start: Milliseconds): boolean {
  const position = series.starts.indexOf(start)
  return position >= 0 && sumAt(series, position) !== 0
}
