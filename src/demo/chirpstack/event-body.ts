import { randomUUID } from 'node:crypto'
import type { Milliseconds } from '../../core/clock.ts'
import type { Directory } from './directory.ts'
import type { SimulatedDevice } from './records.ts'

export type Json = Record<string, unknown>

/** How one LoRaWAN gateway heard an uplink. */
export interface Reception {
  readonly gatewayId: string
  /** dBm */
  readonly rssi: number
  /** dB */
  readonly snr: number
  readonly location?: { readonly latitude: number; readonly longitude: number; readonly altitude?: number }
}

/** An uplink as a test or the demo plant describes it. */
export interface Uplink {
  /** What the codec decoded; absent: there is no codec, or it failed. */
  readonly object?: Json
  /** When the gateway received it, as GNSS says, so it is taken as it is; null: the event has none, only its entry. */
  readonly time?: Milliseconds | null
  /** When the gateway received it by a clock of its own; taken where it is within 30 s of the server's. */
  readonly gatewayTime?: Milliseconds
  /** What comes after the milliseconds of the time. */
  readonly nanos?: number
  readonly fPort?: number
  readonly dr?: number
  /** dBm at the best gateway. */
  readonly rssi?: number
  /** dB at the best gateway. */
  readonly snr?: number
  /** Who heard it; two gateways if it is not said, the second one weaker. */
  readonly receptions?: readonly Reception[]
  /** Its frame counter, to leave a gap or go back; the next uplinks count on from it. */
  readonly fCnt?: number
  /** Raw payload in base64. */
  readonly data?: string
  readonly confirmed?: boolean
  /** It acknowledges the downlink that is pending. */
  readonly ack?: boolean
  /** Its `deduplicationId`, to write one uplink twice. */
  readonly id?: string
  /** Fields of the event beside the others, or in their place. */
  readonly extra?: Json
}

export const DEMO_GATEWAYS = ['0016c001f153a14c', '0016c001f1500812'] as const
const FREQUENCIES = [868_100_000, 868_300_000, 868_500_000] as const
/** How much weaker the second gateway hears it. */
const WEAKER = { rssi: 14, snr: 6.5 }
const DEFAULT = { dr: 5, rssi: -87, snr: 7.5 }

/** What every event of a device begins with, as protobuf JSON. */
export function commonBody(
  directory: Directory,
  device: SimulatedDevice,
  time: Milliseconds | null,
  id: string = randomUUID(),
  nanos = 0,
): Json {
  return { deduplicationId: id, ...deviceBody(directory, device, time, nanos) }
}

/** The same without an id of the frame, as `txack` and `log` have it. */
export function deviceBody(directory: Directory, device: SimulatedDevice, time: Milliseconds | null, nanos = 0): Json {
  const application = directory.applications.get(device.applicationId)
  const profile = directory.profiles.get(device.profileId)
  const tenantId = application?.tenantId ?? ''
  return {
    ...(time === null ? {} : { time: toRfc3339(time, nanos) }),
    deviceInfo: {
      tenantId,
      tenantName: directory.tenants.get(tenantId)?.name ?? '',
      applicationId: device.applicationId,
      applicationName: application?.name ?? '',
      deviceProfileId: device.profileId,
      deviceProfileName: profile?.name ?? '',
      deviceName: device.name,
      devEui: device.devEui,
      deviceClassEnabled: `CLASS_${device.deviceClass}`,
      tags: { ...application?.tags, ...device.tags },
    },
  }
}

/** The frame of an uplink: all that the event and the metrics tell of it beside its object. */
export interface Frame {
  readonly frequency: number
  readonly dr: number
  readonly receptions: readonly Reception[]
}

export function frameOf(device: SimulatedDevice, uplink: Uplink): Frame {
  const { dr = DEFAULT.dr, rssi = DEFAULT.rssi, snr = DEFAULT.snr } = uplink
  return {
    frequency: FREQUENCIES[device.fCnt % FREQUENCIES.length] ?? FREQUENCIES[0],
    dr,
    receptions: uplink.receptions ?? [
      { gatewayId: DEMO_GATEWAYS[0], rssi, snr },
      { gatewayId: DEMO_GATEWAYS[1], rssi: rssi - WEAKER.rssi, snr: snr - WEAKER.snr },
    ],
  }
}

/** The fields of an `up` event beside the common ones. */
export function uplinkBody(device: SimulatedDevice, uplink: Uplink, frame: Frame): Json {
  const { object, fPort = 2, confirmed = false } = uplink
  return {
    devAddr: devAddrOf(device),
    adr: true,
    dr: frame.dr,
    fCnt: device.fCnt,
    fPort,
    confirmed,
    data: uplink.data ?? Buffer.from(`${device.fCnt}`).toString('base64'),
    ...(object === undefined ? {} : { object }),
    rxInfo: frame.receptions.map((reception) => receptionBody(reception, device.fCnt)),
    txInfo: {
      frequency: frame.frequency,
      modulation: { lora: { bandwidth: 125_000, spreadingFactor: 12 - frame.dr, codeRate: 'CR_4_5' } },
    },
    regionConfigId: 'eu868',
    ...uplink.extra,
  }
}

export const devAddrOf = (device: SimulatedDevice): string => `01${device.devEui.slice(-6)}`

/** `2026-07-23T10:00:00.123000000+00:00`. */
const toRfc3339 = (time: Milliseconds, nanos: number): string =>
  new Date(time).toISOString().replace('Z', `${String(nanos).padStart(6, '0')}+00:00`)

/** ChirpStack leaves zeros out here, and only here. */
function receptionBody({ gatewayId, rssi, snr, location }: Reception, uplinkId: number): Json {
  return {
    gatewayId,
    uplinkId,
    ...(rssi === 0 ? {} : { rssi }),
    ...(snr === 0 ? {} : { snr }),
    ...(location === undefined ? {} : { location }),
    context: 'AAAAAA==',
    crcStatus: 'CRC_OK',
  }
}
