import { nearest } from '../../core/nearest.ts'
import {
  deviceFields,
  type EventKind,
  eventFields,
  eventKinds,
  groupFields,
  isDeviceField,
  isEventKind,
  isLinkField,
  linkFields,
} from './event-fields.ts'
import { type PolledAddress, parsePolledAddress, polledPrefixes } from './polled-address.ts'

/** A key of an object, or the position in a list. */
export type PathStep = string | number

/**
 * Where a value is in an event of a device: `object.temperature` is the key `temperature` of what the codec decoded
 * from an uplink. `path` has at least one step, the first of which is a field of the event. `device` is no event: its
 * fields are what the gateway itself knows. `payload` goes on with at most the position of a byte, counted from 0.
 */
export interface ChirpStackAddress {
  readonly event: EventKind | 'device'
  readonly path: readonly PathStep[]
  /** The only fPort whose payload is meant. */
  readonly port?: number
  /** Bit of the payload's byte, 0 the least significant. */
  readonly bit?: number
}

/** Why a text is no address. `column` counts from 1. */
export interface AddressFault {
  readonly column: number
  readonly message: string
  readonly mend: string
}

export const isAddressFault = (parsed: ChirpStackAddress | PolledAddress | AddressFault): parsed is AddressFault =>
  'column' in parsed

/** Of what only a call tells, not an event. */
export const isPolledAddress = (parsed: ChirpStackAddress | PolledAddress | AddressFault): parsed is PolledAddress =>
  'poll' in parsed

const EXAMPLES =
  'Write for example object.temperature, object.readings[0].value, object["my key"], link.rssi, payload@10[2], device.age, or status:batteryLevel.'

/** fPorts that carry data of an application (LoRaWAN 1.0.4 §4.3.2); 224 is the test protocol. */
const LAST_PORT = 223
/** A LoRaWAN frame has at most 242 bytes of payload (RP002 §2), and so no byte after this. */
const LAST_BYTE = 241

/** Keys that need no quotes. */
const plainKey = /[\p{L}\p{N}_$-]+/uy
const quotedKey = /"(?:[^"\\]|\\.)*"/uy
const position = /(?:0|[1-9]\d{0,8})(?=\])/y

/**
 * Reads `path` or `event:path`; without an event it is an uplink. A path is keys with dots between them, `[0]` for
 * the position in a list (counted from 0) and `["my key"]`, in JSON's notation, for any other key.
 * What begins as a polled address does (`metric:`, `gateway:`, …) is read as one.
 * Never throws; a fault names the column where the text stops making sense.
 */
export function parseAddress(text: string): ChirpStackAddress | PolledAddress | AddressFault {
  const polled = parsePolledAddress(text)
  if (polled) return polled
  const prefix = /^([^.:["]*):/.exec(text)?.[1]
  const event = prefix ?? 'up'
  if (!isEventKind(event)) {
    const message =
      `starts with "${event}:", which is no event of ChirpStack (${eventKinds.join(', ')}) ` +
      `and nothing that is asked for (${polledPrefixes.join(', ')}).`
    const meant = nearest(event, [...eventKinds, ...polledPrefixes])
    return fault(1, message, meant ? `Write ${meant}:${text.slice(event.length + 1)}.` : EXAMPLES)
  }
  const start = prefix === undefined ? 0 : prefix.length + 1
  if (event === 'up' && /^payload(?![\p{L}\p{N}_$-])/u.test(text.slice(start))) return parsePayload(text, start)
  if (prefix === undefined && text.startsWith('device.')) return parseDevice(text)
  const path = parsePath(text, start)
  if ('column' in path) return path
  return checkField(event, path, start) ?? { event, path }
}

/** The address in its one canonical form; `parseAddress` reads it back. */
export function formatAddress({ event, path, port, bit }: ChirpStackAddress): string {
  if (event === 'device') return `device.${path[0]}`
  const steps = path.map((step, depth) => {
    if (typeof step === 'number') return `[${step}]`
    if (matchAt(plainKey, step, 0) !== step) return `[${JSON.stringify(step)}]`
    return depth === 0 ? step : `.${step}`
  })
  if (port !== undefined) steps.splice(1, 0, `@${port}`)
  return `${event === 'up' ? '' : `${event}:`}${steps.join('')}${bit === undefined ? '' : `.${bit}`}`
}

/** `payload`, `payload@10`, `payload[2]`, `payload@10[2].7`: the fPort, the byte, the bit. */
function parsePayload(text: string, start: number): ChirpStackAddress | AddressFault {
  const mend = 'Write payload, payload[2], payload@10[2] for port 10 only, or payload[2].7 for a bit.'
  let at = start + 'payload'.length
  const address: { event: 'up'; path: PathStep[]; port?: number; bit?: number } = { event: 'up', path: ['payload'] }
  const port = /^@(\d*)/.exec(text.slice(at))
  if (port) {
    address.port = Number(port[1])
    if (!/^[1-9]/.test(port[1] ?? '') || address.port > LAST_PORT) {
      return fault(at + 2, `names no fPort; these are 1 to ${LAST_PORT}.`, mend)
    }
    at += port[0].length
  }
  if (text[at] === '[') {
    const byte = matchAt(position, text, at + 1)
    if (byte === undefined || Number(byte) > LAST_BYTE) {
      return fault(at + 2, `has no position of a byte here, 0 to ${LAST_BYTE}.`, mend)
    }
    address.path.push(Number(byte))
    at += byte.length + 2
    const bit = /^\.([0-7])$/.exec(text.slice(at))
    if (bit) return { ...address, bit: Number(bit[1]) }
  }
  return at === text.length
    ? address
    : fault(at + 1, `goes on with "${text.slice(at, at + 20)}", which says nothing of a payload.`, mend)
}

function parseDevice(text: string): ChirpStackAddress | AddressFault {
  const name = text.slice('device.'.length)
  const fields = deviceFields
  if (isDeviceField(name)) return { event: 'device', path: [name] }
  const mend = `Write device.${nearest(name, fields) ?? 'age'}.`
  return fault(8, `names "${name.slice(0, 40)}", which is not known of a device; it has ${fields.join(', ')}.`, mend)
}

function parsePath(text: string, start: number): PathStep[] | AddressFault {
  const field = matchAt(plainKey, text, start)
  if (field === undefined) return fault(start + 1, 'has no field of the event here.', EXAMPLES)
  const path: PathStep[] = [field]
  let at = start + field.length
  while (at < text.length) {
    const step = text[at] === '.' ? parseKey(text, at + 1) : text[at] === '[' ? parseBracket(text, at + 1) : undefined
    if (!step) return fault(at + 1, `goes on with "${text.slice(at)}", where "." or "[" is needed.`, quoteIt(path))
    if ('column' in step) return step
    if (step.value === '__proto__') {
      return fault(at + 1, 'names "__proto__", which no decoded value can have.', 'Rename the key in the codec.')
    }
    path.push(step.value)
    at = step.end
  }
  return path
}

interface Step {
  readonly value: PathStep
  readonly end: number
}

function parseKey(text: string, at: number): Step | AddressFault {
  const key = matchAt(plainKey, text, at)
  return key === undefined
    ? fault(at + 1, 'has no key after the ".".', 'Write a key, or quote one with odd characters: object["my key"].')
    : { value: key, end: at + key.length }
}

function parseBracket(text: string, at: number): Step | AddressFault {
  const digits = matchAt(position, text, at)
  if (digits !== undefined) return { value: Number(digits), end: at + digits.length + 1 }
  const quoted = matchAt(quotedKey, text, at)
  const key = quoted === undefined ? undefined : unquote(quoted)
  if (quoted === undefined || key === undefined) {
    return fault(at + 1, 'has neither a position nor a quoted key after the "[".', 'Write [0] or ["my key"].')
  }
  const end = at + quoted.length
  return text[end] === ']' ? { value: key, end: end + 1 } : fault(end + 1, 'has no "]" here.', 'Close it with "]".')
}

function checkField(event: EventKind, path: readonly PathStep[], start: number): AddressFault | undefined {
  const [field, next] = path
  const name = String(field)
  const fields = eventFields[event]
  if (!fields.includes(name)) {
    const mend = mendField(event, name, path)
    return fault(start + 1, `names "${name}"; the event "${event}" has ${fields.join(', ')}.`, mend)
  }
  const column = start + name.length + 1
  if (next === undefined && groupFields.has(name)) {
    return fault(column, `ends with "${name}", which is no single value.`, `Name what is in it: ${exampleIn(name)}.`)
  }
  if (name === 'link' && (path.length > 2 || !isLinkField(next))) {
    const meant = nearest(String(next), linkFields) ?? 'rssi'
    return fault(column, `names what "link" has not; it has ${linkFields.join(', ')}.`, `Write link.${meant}.`)
  }
  return undefined
}

function mendField(event: EventKind, name: string, path: readonly PathStep[]): string {
  const rest = formatAddress({ event: 'up', path }).slice(name.length)
  // What goes on after its field can only have meant one that holds others.
  const meant = nearest(
    name,
    eventFields[event].filter((field) => groupFields.has(field) === path.length > 1),
  )
  const mends = meant ? [`Write ${event === 'up' ? '' : `${event}:`}${meant}${rest}.`] : []
  if (event !== 'up') return mends[0] ?? EXAMPLES
  if (!meant && isLinkField(name)) mends.push(`Write link.${name}.`)
  const home = eventKinds.find((kind) => kind !== 'up' && eventFields[kind].includes(name))
  if (home) mends.push(`The field of the event "${home}" is ${home}:${name}${rest}.`)
  return [...mends, `A value that the codec decoded is object.${name}${rest}.`].join(' ')
}

function exampleIn(field: string): string {
  const examples: Partial<Record<string, string>> = {
    object: 'object.temperature',
    link: 'link.rssi',
    rxInfo: 'rxInfo[0].gatewayId',
    txInfo: 'txInfo.frequency',
    deviceInfo: 'deviceInfo.deviceName',
    location: 'location:location.latitude',
  }
  return examples[field] ?? `${field}.name`
}

const quoteIt = (path: readonly PathStep[]): string =>
  `Quote a key that has other characters than letters, digits, "_", "$" and "-": ${formatAddress({ event: 'up', path })}["my key"].`

/** What the sticky `pattern` matches at `at`. */
function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  // Sticky expressions remember where they were; a copy keeps this function without state.
  const sticky = new RegExp(pattern)
  sticky.lastIndex = at
  return sticky.exec(text)?.[0]
}

function unquote(literal: string): string | undefined {
  try {
    return String(JSON.parse(literal))
  } catch {
    return undefined
  }
}

function fault(column: number, message: string, mend: string): AddressFault {
  return { column, message, mend }
}
