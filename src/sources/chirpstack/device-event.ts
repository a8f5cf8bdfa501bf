import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { parseRfc3339 } from './rfc3339.ts'

/** One entry of a device's event stream (chirpstack-api `LogItem`). */
export interface StreamItem {
  /** Redis stream id, `milliseconds-sequence`. */
  readonly id: string
  /** When ChirpStack wrote the entry, milliseconds of the epoch. */
  readonly time: Milliseconds | undefined
  /** The kind of event: `up`, `join`, … */
  readonly description: string
  /** The event as protobuf JSON. */
  readonly body: string
}

export interface DeviceEvent {
  readonly body: JsonObject
  /** When the event happened: its own time where it can be believed, or else when ChirpStack wrote it. */
  readonly time: Milliseconds
  /** The same for all copies of one event; not every kind has it. */
  readonly deduplicationId: string | undefined
}

/** Longer than any event of a frame; ChirpStack's own messages are some thousand characters. */
const LONGEST_BODY = 1_048_576
/** A gateway that lost its connection can deliver its frames this much later. */
const LATEST_DELIVERY: Milliseconds = 7 * 86_400_000

/** ChirpStack takes a gateway's own time if it is as close to its own. */
const GATEWAY_SKEW: Milliseconds = 30_000

/** ChirpStack v4 is younger than this. */
const FIRST_BELIEVED: Milliseconds = Date.UTC(2020, 0, 1)

/** Decodes the item's body; throws PROTOCOL_VIOLATION where it is not a JSON object, or nothing says when it happened. */
export function decodeEvent(item: StreamItem): DeviceEvent {
  const body = parseBody(item)
  const time = believable(parseRfc3339(body.time) ?? item.time, writtenAt(item))
  if (time === undefined || Number.isNaN(time)) {
    throw new PenstockError('PROTOCOL_VIOLATION', `The event "${item.description}" (${item.id}) has no time`)
  }
  const id = body.deduplicationId
  return { body, time, deduplicationId: typeof id === 'string' && id !== '' ? id : undefined }
}

/**
 * `LogItem.time` repeats the event's own time; the entry's id tells when it was written, by the clock of Redis, unless
 * that was never set.
 */
function writtenAt({ id, time }: StreamItem): Milliseconds | undefined {
  const at = /^(\d{13,14})-\d/.exec(id)?.[1]
  return at !== undefined && Number(at) > FIRST_BELIEVED ? Number(at) : time
}

/**
 * An event did not happen after ChirpStack wrote it down, nor long before: a gateway's GPS clock, which ChirpStack does
 * not check, can be off by years. Taken as it is, a time in the future would make every later event look old.
 */
function believable(own: Milliseconds | undefined, written: Milliseconds | undefined): Milliseconds | undefined {
  if (own === undefined || written === undefined) return own ?? written
  return own > written + GATEWAY_SKEW || own < written - LATEST_DELIVERY ? written : own
}

function parseBody({ id, description, body }: StreamItem): JsonObject {
  if (body.length > LONGEST_BODY) {
    const found = `The event "${description.slice(0, 40)}" (${id}) has ${body.length} characters`
    throw new PenstockError('PROTOCOL_VIOLATION', `${found}, of at most ${LONGEST_BODY}`)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch (cause) {
    throw new PenstockError('PROTOCOL_VIOLATION', `The event "${description}" (${id}) is not JSON`, { cause })
  }
  if (isJsonObject(parsed)) return parsed
  throw new PenstockError('PROTOCOL_VIOLATION', `The event "${description}" (${id}) is not a JSON object`)
}
