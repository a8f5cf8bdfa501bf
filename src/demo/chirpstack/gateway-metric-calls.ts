import gatewayPb, {
  type GetGatewayDutyCycleMetricsRequest,
  type GetGatewayDutyCycleMetricsResponse,
  type GetGatewayMetricsRequest,
  type GetGatewayMetricsResponse,
} from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import type { Demand } from './calls.ts'
import type { Directory } from './directory.ts'
import { permitted } from './gateway-calls.ts'
import { dutyCycleName, gatewayName } from './gateway-stats.ts'
import { aggregationOf, fieldOf, fieldsOf, metric, periodOf } from './metric-messages.ts'
import type { MetricRow } from './metric-store.ts'
import type { Redis } from './service-parts.ts'

/** What a gateway received and sent, by bucket. */
export function getGatewayMetrics(
  directory: Directory,
  redis: Redis,
  random: () => number,
  request: GetGatewayMetricsRequest,
  demand: Demand,
): GetGatewayMetricsResponse {
  const id = permitted(directory, request.getGatewayId(), demand)
  const { start, end } = periodOf(request)
  const rows = redis().get(gatewayName(id), 'ABSOLUTE', aggregationOf(request), start, end)
  const count = (name: string, field: string) => metric(name, rows, [{ label: field, data: fieldOf(rows, field) }])
  const each = (name: string, prefix: string) => metric(name, rows, fieldsOf(rows, prefix, random))
  const response = new gatewayPb.GetGatewayMetricsResponse()
  response.setRxPackets(count('Received', 'rx_count'))
  response.setTxPackets(count('Transmitted', 'tx_count'))
  response.setTxPacketsPerFreq(each('Transmitted / frequency', 'tx_freq_'))
  response.setRxPacketsPerFreq(each('Received / frequency', 'rx_freq_'))
  response.setTxPacketsPerDr(each('Transmitted / DR', 'tx_dr_'))
  response.setRxPacketsPerDr(each('Received / DR', 'rx_dr_'))
  response.setTxPacketsPerStatus(each('TX packets / status', 'tx_status_'))
  return response
}

/** How much of its duty cycle a gateway used: the only metric that is kept by the minute, for two hours. */
export function getDutyCycleMetrics(
  directory: Directory,
  redis: Redis,
  random: () => number,
  request: GetGatewayDutyCycleMetricsRequest,
  demand: Demand,
): GetGatewayDutyCycleMetricsResponse {
  const id = permitted(directory, request.getGatewayId(), demand)
  const { start, end } = periodOf(request)
  const rows = redis().get(dutyCycleName(id), 'COUNTER', 'MINUTE', start, end)
  const bands = (name: string, prefix: string) => metric(name, rows, bandsOf(rows, prefix, random))
  const response = new gatewayPb.GetGatewayDutyCycleMetricsResponse()
  response.setMaxLoadPercentage(bands('Percentage of max tx duty-cycle', 'max_load_perc_'))
  response.setWindowPercentage(bands('Tx duty-cycle', 'window_perc_'))
  return response
}

/** Labels in the words of the web interface: `M (868.00MHz - 868.60MHz: 1.00%)`. */
function bandsOf(rows: readonly MetricRow[], prefix: string, random: () => number) {
  return fieldsOf(rows, prefix, random).map(({ label, data }) => {
    const [band = '', from = '0', to = '0', permille = '0'] = label.split('_')
    const [low, high] = [from, to].map((hertz) => `${(Number(hertz) / 1_000_000).toFixed(2)}MHz`)
    return { label: `${band} (${low} - ${high}: ${(Number(permille) / 10).toFixed(2)}%)`, data }
  })
}
