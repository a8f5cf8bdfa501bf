import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'
import { isJsonObject, type JsonObject } from './reading.ts'
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
  /** When the event happened: its own time, or else when ChirpStack wrote it. */
  readonly time: Milliseconds
  /** The same for all copies of one event; not every kind has it. */
  readonly deduplicationId: string | undefined
}

/** Decodes the item's body; throws PROTOCOL_VIOLATION where it is not a JSON object, or nothing says when it happened. */
export function decodeEvent(item: StreamItem): DeviceEvent {
  const body = parseBody(item)
  const time = parseRfc3339(body.time) ?? item.time
  if (time === undefined || Number.isNaN(time)) {
    throw new PenstockError('PROTOCOL_VIOLATION', `The event "${item.description}" (${item.id}) has no time`)
  }
  const id = body.deduplicationId
  return { body, time, deduplicationId: typeof id === 'string' && id !== '' ? id : undefined }
}

function parseBody({ id, description, body }: StreamItem): JsonObject {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch (cause) {
    throw new PenstockError('PROTOCOL_VIOLATION', `The event "${description}" (${id}) is not JSON`, { cause })
  }
  if (isJsonObject(parsed)) return parsed
  throw new PenstockError('PROTOCOL_VIOLATION', `The event "${description}" (${id}) is not a JSON object`)
}
