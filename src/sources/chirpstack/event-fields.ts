/** The events of a device as ChirpStack names them (`LogItem.description`, chirpstack-api `integration.proto`). */
export const eventKinds = ['up', 'join', 'status', 'ack', 'txack', 'log', 'location'] as const
export type EventKind = (typeof eventKinds)[number]

export const isEventKind = (text: string): text is EventKind => (eventKinds as readonly string[]).includes(text)

/** ChirpStack's own events that carry no value of the device: what an integration such as LoRa Cloud answered. */
export const isIgnoredKind = (text: string): boolean => text === 'integration'

const common = ['time', 'deviceInfo'] as const

/**
 * The fields of each event's body, in the camelCase of its protobuf JSON. `link` and `payload` are no fields of
 * ChirpStack: they stand for the radio link of an uplink and for its bytes.
 */
export const eventFields: Readonly<Record<EventKind, readonly string[]>> = {
  up: [
    'object',
    'link',
    'payload',
    'fCnt',
    'fPort',
    'dr',
    'adr',
    'confirmed',
    'devAddr',
    'data',
    'rxInfo',
    'txInfo',
    'relayRxInfo',
    'joinServerContext',
    'regionConfigId',
    'deduplicationId',
    ...common,
  ],
  join: ['devAddr', 'relayRxInfo', 'joinServerContext', 'regionConfigId', 'deduplicationId', ...common],
  status: ['margin', 'batteryLevel', 'batteryLevelUnavailable', 'externalPowerSource', 'deduplicationId', ...common],
  ack: ['queueItemId', 'acknowledged', 'fCntDown', 'deduplicationId', ...common],
  txack: ['queueItemId', 'fCntDown', 'downlinkId', 'gatewayId', 'txInfo', ...common],
  log: ['level', 'code', 'description', 'context', ...common],
  location: ['location', 'deduplicationId', ...common],
}

/** Fields that hold other fields: an address must go on to one of those. */
export const groupFields: ReadonlySet<string> = new Set([
  'object',
  'link',
  'rxInfo',
  'txInfo',
  'relayRxInfo',
  'joinServerContext',
  'deviceInfo',
  'context',
  'location',
])

/** What the gateway itself knows of a device. */
export const deviceFields = ['uplinkInterval', 'age', 'lastSeen'] as const
export type DeviceField = (typeof deviceFields)[number]

export const isDeviceField = (name: unknown): name is DeviceField => (deviceFields as readonly unknown[]).includes(name)

/** What `link` has. */
export const linkFields = [
  'rssi',
  'snr',
  'spreadingFactor',
  'bandwidth',
  'dataRate',
  'frequency',
  'frameCounter',
  'port',
  'gateways',
  'gatewayId',
  'latitude',
  'longitude',
  'altitude',
] as const
export type LinkField = (typeof linkFields)[number]

export const isLinkField = (name: unknown): name is LinkField => (linkFields as readonly unknown[]).includes(name)
