import { StatusCode } from '../../core/status-code.ts'
import type { LinkField } from './event-fields.ts'
import { type JsonObject, stepInto } from './json.ts'
import type { Reading } from './reading.ts'

/**
 * What an uplink says of its radio link; undefined where it says nothing. RSSI in dBm, SNR in dB, bandwidth and
 * frequency in Hz, latitude and longitude in degrees, altitude in metres. ChirpStack leaves zeros out of `rxInfo`, so
 * an absent one is 0.
 */
export function linkReading(field: LinkField, body: JsonObject): Reading | undefined {
  switch (field) {
    case 'rssi':
    case 'snr':
      return bestOf(body, field)
    case 'gateways': {
      const receptions = receptionsOf(body)
      return receptions.length > 0 ? { value: receptions.length } : undefined
    }
    case 'gatewayId':
      return said(stepInto(nearestGateway(body), 'gatewayId'))
    case 'latitude':
    case 'longitude':
    case 'altitude':
      return gatewayPlace(body, field)
    case 'spreadingFactor':
    case 'bandwidth':
      return modulation(body, field)
    case 'frequency':
      return said(stepInto(stepInto(body, 'txInfo'), 'frequency'))
    case 'dataRate':
      return said(stepInto(body, 'dr'))
    case 'frameCounter':
      return said(stepInto(body, 'fCnt'))
    case 'port':
      return said(stepInto(body, 'fPort'))
  }
}

const said = (value: unknown): Reading | undefined => (value === undefined || value === null ? undefined : { value })

function receptionsOf(body: JsonObject): readonly unknown[] {
  const receptions = stepInto(body, 'rxInfo')
  return Array.isArray(receptions) ? receptions : []
}

/** The greatest RSSI or SNR of any gateway, each by itself, as ChirpStack's own link metrics take them. */
function bestOf(body: JsonObject, field: 'rssi' | 'snr'): Reading | undefined {
  const receptions = receptionsOf(body)
  if (receptions.length === 0) return undefined
  let best = Number.NEGATIVE_INFINITY
  for (const reception of receptions) {
    const level = stepInto(reception, field) ?? 0
    if (typeof level !== 'number') return { value: level }
    best = Math.max(best, level)
  }
  return { value: best }
}

/** The reception with the greatest RSSI; of equal ones that with the greatest SNR. */
function nearestGateway(body: JsonObject): unknown {
  const level = (reception: unknown, field: string) => {
    const value = stepInto(reception, field) ?? 0
    return typeof value === 'number' ? value : Number.NEGATIVE_INFINITY
  }
  let best: unknown
  for (const reception of receptionsOf(body)) {
    const ahead = level(reception, 'rssi') - level(best, 'rssi') || level(reception, 'snr') - level(best, 'snr')
    if (best === undefined || ahead > 0) best = reception
  }
  return best
}

/** Where the gateway with the greatest RSSI stands. One without a place has none, or both coordinates 0. */
function gatewayPlace(body: JsonObject, field: 'latitude' | 'longitude' | 'altitude'): Reading | undefined {
  const location = stepInto(nearestGateway(body), 'location')
  if (stepInto(location, 'latitude') === undefined && stepInto(location, 'longitude') === undefined) return undefined
  return { value: stepInto(location, field) ?? 0 }
}

/** An FSK or LR-FHSS frame has no spreading factor, and says its bandwidth in other ways (LoRaWAN RP002). */
function modulation(body: JsonObject, field: 'spreadingFactor' | 'bandwidth'): Reading | undefined {
  const how = stepInto(stepInto(body, 'txInfo'), 'modulation')
  const lora = stepInto(how, 'lora')
  if (lora !== undefined) return said(stepInto(lora, field))
  return how === undefined ? undefined : { status: StatusCode.BadNotSupported }
}
