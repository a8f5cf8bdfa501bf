import devicePb, {
  type GetDeviceLinkMetricsRequest,
  type GetDeviceLinkMetricsResponse,
  type GetDeviceMetricsRequest,
  type GetDeviceMetricsResponse,
} from '@chirpstack/chirpstack-api/api/device_pb.js'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import { linkName, measurementName } from './measurements.ts'
import { aggregationOf, fieldOf, fieldsOf, metric, periodOf } from './metric-messages.ts'
import type { MetricRow } from './metric-store.ts'
import { doesNotExist, parseEui } from './paging.ts'
import type { Redis } from './service-parts.ts'

/**
 * A device's measurements over time. Those of kind UNKNOWN are left out; an empty bucket is 0; of texts there is the
 * last one, and nothing says when it came. Their order in the map is none: clients of protobuf sort them by key.
 */
export function getDeviceMetrics(
  directory: Directory,
  redis: Redis,
  request: GetDeviceMetricsRequest,
  demand: Demand,
): GetDeviceMetricsResponse {
  const devEui = parseEui(request.getDevEui())
  demand(directory.tenantOf(devEui))
  const { start, end } = periodOf(request)
  const device = directory.devices.get(devEui)
  if (!device) throw doesNotExist(devEui)
  const response = new devicePb.GetDeviceMetricsResponse()
  for (const [key, { name, kind }] of Object.entries(directory.profileOf(device).measurements)) {
    const stored = measurementName(devEui, key)
    if (kind === 'STRING') {
      const state = new devicePb.DeviceState()
      state.setName(name)
      state.setValue(redis().getState(stored))
      response.getStatesMap().set(key, state)
    } else if (kind !== 'UNKNOWN') {
      const rows = redis().get(stored, kind, aggregationOf(request), start, end)
      const data = [{ label: key, data: fieldOf(rows, 'value') }]
      response.getMetricsMap().set(key, metric(name === '' ? key : name, rows, data, kind))
    }
  }
  return response
}

/** How a device was heard. The device itself is not looked up: an administrator gets zeros for one that is not there. */
export function getLinkMetrics(
  directory: Directory,
  redis: Redis,
  random: () => number,
  request: GetDeviceLinkMetricsRequest,
  demand: Demand,
): GetDeviceLinkMetricsResponse {
  const devEui = parseEui(request.getDevEui())
  demand(directory.tenantOf(devEui))
  const { start, end } = periodOf(request)
  const rows = redis().get(linkName(devEui), 'ABSOLUTE', aggregationOf(request), start, end)
  const response = new devicePb.GetDeviceLinkMetricsResponse()
  response.setRxPackets(metric('Received', rows, [{ label: 'rx_count', data: fieldOf(rows, 'rx_count') }]))
  response.setGwRssi(metric('RSSI', rows, [{ label: 'rssi', data: meanOf(rows, 'gw_rssi_sum') }]))
  response.setGwSnr(metric('SNR', rows, [{ label: 'snr', data: meanOf(rows, 'gw_snr_sum') }]))
  response.setRxPacketsPerFreq(metric('Received / frequency', rows, fieldsOf(rows, 'rx_freq_', random)))
  response.setRxPacketsPerDr(metric('Received / DR', rows, fieldsOf(rows, 'rx_dr_', random)))
  response.setErrors(metric('Errors', rows, fieldsOf(rows, 'error_', random)))
  return response
}

/** By uplink; 0 where there was none. */
const meanOf = (rows: readonly MetricRow[], sum: string): number[] =>
  rows.map(({ values }) => {
    const count = values.get('rx_count') ?? 0
    return count > 0 ? (values.get(sum) ?? 0) / count : 0
  })
