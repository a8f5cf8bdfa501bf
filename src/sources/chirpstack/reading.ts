import { StatusCode } from '../../core/status-code.ts'
import type { ChirpStackAddress } from './address.ts'
import { isLinkField } from './event-fields.ts'
import { type JsonObject, stepInto } from './json.ts'
import { linkReading } from './link-reading.ts'

/** What an event says at an address: a value of whatever type, or that there is no usable one, and perhaps why. */
export type Reading =
  | { readonly value: unknown; readonly status?: undefined }
  | { readonly status: StatusCode; readonly reason?: string; readonly value?: undefined }

/** Text that a frame of 242 bytes cannot have meant; it is not carried through the gateway. */
const LONGEST_TEXT = 65_536

/**
 * What `body` says at `address`; undefined where it says nothing there (another fPort may carry that key).
 * A null, there or on the way, is a statement: the codec computed NaN or infinity, which ChirpStack writes as null, or
 * it says by itself that the sensor has no reading. That is BadSensorFailure, as for a NaN read from a register.
 */
export function readingAt(address: ChirpStackAddress, body: JsonObject): Reading | undefined {
  const [field, next] = address.path
  if (address.event === 'up' && field === 'link') return isLinkField(next) ? linkReading(next, body) : undefined
  if (address.event === 'status' && field === 'batteryLevel') {
    const missing = batteryMissing(body)
    if (missing !== undefined) return { status: missing }
  }
  let value: unknown = body
  for (const step of address.path) {
    value = stepInto(value, step)
    if (value === undefined) return undefined
    if (value === null) return { status: StatusCode.BadSensorFailure }
  }
  if (typeof value === 'string' && value.length > LONGEST_TEXT) {
    return { status: StatusCode.BadDecodingError, reason: `a text of ${value.length} characters` }
  }
  return { value }
}

/** ChirpStack writes battery level 0 for a device on external power, and for one that cannot measure it (LoRaWAN 1.0.4 §5.5). */
function batteryMissing(body: JsonObject): StatusCode | undefined {
  if (stepInto(body, 'externalPowerSource') === true) return StatusCode.BadNotSupported
  if (stepInto(body, 'batteryLevelUnavailable') === true) return StatusCode.BadSensorFailure
  return undefined
}
