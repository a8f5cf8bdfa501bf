import type {
  GetDeviceLinkMetricsResponse,
  GetDeviceMetricsResponse,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import type { GetGatewayMetricsResponse } from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import commonPb, { type Metric } from '@chirpstack/chirpstack-api/common/common_pb.js'
import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import type { BucketSize, GatewayMetricName, LinkMetricName } from './polled-address.ts'

/** Which buckets a call asks for: from that in which `start` lies to that of `end`, both included. */
export interface MetricWindow {
  readonly bucket: BucketSize
  readonly start: Milliseconds
  readonly end: Milliseconds
}

/** One metric, bucket by bucket (chirpstack-api `Metric`). An empty bucket has the value 0, as a bucket of zeros has. */
export interface MetricSeries {
  /** How a bucket's value is made: `COUNTER` the last one, `ABSOLUTE` the sum, `GAUGE` the mean. */
  readonly kind: string
  /** When each bucket began, ascending. ChirpStack cuts them in the zone of its own clock. */
  readonly starts: readonly Milliseconds[]
  /** The values by label, a float32 each; what is no number of labels has a single one. */
  readonly datasets: ReadonlyMap<string, readonly number[]>
}

export interface DeviceMetrics {
  readonly metrics: ReadonlyMap<string, MetricSeries>
  /** The last values of STRING measurements; empty text: none was ever received. */
  readonly states: ReadonlyMap<string, string>
}

export const aggregationOf = (bucket: BucketSize) => {
  const { HOUR, DAY, MONTH } = commonPb.Aggregation
  return { hour: HOUR, day: DAY, month: MONTH }[bucket]
}

export function toDeviceMetrics(response: GetDeviceMetricsResponse): DeviceMetrics {
  const metrics = new Map<string, MetricSeries>()
  for (const [key, metric] of response.getMetricsMap().entries()) metrics.set(key, toSeries(key, metric))
  const states = new Map<string, string>()
  for (const [key, state] of response.getStatesMap().entries()) states.set(key, state.getValue())
  return { metrics, states }
}

export const toLinkMetrics = (response: GetDeviceLinkMetricsResponse): Map<LinkMetricName, MetricSeries> =>
  present({
    rx_packets: response.getRxPackets(),
    gw_rssi: response.getGwRssi(),
    gw_snr: response.getGwSnr(),
    rx_packets_per_freq: response.getRxPacketsPerFreq(),
    rx_packets_per_dr: response.getRxPacketsPerDr(),
    errors: response.getErrors(),
  })

export const toGatewayMetrics = (response: GetGatewayMetricsResponse): Map<GatewayMetricName, MetricSeries> =>
  present({
    rx_packets: response.getRxPackets(),
    tx_packets: response.getTxPackets(),
    rx_packets_per_freq: response.getRxPacketsPerFreq(),
    tx_packets_per_freq: response.getTxPacketsPerFreq(),
    rx_packets_per_dr: response.getRxPacketsPerDr(),
    tx_packets_per_dr: response.getTxPacketsPerDr(),
    tx_packets_per_status: response.getTxPacketsPerStatus(),
  })

function present<Name extends string>(metrics: Readonly<Record<Name, Metric | undefined>>): Map<Name, MetricSeries> {
  const series = new Map<Name, MetricSeries>()
  for (const [name, metric] of Object.entries(metrics) as [Name, Metric | undefined][]) {
    if (metric) series.set(name, toSeries(name, metric))
  }
  return series
}

/** Throws PROTOCOL_VIOLATION where values and times do not belong together: no value may get another's time. */
function toSeries(name: string, metric: Metric): MetricSeries {
  const starts = metric.getTimestampsList().map((time) => time.toDate().getTime())
  const datasets = new Map<string, readonly number[]>()
  for (const dataset of metric.getDatasetsList()) {
    const data = dataset.getDataList()
    if (data.length !== starts.length) {
      const message = `The metric "${name}" has ${data.length} values for ${starts.length} buckets`
      throw new PenstockError('PROTOCOL_VIOLATION', message)
    }
    datasets.set(dataset.getLabel(), data)
  }
  if (starts.some((start, position) => position > 0 && start <= (starts[position - 1] as number))) {
    throw new PenstockError('PROTOCOL_VIOLATION', `The buckets of the metric "${name}" are not in the order of time`)
  }
  return { kind: kindName(metric), starts, datasets }
}

function kindName(metric: Metric): string {
  const kinds = Object.entries(commonPb.MetricKind)
  return kinds.find(([, kind]) => kind === metric.getKind())?.[0] ?? `kind ${metric.getKind()}`
}
