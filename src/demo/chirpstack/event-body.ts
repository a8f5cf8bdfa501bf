import { randomUUID } from 'node:crypto'
import type { Milliseconds } from '../../core/clock.ts'
import type { Directory, SimulatedDevice } from './directory.ts'

type Json = Record<string, unknown>

/** An uplink as a test or the demo plant describes it. */
export interface Uplink {
  /** What the codec decoded; absent: there is no codec, or it failed. */
  readonly object?: Json
  /** When the gateway received it; null: the event has no time. */
  readonly time?: Milliseconds | null
  readonly fPort?: number
  readonly dr?: number
  /** dBm at the best gateway. */
  readonly rssi?: number
  /** dB at the best gateway. */
  readonly snr?: number
  /** Its `deduplicationId`, to write one uplink twice. */
  readonly id?: string
}

const FREQUENCIES = [868_100_000, 868_300_000, 868_500_000] as const
/** How much weaker the second gateway hears it. */
const WEAKER = { rssi: 14, snr: 6.5 }

/** What every event of a device begins with, as protobuf JSON. */
export function commonBody(
  directory: Directory,
  device: SimulatedDevice,
  time: Milliseconds | null,
  id: string = randomUUID(),
): Json {
  const application = directory.applications.get(device.applicationId)
  const profile = directory.profiles.get(device.profileId)
  const tenantId = application?.tenantId ?? ''
  return {
    deduplicationId: id,
    ...(time === null ? {} : { time: toRfc3339(time) }),
    deviceInfo: {
      tenantId,
      tenantName: directory.tenants.get(tenantId)?.name ?? '',
      applicationId: device.applicationId,
      applicationName: application?.name ?? '',
      deviceProfileId: device.profileId,
      deviceProfileName: profile?.name ?? '',
      deviceName: device.name,
      devEui: device.devEui,
      deviceClassEnabled: 'CLASS_A',
      tags: {},
    },
  }
}

/** The fields of an `up` event beside the common ones. */
export function uplinkBody(device: SimulatedDevice, uplink: Uplink): Json {
  const { object, fPort = 2, dr = 5, rssi = -87, snr = 7.5 } = uplink
  return {
    devAddr: `01${device.devEui.slice(-6)}`,
    adr: true,
    dr,
    fCnt: device.fCnt,
    fPort,
    confirmed: false,
    data: Buffer.from(`${device.fCnt}`).toString('base64'),
    ...(object === undefined ? {} : { object }),
    rxInfo: [
      reception('0016c001f153a14c', rssi, snr, device.fCnt),
      reception('0016c001f1500812', rssi - WEAKER.rssi, snr - WEAKER.snr, device.fCnt),
    ],
    txInfo: {
      frequency: FREQUENCIES[device.fCnt % FREQUENCIES.length],
      modulation: { lora: { bandwidth: 125_000, spreadingFactor: 12 - dr, codeRate: 'CR_4_5' } },
    },
    regionConfigId: 'eu868',
  }
}

/** `2026-07-23T10:00:00.123000000+00:00`. */
const toRfc3339 = (time: Milliseconds): string => new Date(time).toISOString().replace('Z', '000000+00:00')

/** ChirpStack leaves zeros out here, and only here. */
function reception(gatewayId: string, rssi: number, snr: number, uplinkId: number): Json {
  return {
    gatewayId,
    uplinkId,
    ...(rssi === 0 ? {} : { rssi }),
    ...(snr === 0 ? {} : { snr }),
    context: 'AAAAAA==',
    crcStatus: 'CRC_OK',
  }
}
