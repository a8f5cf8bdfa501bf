import { StatusCode } from '../../core/status-code.ts'
import type { ChirpStackAddress, PathStep } from './address.ts'

/** What an event says at an address: a value of whatever type, or that there is no usable one. */
export type Reading =
  | { readonly value: unknown; readonly status?: undefined }
  | { readonly status: StatusCode; readonly value?: undefined }

/** A decoded JSON object; its keys are somebody else's and are only ever looked up as own properties. */
export type JsonObject = Readonly<Record<string, unknown>>

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What `body` says at `address`; undefined where it says nothing there (another fPort may carry that key).
 * A null, there or on the way, is a statement: the codec computed NaN or infinity, which ChirpStack writes as null, or
 * it says by itself that the sensor has no reading. That is BadSensorFailure, as for a NaN read from a register.
 */
export function readingAt(address: ChirpStackAddress, body: JsonObject): Reading | undefined {
  const [field, next] = address.path
  if (address.event === 'up' && field === 'link') return bestOf(body, next === 'snr' ? 'snr' : 'rssi')
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
  return { value }
}

function stepInto(value: unknown, step: PathStep): unknown {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined
  return isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
}

/**
 * The greatest RSSI or SNR among the gateways that received the frame, each by itself, as ChirpStack's own link
 * metrics take them. ChirpStack leaves 0 out of `rxInfo`, so an absent one is 0.
 */
function bestOf(body: JsonObject, field: 'rssi' | 'snr'): Reading | undefined {
  const receptions = stepInto(body, 'rxInfo')
  if (!Array.isArray(receptions) || receptions.length === 0) return undefined
  let best = Number.NEGATIVE_INFINITY
  for (const reception of receptions as unknown[]) {
    const level = stepInto(reception, field) ?? 0
    if (typeof level !== 'number') return { value: level }
    best = Math.max(best, level)
  }
  return { value: best }
}

/** ChirpStack writes battery level 0 for a device on external power, and for one that cannot measure it (LoRaWAN 1.0.4 §5.5). */
function batteryMissing(body: JsonObject): StatusCode | undefined {
  if (stepInto(body, 'externalPowerSource') === true) return StatusCode.BadNotSupported
  if (stepInto(body, 'batteryLevelUnavailable') === true) return StatusCode.BadSensorFailure
  return undefined
}
