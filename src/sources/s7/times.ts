import { type Unusable, undecodable } from './unusable.ts'
import type { Zone } from './zone.ts'

const DAY = 86_400_000
const NANOSECONDS = 1_000_000n
const DAY_IN_NANOSECONDS = 86_400_000_000_000n
/** Day 0 of a DATE. */
export const DATE_BEGINS = Date.UTC(1990, 0, 1)
/** 2168-12-31, the last DATE that the PLC's own arithmetic knows (STEP 7). */
export const LAST_DATE = 65_378

/** Milliseconds of a nanosecond count, the nearest that a Double holds. */
const milliseconds = (nanoseconds: bigint): number =>
  Number(nanoseconds / NANOSECONDS) + Number(nanoseconds % NANOSECONDS) / 1e6

/** Two BCD digits; NaN where a nibble is none. */
function bcd(byte: number): number {
  const [tens, ones] = [byte >> 4, byte & 0x0f]
  return tens > 9 || ones > 9 ? Number.NaN : tens * 10 + ones
}

/** Three BCD digits in the lower 12 bits, as counters and times of STEP 7 have them. */
const bcd3 = (word: number): number => bcd((word >> 8) & 0x0f) * 100 + bcd(word & 0xff)

/** 0 to 999; the highest four bits mean nothing. */
export function counter(bytes: Buffer, at: number): number | Unusable {
  const value = bcd3(bytes.readUInt16BE(at))
  return Number.isNaN(value) ? undecodable : value
}

/** Milliseconds of an S5TIME or of what is left of a timer: three BCD digits, and 10 ms, 100 ms, 1 s or 10 s in bits 12, 13. */
export function s5Time(bytes: Buffer, at: number): number | Unusable {
  const word = bytes.readUInt16BE(at)
  const value = bcd3(word) * 10 ** (1 + ((word >> 12) & 3))
  return Number.isNaN(value) ? undecodable : value
}

export const longTime = (bytes: Buffer, at: number): number => milliseconds(bytes.readBigInt64BE(at))

/** Milliseconds since midnight. */
export function timeOfDay(bytes: Buffer, at: number): number | Unusable {
  const value = bytes.readUInt32BE(at)
  return value < DAY ? value : undecodable
}

export function longTimeOfDay(bytes: Buffer, at: number): number | Unusable {
  const value = bytes.readBigUInt64BE(at)
  return value < DAY_IN_NANOSECONDS ? milliseconds(value) : undecodable
}

/** Days since 1990-01-01: the instant at which the day begins where the CPU's clock is set. */
export function date(bytes: Buffer, at: number, zone: Zone): number | Unusable {
  const days = bytes.readUInt16BE(at)
  return days <= LAST_DATE ? zone.epochOf(DATE_BEGINS + days * DAY) : undecodable
}

/** DATE_AND_TIME: BCD year (90 to 89), month, day, hour, minute, second, three digits of milliseconds, weekday. */
export function dateAndTime(bytes: Buffer, at: number, zone: Zone): number | Unusable {
  const year = bcd(bytes.readUInt8(at))
  const thousandth = bytes.readUInt8(at + 7) >> 4
  const ms = thousandth > 9 ? Number.NaN : bcd(bytes.readUInt8(at + 6)) * 10 + thousandth
  return instant(
    {
      year: year < 90 ? 2_000 + year : 1_900 + year,
      month: bcd(bytes.readUInt8(at + 1)),
      day: bcd(bytes.readUInt8(at + 2)),
      hour: bcd(bytes.readUInt8(at + 3)),
      minute: bcd(bytes.readUInt8(at + 4)),
      second: bcd(bytes.readUInt8(at + 5)),
      ms,
    },
    zone,
  )
}

/** DTL: year (two bytes), month, day, weekday, hour, minute, second, nanoseconds (four bytes). */
export function dateAndTimeLong(bytes: Buffer, at: number, zone: Zone): number | Unusable {
  return instant(
    {
      year: bytes.readUInt16BE(at),
      month: bytes.readUInt8(at + 2),
      day: bytes.readUInt8(at + 3),
      hour: bytes.readUInt8(at + 5),
      minute: bytes.readUInt8(at + 6),
      second: bytes.readUInt8(at + 7),
      ms: bytes.readUInt32BE(at + 8) / 1e6,
    },
    zone,
  )
}

/** LDT: nanoseconds since 1970-01-01, UTC. */
export function dateAndLongTime(bytes: Buffer, at: number): number | Unusable {
  const value = bytes.readBigInt64BE(at)
  return value >= 0n ? milliseconds(value) : undecodable
}

interface ClockTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
}

/** No calendar has had such a time where a field is beyond its bounds, NaN (no BCD), or the month has no such day. */
function instant({ year, month, day, hour, minute, second, ms }: ClockTime, zone: Zone): number | Unusable {
  const possible = year >= 1970 && year <= 2554 && hour <= 23 && minute <= 59 && second <= 59 && ms < 1_000
  if (!possible) return undecodable
  const midnight = Date.UTC(year, month - 1, day)
  const back = new Date(midnight)
  if (back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day) return undecodable
  return zone.epochOf(midnight + ((hour * 60 + minute) * 60 + second) * 1_000 + ms)
}
