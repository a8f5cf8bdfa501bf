/** The events of a device as ChirpStack names them (`LogItem.description`, chirpstack-api `integration.proto`). */
export const eventKinds = ['up', 'join', 'status', 'ack', 'txack', 'log', 'location'] as const
export type EventKind = (typeof eventKinds)[number]

export const isEventKind = (text: string): text is EventKind => (eventKinds as readonly string[]).includes(text)

const common = ['time', 'deviceInfo'] as const

/**
 * The fields of each event's body, in the camelCase of its protobuf JSON. `link` of `up` is no field of ChirpStack:
 * it stands for the best gateway that received the frame.
 */
export const eventFields: Readonly<Record<EventKind, readonly string[]>> = {
  up: [
    'object',
    'link',
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

/** What `link` has. */
export const linkFields = ['rssi', 'snr'] as const
