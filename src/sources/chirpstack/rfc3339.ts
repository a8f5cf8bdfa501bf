import type { Milliseconds } from '../../core/clock.ts'

const pattern = /^(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|z|[+-]\d\d:\d\d)$/

/**
 * Milliseconds of the epoch of an RFC 3339 time with up to nine digits of fraction, as protobuf JSON writes it
 * (`2026-07-23T10:00:00.123456789+00:00`); what is finer than a millisecond is cut off. Undefined for anything else.
 */
export function parseRfc3339(text: unknown): Milliseconds | undefined {
  const parts = typeof text === 'string' ? pattern.exec(text) : null
  if (!parts) return undefined
  const [, date, time, fraction = '', offset = ''] = parts
  const ms = Date.parse(`${date}T${time}.${fraction.slice(0, 3).padEnd(3, '0')}${offset.toUpperCase()}`)
  return Number.isNaN(ms) ? undefined : ms
}
