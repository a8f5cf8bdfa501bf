import type { Milliseconds } from './clock.ts'

/** What an OPC UA DateTime can say (OPC 10000-6 §5.2.2.5). */
const EARLIEST: Milliseconds = Date.UTC(1601, 0, 1)
const LATEST: Milliseconds = Date.UTC(9999, 11, 31, 23, 59, 59)

/** Whether this is a moment, in milliseconds of the epoch, that a DateTime can hold. */
export const isDateTime = (value: unknown): value is Milliseconds =>
  typeof value === 'number' && value >= EARLIEST && value <= LATEST

const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:([Zz])|([+-])(\d\d):?(\d\d))$/

/**
 * The moment that a text of ISO 8601 (RFC 3339) names, in milliseconds of the epoch, with what it says of microseconds
 * and beyond as far as a double carries it; undefined without a zone, for a date that no calendar has, a leap second,
 * and what no DateTime holds.
 */
export function parseDateTime(text: string): Milliseconds | undefined {
  const parts = isoPattern.exec(text)
  if (!parts) return undefined
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0))
  const zoneHours = Number(parts[10] ?? 0)
  const zoneMinutes = Number(parts[11] ?? 0)
  if (zoneHours > 23 || zoneMinutes > 59) return undefined
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  const read = new Date(local)
  const isReal =
    read.getUTCFullYear() === year &&
    read.getUTCMonth() === month - 1 &&
    read.getUTCDate() === day &&
    read.getUTCHours() === hour &&
    read.getUTCMinutes() === minute &&
    read.getUTCSeconds() === second
  if (!isReal) return undefined
  const offset = (zoneHours * 60 + zoneMinutes) * 60_000 * (parts[9] === '-' ? -1 : 1)
  const fraction = Number((parts[7] ?? '').padEnd(9, '0')) / 1_000_000
  const time = local - offset + fraction
  return isDateTime(time) ? time : undefined
}

/** Whole milliseconds of a DateTime and the steps of 100 ns beyond them, 0 to 9,999. */
export function splitDateTime(time: Milliseconds): { readonly whole: Milliseconds; readonly ticks: number } {
  const whole = Math.floor(time)
  const ticks = Math.round((time - whole) * 10_000)
  // Adding 0 leaves no negative zero.
  return ticks === 10_000 ? { whole: whole + 1, ticks: 0 } : { whole: whole + 0, ticks: ticks + 0 }
}

/** ISO 8601 in UTC, with seven digits behind the seconds where three do not say all. */
export function formatDateTime(time: Milliseconds): string {
  const { whole, ticks } = splitDateTime(time)
  const text = new Date(whole).toISOString()
  return ticks === 0 ? text : `${text.slice(0, -1)}${String(ticks).padStart(4, '0')}Z`
}
