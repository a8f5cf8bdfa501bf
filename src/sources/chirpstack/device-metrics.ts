import type { Milliseconds } from '../../core/clock.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { ChirpStackApi } from './api.ts'
import type { BucketTag } from './bucket-tag.ts'
import { type BucketReading, certain, sumAt, valueAt, zeroOr } from './metric-buckets.ts'
import type { DeviceMetrics, MetricSeries } from './metric-series.ts'
import { MetricWindows } from './metric-windows.ts'
import { type BucketSize, bucketSizes, type LinkMetricAddress, type MetricAddress } from './polled-address.ts'
import type { StateTag } from './state-tag.ts'

type LinkMetrics = Awaited<ReturnType<ChirpStackApi['linkMetrics']>>
export type DeviceMetricsApi = Pick<ChirpStackApi, 'deviceMetrics' | 'linkMetrics'>

export interface DeviceMetricTags {
  readonly metrics: readonly BucketTag<MetricAddress>[]
  readonly links: readonly BucketTag<LinkMetricAddress>[]
  readonly states: readonly StateTag[]
}

export interface DeviceMetricsListener {
  /** Told after each reading what ChirpStack has not that tags ask for; empty when all is there. */
  readonly onMissing: (problem: string) => void
  /** The kind of a measurement was changed in the device profile. */
  readonly onKind: (measurement: string, before: string, kind: string) => void
}

/** Asks for the metrics of one device, with as few calls as its tags need, and gives them what is new. */
export class DeviceMetricsReader {
  readonly #devEui: string
  readonly #tags: DeviceMetricTags
  readonly #windows = new MetricWindows()
  readonly #listener: DeviceMetricsListener
  readonly #kinds = new Map<string, string>()

  constructor(devEui: string, tags: DeviceMetricTags, listener: DeviceMetricsListener) {
    this.#devEui = devEui
    this.#tags = tags
    this.#listener = listener
  }

  /** Rejects as the calls do; what was answered before is given all the same. */
  async read(api: DeviceMetricsApi, now: Milliseconds, lastSeenAt: Milliseconds | undefined): Promise<void> {
    const missing = new Set<string>()
    let answered: DeviceMetrics | undefined
    for (const bucket of bucketSizes) {
      const answer = await this.#readBucket(api, bucket, now, missing)
      answered ??= answer
    }
    const { states } = this.#tags
    if (states.length > 0) {
      answered ??= await api.deviceMetrics(this.#devEui, { bucket: 'hour', start: now, end: now })
      for (const state of states) {
        const value = answered.states.get(state.name)
        if (value !== undefined) state.show(value, now, lastSeenAt)
        else missing.add(`"${state.name}" as STRING`)
        if (value === undefined) state.failed(StatusCode.BadConfigurationError, now)
      }
    }
    this.#listener.onMissing(missing.size === 0 ? '' : notKept([...missing]))
  }

  async #readBucket(
    api: DeviceMetricsApi,
    bucket: BucketSize,
    now: Milliseconds,
    missing: Set<string>,
  ): Promise<DeviceMetrics | undefined> {
    const metrics = this.#tags.metrics.filter(({ address }) => address.bucket === bucket)
    const links = this.#tags.links.filter(({ address }) => address.bucket === bucket)
    if (metrics.length === 0 && links.length === 0) return undefined
    const window = this.#windows.of(bucket, now)
    const answer = metrics.length === 0 ? undefined : await api.deviceMetrics(this.#devEui, window)
    const hasZero = metrics.some(({ address }) => withZero(answer?.metrics.get(address.name)))
    const link = hasZero || links.length > 0 ? await api.linkMetrics(this.#devEui, window) : undefined
    let mended = false
    for (const tag of metrics) {
      const series = answer?.metrics.get(tag.address.name)
      if (series) {
        this.#seeKind(tag.address.name, series.kind)
        if (tag.show(series, (position) => measured(series, position, link), now)) mended = true
      } else if (tag.address.part === 'kind' && answer?.states.has(tag.address.name)) tag.showKind('STRING')
      else {
        missing.add(`"${tag.address.name}" as COUNTER, ABSOLUTE or GAUGE`)
        tag.failed(StatusCode.BadConfigurationError, now)
      }
    }
    for (const tag of links) {
      const series = link?.get(tag.address.name)
      if (series) {
        if (tag.show(series, (position) => linkReading(tag.address, series, position, link), now)) mended = true
      } else {
        missing.add(`the link metric ${tag.address.name}`)
        tag.failed(StatusCode.BadNotSupported, now)
      }
    }
    this.#windows.read(bucket, [...(answer?.metrics.values() ?? []), ...(link?.values() ?? [])])
    if (mended) this.#windows.forget(bucket)
    return answer
  }

  #seeKind(measurement: string, kind: string): void {
    const before = this.#kinds.get(measurement)
    this.#kinds.set(measurement, kind)
    if (before !== undefined && before !== kind) this.#listener.onKind(measurement, before, kind)
  }
}

const notKept = (missing: readonly string[]): string =>
  `ChirpStack keeps no measurement ${missing.join(', ')}. Set its kind in the device profile, under Measurements: of ` +
  'kind UNKNOWN nothing is kept.'

const withZero = (series: MetricSeries | undefined): boolean =>
  [...(series?.datasets.values() ?? [])].some((data) => data.includes(0))

/** The measurement's buckets and those of the link are the same buckets where they begin at the same time. */
function measured(series: MetricSeries, position: number, link: LinkMetrics | undefined): BucketReading | undefined {
  const value = valueAt(series, position)
  if (value === undefined) return undefined
  return zeroOr(value, packetsIn(link, series.starts[position]) === 0 ? false : 'perhaps')
}

function packetsIn(link: LinkMetrics | undefined, start: Milliseconds | undefined): number | undefined {
  const packets = link?.get('rx_packets')
  const position = start === undefined ? -1 : (packets?.starts.indexOf(start) ?? -1)
  return packets && position >= 0 ? valueAt(packets, position) : undefined
}

/** ChirpStack counts packets and errors itself, so that 0 is a count; a level is there where a packet was. */
function linkReading(
  { name, label }: LinkMetricAddress,
  series: MetricSeries,
  position: number,
  link: LinkMetrics | undefined,
): BucketReading | undefined {
  if (name === 'gw_rssi' || name === 'gw_snr') {
    const value = valueAt(series, position)
    const packets = packetsIn(link, series.starts[position])
    return value === undefined ? undefined : zeroOr(value, packets === undefined ? 'perhaps' : packets > 0)
  }
  if (label !== undefined) return certain(valueAt(series, position, label) ?? 0)
  if (name === 'errors') return certain(sumAt(series, position))
  const value = valueAt(series, position)
  return value === undefined ? undefined : certain(value)
}
