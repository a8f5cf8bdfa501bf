import type { Milliseconds } from '../../core/clock.ts'
import { isDateTime } from '../../core/date-time.ts'
import { fromBcd } from './decode-number.ts'
import { noMeasurement, type Undecodable, undecodable } from './decoded.ts'
import type { Encoding } from './encoding.ts'
import { type ToUtc, toUtc } from './local-time.ts'

export type DateEncoding = Extract<Encoding, 'unix32' | 'unix64' | 'unix64ms' | 'cp56' | 'bcddate' | `date${number}`>

type DecodeDate = (bytes: Buffer, at: number) => Milliseconds | Undecodable

const SECOND: Milliseconds = 1_000

/** A time in milliseconds of the epoch (UTC) out of bytes with the most significant first; impossible ones are undecodable. */
export function dateDecoder(encoding: DateEncoding, timeZone = 'UTC'): DecodeDate {
  switch (encoding) {
    case 'unix32':
      return (bytes, at) => bytes.readUInt32BE(at) * SECOND
    case 'unix64':
      return (bytes, at) => within(Number(bytes.readBigInt64BE(at)) * SECOND)
    case 'unix64ms':
      return (bytes, at) => within(Number(bytes.readBigInt64BE(at)))
    case 'cp56':
      return cp56Decoder(toUtc(timeZone))
    default:
      return fieldsDecoder(fieldsOf[encoding], toUtc(timeZone))
  }
}

const within = (time: Milliseconds): Milliseconds | Undecodable => (isDateTime(time) ? time : undecodable)

/** Year, month, day, hour, minute, second and milliseconds. */
type Fields = readonly [number, number, number, number, number, number, number]
type ReadFields = (bytes: Buffer, at: number) => Fields | undefined

const fieldsOf: Readonly<Record<Exclude<DateEncoding, 'unix32' | 'unix64' | 'unix64ms' | 'cp56'>, ReadFields>> = {
  /** Schneider PowerLogic PM800 and others: month, day; year since 1900, hour; minute, second; a byte each. */
  date3: (bytes, at) => {
    const [month, day, year, hour, minute, second] = bytes.subarray(at, at + 6)
    return [1900 + year!, month!, day!, hour!, minute!, second!, 0]
  },
  /** One register each: year, month, day, hour, minute, second. */
  date6: (bytes, at) => [...words(bytes, at), 0],
  date7: (bytes, at) => [...words(bytes, at), bytes.readUInt16BE(at + 12)],
  /** Decimal digits as the clock of Modicon PLCs has them in %SW53 down to %SW50: yyyy, mmdd, hhmm, ss00. */
  bcddate: (bytes, at) => {
    const year = fromBcd(bytes, at, 2)
    const [month, day, hour, minute, second] = [2, 3, 4, 5, 6].map((each) => fromBcd(bytes, at + each, 1))
    if (year === undefined || month === undefined || day === undefined) return undefined
    if (hour === undefined || minute === undefined || second === undefined) return undefined
    return [year, month, day, hour, minute, second, 0]
  },
}

function words(bytes: Buffer, at: number): [number, number, number, number, number, number] {
  const word = (index: number) => bytes.readUInt16BE(at + 2 * index)
  return [word(0), word(1), word(2), word(3), word(4), word(5)]
}

function fieldsDecoder(read: ReadFields, utc: ToUtc): DecodeDate {
  return (bytes, at) => {
    const fields = read(bytes, at)
    const local = fields && localTime(fields)
    return (local === undefined ? undefined : utc(local)) ?? undecodable
  }
}

/**
 * CP56Time2a (IEC 60870-5-4 §6.8) with its highest bytes first, as Schneider Electric's meters have it in four registers
 * (TI081): year of the century 2000; month, weekday, day; summer time, hour, invalid, minute; milliseconds.
 */
function cp56Decoder(utc: ToUtc): DecodeDate {
  return (bytes, at) => {
    if (bytes[at + 5]! & 0x80) return noMeasurement
    const milliseconds = bytes.readUInt16BE(at + 6)
    const [hour, minute] = [bytes[at + 4]! & 0x1f, bytes[at + 5]! & 0x3f]
    const [month, day] = [bytes[at + 2]! & 0x0f, bytes[at + 3]! & 0x1f]
    const second = Math.floor(milliseconds / SECOND)
    const local = localTime([2000 + (bytes[at + 1]! & 0x7f), month, day, hour, minute, second, milliseconds % SECOND])
    return (local === undefined ? undefined : utc(local, (bytes[at + 4]! & 0x80) !== 0)) ?? undecodable
  }
}

/** As if it were UTC; undefined where there is no such day or time of day. */
function localTime(fields: Fields): Milliseconds | undefined {
  const [year, month, day, hour, minute, second, milliseconds] = fields
  if (year < 1601 || year > 9999 || hour > 23 || minute > 59 || second > 59 || milliseconds > 999) return undefined
  const time = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
  const date = new Date(time)
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : undefined
}
