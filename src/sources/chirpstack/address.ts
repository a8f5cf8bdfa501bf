import { type EventKind, eventFields, eventKinds, groupFields, isEventKind, linkFields } from './event-fields.ts'
import { type PolledAddress, parsePolledAddress, polledPrefixes } from './polled-address.ts'

/** A key of an object, or the position in a list. */
export type PathStep = string | number

/**
 * Where a value is in an event of a device: `object.temperature` is the key `temperature` of what the codec decoded
 * from an uplink. `path` has at least one step, the first of which is a field of the event.
 */
export interface ChirpStackAddress {
  readonly event: EventKind
  readonly path: readonly PathStep[]
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
  'Write for example object.temperature, object.air.co2, object.readings[0].value, object["my key"], link.rssi, or status:batteryLevel.'

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
    return fault(1, message, EXAMPLES)
  }
  const start = prefix === undefined ? 0 : prefix.length + 1
  const path = parsePath(text, start)
  if ('column' in path) return path
  return checkField(event, path, start) ?? { event, path }
}

/** The address in its one canonical form; `parseAddress` reads it back. */
export function formatAddress({ event, path }: ChirpStackAddress): string {
  const steps = path.map((step, depth) => {
    if (typeof step === 'number') return `[${step}]`
    if (matchAt(plainKey, step, 0) !== step) return `[${JSON.stringify(step)}]`
    return depth === 0 ? step : `.${step}`
  })
  return `${event === 'up' ? '' : `${event}:`}${steps.join('')}`
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
    const mend = event === 'up' ? `A value that the codec decoded is object.${name}.` : EXAMPLES
    return fault(start + 1, `names "${name}"; the event "${event}" has ${fields.join(', ')}.`, mend)
  }
  const column = start + name.length + 1
  if (next === undefined && groupFields.has(name)) {
    return fault(column, `ends with "${name}", which is no single value.`, `Name what is in it: ${exampleIn(name)}.`)
  }
  if (name === 'link' && (path.length > 2 || !(linkFields as readonly unknown[]).includes(next))) {
    return fault(column, `names what "link" has not; it has ${linkFields.join(', ')}.`, 'Write link.rssi or link.snr.')
  }
  return undefined
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
