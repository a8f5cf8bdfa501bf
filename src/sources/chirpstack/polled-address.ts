import type { AddressFault } from './address.ts'

/** The buckets into which ChirpStack gathers what devices and gateways send; it keeps none of a minute for them. */
export const bucketSizes = ['hour', 'day', 'month'] as const
export type BucketSize = (typeof bucketSizes)[number]

/**
 * What of a bucket a tag shows: the value of the last `closed` one, the value so far of the `current` one, when the
 * closed one began (`start`), or how ChirpStack makes one value of many (`kind`).
 */
export const bucketParts = ['closed', 'current', 'start', 'kind'] as const
export type BucketPart = (typeof bucketParts)[number]

/** The fields of `GetDeviceLinkMetricsResponse`; true: one number a label, such as a data rate. */
const linkMetrics = {
  rx_packets: false,
  gw_rssi: false,
  gw_snr: false,
  rx_packets_per_freq: true,
  rx_packets_per_dr: true,
  errors: true,
} as const
export type LinkMetricName = keyof typeof linkMetrics

/** The fields of `GetGatewayMetricsResponse`. */
const gatewayMetrics = {
  rx_packets: false,
  tx_packets: false,
  rx_packets_per_freq: true,
  tx_packets_per_freq: true,
  rx_packets_per_dr: true,
  tx_packets_per_dr: true,
  tx_packets_per_status: true,
} as const
export type GatewayMetricName = keyof typeof gatewayMetrics

/** What the device list says of a device (chirpstack-api `DeviceListItem`, `DeviceStatus`). */
export const inventoryFields = [
  'lastSeenAt',
  'batteryLevel',
  'margin',
  'externalPowerSource',
  'name',
  'description',
  'profileName',
] as const
export type InventoryField = (typeof inventoryFields)[number]

/** What the gateway list says of a gateway (chirpstack-api `GatewayListItem`). */
export const gatewayFields = [
  'state',
  'lastSeenAt',
  'latitude',
  'longitude',
  'altitude',
  'name',
  'description',
] as const
export type GatewayField = (typeof gatewayFields)[number]

/** What ChirpStack knows of a multicast group, and how many stand in it. */
export const groupFields = ['name', 'class', 'dataRate', 'frequency', 'fCnt', 'devices', 'gateways', 'queue'] as const
export type GroupField = (typeof groupFields)[number]

interface InBucket {
  readonly bucket: BucketSize
  readonly part: BucketPart
}

/** `errors` without a label are all of them together. */
export interface LinkMetricAddress extends InBucket {
  readonly poll: 'link-metric'
  readonly name: LinkMetricName
  readonly label?: string
}

export interface GatewayMetricAddress extends InBucket {
  readonly poll: 'gateway-metric'
  readonly name: GatewayMetricName
  readonly label?: string
}

/** A measurement of the device profile, by its key there. */
export interface MetricAddress extends InBucket {
  readonly poll: 'metric'
  readonly name: string
}

/** Where a value is that no event brings and only a call tells. */
export type PolledAddress =
  | MetricAddress
  | LinkMetricAddress
  | GatewayMetricAddress
  | { readonly poll: 'state'; readonly name: string }
  | { readonly poll: 'inventory'; readonly name: InventoryField }
  | { readonly poll: 'gateway'; readonly name: GatewayField }
  | { readonly poll: 'group'; readonly name: GroupField }

export const polledPrefixes = [
  'metric',
  'link-metric',
  'state',
  'inventory',
  'gateway',
  'gateway-metric',
  'group',
] as const
type Prefix = (typeof polledPrefixes)[number]

const isOneOf = <T extends string>(all: readonly T[], text: string): text is T =>
  (all as readonly string[]).includes(text)

const METRIC = 'Write for example metric:temperature@hour, metric:energy@day, or metric:"my key"@hour.current.'
const LABEL = 'Write for example link-metric:rx_packets_per_dr[5]@day.'
const MINUTE =
  'asks for minutes, which ChirpStack does not keep of devices and gateways: it would answer 0 for ever. ' +
  `Allowed are ${bucketSizes.join(', ')}.`

/**
 * Reads `metric:<measurement>@<bucket>`, `link-metric:<name>@<bucket>`, `gateway-metric:<name>@<bucket>` (each with
 * `.current`, `.start` or `.kind` after it, and some with `[label]` before the @), `state:<measurement>`,
 * `inventory:<field>`, `gateway:<field>` and `group:<field>`. Undefined for a text that begins with none of these. Never throws.
 */
export function parsePolledAddress(text: string): PolledAddress | AddressFault | undefined {
  const prefix = /^([a-z-]+):/.exec(text)?.[1]
  if (prefix === undefined || !isOneOf(polledPrefixes, prefix)) return undefined
  const at = prefix.length + 1
  switch (prefix) {
    case 'inventory':
      return field(prefix, text, at, inventoryFields, (name) => ({ poll: prefix, name }))
    case 'gateway':
      return field(prefix, text, at, gatewayFields, (name) => ({ poll: prefix, name }))
    case 'group':
      return field(prefix, text, at, groupFields, (name) => ({ poll: prefix, name }))
    case 'state':
      return parseState(text, at)
    case 'metric':
      return parseMetric(text, at)
    case 'link-metric':
      return parseCount(text, at, prefix, linkMetrics)
    case 'gateway-metric':
      return parseCount(text, at, prefix, gatewayMetrics)
  }
}

/** The address in its one canonical form; `parsePolledAddress` reads it back. */
export function formatPolledAddress(address: PolledAddress): string {
  switch (address.poll) {
    case 'inventory':
    case 'gateway':
    case 'group':
      return `${address.poll}:${address.name}`
    case 'state':
      return `state:${formatKey(address.name)}`
    default: {
      const { poll, name, bucket, part } = address
      const label = 'label' in address && address.label !== undefined ? `[${address.label}]` : ''
      const key = poll === 'metric' ? formatKey(name) : name
      return `${poll}:${key}${label}@${bucket}${part === 'closed' ? '' : `.${part}`}`
    }
  }
}

interface Read<T> {
  readonly value: T
  readonly end: number
}

const plainKey = /^[\p{L}\p{N}_$.-]+/u
const quotedKey = /^"(?:[^"\\]|\\.)*"/u

const formatKey = (key: string): string => (plainKey.exec(key)?.[0] === key ? key : JSON.stringify(key))

function parseKey(text: string, at: number): Read<string> | AddressFault {
  const rest = text.slice(at)
  const plain = plainKey.exec(rest)?.[0]
  if (plain !== undefined) return { value: plain, end: at + plain.length }
  const quoted = quotedKey.exec(rest)?.[0]
  const value = quoted === undefined ? undefined : unquote(quoted)
  if (quoted === undefined || value === undefined || value === '') {
    return fault(at + 1, 'has no key of a measurement here.', METRIC)
  }
  return { value, end: at + quoted.length }
}

function parseState(text: string, at: number): PolledAddress | AddressFault {
  const key = parseKey(text, at)
  if ('column' in key) return key
  if (key.end < text.length) {
    const message = `goes on with "${text.slice(key.end)}" after the key; a state has no buckets.`
    return fault(key.end + 1, message, 'Write for example state:valve, or state:"my key".')
  }
  return { poll: 'state', name: key.value }
}

function parseMetric(text: string, at: number): PolledAddress | AddressFault {
  const key = parseKey(text, at)
  if ('column' in key) return key
  const bucket = parseBucket(text, key.end)
  return 'column' in bucket ? bucket : { poll: 'metric', name: key.value, ...bucket }
}

function parseCount<Name extends string, Poll extends 'link-metric' | 'gateway-metric'>(
  text: string,
  at: number,
  poll: Poll,
  metrics: Readonly<Record<Name, boolean>>,
): PolledAddress | AddressFault {
  const names = Object.keys(metrics) as Name[]
  const written = /^[^@[.]*/.exec(text.slice(at))?.[0] ?? ''
  if (!isOneOf(names, written)) {
    const message = `names "${written}"; a ${poll} is one of ${names.join(', ')}.`
    return fault(at + 1, message, `Write for example ${poll}:rx_packets@hour.`)
  }
  const labelAt = at + written.length
  const label = parseLabel(text, labelAt, metrics[written], written)
  if ('column' in label) return label
  const bucket = parseBucket(text, label.end)
  if ('column' in bucket) return bucket
  const labelled = label.value === undefined ? {} : { label: label.value }
  return { poll, name: written, ...labelled, ...bucket } as PolledAddress
}

function parseLabel(text: string, at: number, allowed: boolean, name: string): Read<string | undefined> | AddressFault {
  if (text[at] !== '[') {
    if (!allowed || name === 'errors') return { value: undefined, end: at }
    return fault(at + 1, `has no label here: "${name}" has one number for each.`, LABEL)
  }
  if (!allowed) return fault(at + 1, `has a label, but "${name}" is a single number.`, 'Leave out what is in [].')
  const label = /^\[([A-Za-z0-9_]+)\]/.exec(text.slice(at))
  if (label?.[1] === undefined) {
    return fault(at + 2, 'has no label of letters, digits and "_" with a "]" after it here.', LABEL)
  }
  return { value: label[1], end: at + label[0].length }
}

function parseBucket(text: string, at: number): InBucket | AddressFault {
  if (text[at] !== '@') {
    const message = text.length > at ? `goes on with "${text.slice(at)}", where "@" is needed.` : 'has no bucket here.'
    return fault(at + 1, message, `Say which values are taken together: ${METRIC}`)
  }
  const bucket = /^[^.]*/.exec(text.slice(at + 1))?.[0] ?? ''
  if (bucket === 'minute') return fault(at + 2, MINUTE, 'For values as they come use object. and the path.')
  if (!isOneOf(bucketSizes, bucket)) {
    return fault(at + 2, `names the bucket "${bucket}"; allowed are ${bucketSizes.join(', ')}.`, METRIC)
  }
  const partAt = at + 1 + bucket.length
  if (partAt === text.length) return { bucket, part: 'closed' }
  const part = text.slice(partAt + 1)
  if (part !== 'closed' && isOneOf(bucketParts, part)) return { bucket, part }
  const message = `goes on with "${text.slice(partAt)}"; allowed are .current, .start and .kind.`
  return fault(partAt + 1, message, `Leave it out for the value of the last closed ${bucket}.`)
}

function field<Name extends string>(
  prefix: Prefix,
  text: string,
  at: number,
  names: readonly Name[],
  make: (name: Name) => PolledAddress,
): PolledAddress | AddressFault {
  const name = text.slice(at)
  if (isOneOf(names, name)) return make(name)
  const message = `names "${name}"; "${prefix}" has ${names.join(', ')}.`
  return fault(at + 1, message, `Write for example ${prefix}:${names[0]}.`)
}

function unquote(literal: string): string | undefined {
  try {
    return String(JSON.parse(literal))
  } catch {
    return undefined
  }
}

const fault = (column: number, message: string, mend: string): AddressFault => ({ column, message, mend })
