import type { Milliseconds } from '../../core/clock.ts'

/** One page of a list, and how many there are in all. */
export interface Page<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

export interface ListedApplication {
  readonly id: string
  readonly name: string
  readonly description: string
}

export interface ListedDevice {
  /** As ChirpStack writes it: lower case. */
  readonly devEui: string
  readonly profileId: string
  /** When the network server last heard it, by its own clock; undefined: never. */
  readonly lastSeenAt: Milliseconds | undefined
  readonly name: string
  readonly description: string
  readonly profileName: string
  /** What it last answered about itself (LoRaWAN DevStatusAns); undefined: it never did. */
  readonly status: ListedStatus | undefined
  /** Set by an operator, with any names and values. */
  readonly tags: Readonly<Record<string, string>>
  /** When an operator last changed it. */
  readonly updatedAt: Milliseconds | undefined
}

export interface ListedGateway {
  /** As ChirpStack writes it: lower case. */
  readonly gatewayId: string
  readonly tenantId: string
  readonly name: string
  readonly description: string
  /** OFFLINE: silent for more than twice its statistics interval. */
  readonly state: 'NEVER_SEEN' | 'ONLINE' | 'OFFLINE'
  readonly lastSeenAt: Milliseconds | undefined
  /** Degrees and metres; undefined: nobody said where it stands. */
  readonly location: { readonly latitude: number; readonly longitude: number; readonly altitude: number } | undefined
}

export interface ListedStatus {
  /** dB, -32 to 31. */
  readonly margin: number
  readonly externalPowerSource: boolean
  /** Per cent; -1: on external power, or it cannot be measured. */
  readonly batteryLevel: number
}

/** How a measurement is gathered (chirpstack-api `MeasurementKind`); UNKNOWN: ChirpStack saw it and keeps nothing. */
export const measurementKinds = ['UNKNOWN', 'COUNTER', 'ABSOLUTE', 'GAUGE', 'STRING'] as const
export type MeasurementKind = (typeof measurementKinds)[number]

export interface Measurement {
  /** The path in the decoded object, its steps joined by `_`. */
  readonly key: string
  readonly name: string
  readonly kind: MeasurementKind
}

/** What decodes the payload (chirpstack-api `CodecRuntime`). */
export type Codec = 'NONE' | 'CAYENNE_LPP' | 'JS'

export interface DeviceProfile {
  /** Seconds between uplinks that the profile expects; 0: not said. */
  readonly uplinkInterval: number
  /** How often a day the device is asked for its status; 0: never. */
  readonly statusRequestsPerDay: number
  readonly codec: Codec
  /** Class C (LoRaWAN): it hears downlinks at any time, and not only after its uplinks. */
  readonly isAlwaysListening: boolean
}

/** A device profile with what it makes of uplinks. */
export interface MeasuringProfile extends DeviceProfile {
  readonly name: string
  readonly measurements: readonly Measurement[]
}
