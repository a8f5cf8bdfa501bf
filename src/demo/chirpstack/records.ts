import type { Milliseconds } from '../../core/clock.ts'

type Texts = Readonly<Record<string, string>>

export interface Tenant {
  readonly id: string
  readonly name: string
  readonly description: string
}

export interface Application {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  readonly description: string
  readonly tags: Texts
}

/** `kind` of a measurement, as ChirpStack numbers it (chirpstack-api `MeasurementKind`). */
export type MeasurementKind = 'UNKNOWN' | 'COUNTER' | 'ABSOLUTE' | 'GAUGE' | 'STRING'

export interface Measurement {
  /** Empty where an operator gave none, as with those that ChirpStack detected. */
  readonly name: string
  readonly kind: MeasurementKind
}

/** What `encodeDownlink` of a codec answers; an error that it throws ends `Enqueue` with status 13. */
export type EncodeDownlink = (object: Readonly<Record<string, unknown>>) => {
  readonly bytes: readonly number[]
  readonly fPort?: number
}

export interface Profile {
  readonly id: string
  /** Empty for a profile that belongs to no tenant and is there for all. */
  readonly tenantId: string
  readonly name: string
  /** Seconds between uplinks. */
  readonly uplinkInterval: number
  /** How often a day the device is asked for its status. */
  readonly statusRequestsPerDay: number
  readonly measurements: Readonly<Record<string, Measurement>>
  /** New keys of decoded objects become measurements of kind UNKNOWN. */
  readonly autoDetectMeasurements: boolean
  readonly codec: 'NONE' | 'CAYENNE_LPP' | 'JS'
  readonly encodeDownlink: EncodeDownlink
  readonly supportsClassB: boolean
  readonly supportsClassC: boolean
  /** Seconds for which a confirmed downlink may stay unacknowledged, in class C. */
  readonly classCTimeout: number
  readonly flushQueueOnActivate: boolean
}

/** As `DeviceStatus` of the device service has it: `batteryLevel` is -1 with external power or when it is unknown. */
export interface DeviceStatus {
  readonly margin: number
  readonly externalPowerSource: boolean
  readonly batteryLevel: number
}

export interface SimulatedDevice {
  /** 16 hexadecimal digits, lower case. */
  readonly devEui: string
  readonly joinEui: string
  readonly applicationId: string
  readonly profileId: string
  readonly name: string
  readonly description: string
  readonly tags: Texts
  readonly variables: Texts
  readonly isDisabled: boolean
  readonly skipFCntCheck: boolean
  /** The class in which it operates. */
  readonly deviceClass: 'A' | 'B' | 'C'
  readonly createdAt: Milliseconds
  readonly updatedAt: Milliseconds
  /** Network server's time of its last uplink. */
  lastSeenAt: Milliseconds | undefined
  /** Undefined until it answered its first status request. */
  status: DeviceStatus | undefined
  /** Frame counter of its next uplink. */
  fCnt: number
  /** Frame counter of the next downlink to it. */
  fCntDown: number
  /** Data rate of its last uplink. */
  dr: number
}

export interface SimulatedGateway {
  /** 16 hexadecimal digits, lower case. */
  readonly gatewayId: string
  readonly tenantId: string
  readonly name: string
  readonly description: string
  readonly location: { readonly latitude: number; readonly longitude: number; readonly altitude: number }
  readonly tags: Texts
  /** Seconds between its statistics. */
  readonly statsInterval: number
  readonly createdAt: Milliseconds
  /** Network server's time of its last statistics. */
  lastSeenAt: Milliseconds | undefined
}

export interface MulticastGroup {
  readonly id: string
  readonly applicationId: string
  readonly name: string
  /** Address under which its devices hear it, 8 hexadecimal digits. */
  readonly mcAddr: string
  /** The group's class C data rate, which limits its payloads. */
  readonly dr: number
  readonly devEuis: readonly string[]
  /** Which send it, one after another. */
  readonly gatewayIds: readonly string[]
  /** Frame counter of its next downlink. */
  fCnt: number
}
