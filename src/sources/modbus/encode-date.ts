import type { Milliseconds } from '../../core/clock.ts'
import { StatusCode } from '../../core/status-code.ts'
import { isUnwritable, type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import type { DateEncoding } from './decode-date.ts'
import { encodeNumber } from './encode-number.ts'
import { fromUtc } from './local-time.ts'

const SECOND: Milliseconds = 1_000

/** A time in the bytes of its encoding, the most significant first; what is finer than the encoding is left out. */
export function encodeDate(encoding: DateEncoding, time: Milliseconds, timeZone = 'UTC'): Buffer | Unwritable {
  const made = bytesOf(encoding, time, timeZone)
  if (!isUnwritable(made)) return made
  return unwritable(
    StatusCode.BadOutOfRange,
    `${new Date(time).toISOString()} is a time that ${encoding} does not have.`,
  )
}

function bytesOf(encoding: DateEncoding, time: Milliseconds, timeZone: string): Buffer | Unwritable {
  if (encoding === 'unix32') return encodeNumber('uint32', Math.floor(time / SECOND))
  if (encoding === 'unix64') return encodeNumber('int64', Math.floor(time / SECOND))
  if (encoding === 'unix64ms') return encodeNumber('int64', Math.floor(time))
  const { local, summer } = fromUtc(timeZone)(Math.floor(time))
  const date = new Date(local)
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()]
  const [hour, minute, second] = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()]
  const ms = date.getUTCMilliseconds()
  const [first, last] = yearsOf[encoding]
  if (year < first || year > last) return unwritable(StatusCode.BadOutOfRange, `${year}`)
  switch (encoding) {
    case 'date3':
      return Buffer.of(month, day, year - 1900, hour, minute, second)
    case 'date6':
      return words([year, month, day, hour, minute, second])
    case 'date7':
      return words([year, month, day, hour, minute, second, ms])
    case 'bcddate':
      return Buffer.from([Math.floor(year / 100), year % 100, month, day, hour, minute, second, 0].map(bcd))
    case 'cp56': {
      // Monday is 1 (IEC 60870-5-4 §6.8).
      const weekday = date.getUTCDay() || 7
      const thousandths = second * SECOND + ms
      const front = [0, year - 2000, month, (weekday << 5) | day, (summer ? 0x80 : 0) | hour, minute]
      return Buffer.from([...front, thousandths >> 8, thousandths & 0xff])
    }
  }
}

const yearsOf = {
  date3: [1900, 2155],
  date6: [1601, 9999],
  date7: [1601, 9999],
  bcddate: [1601, 9999],
  cp56: [2000, 2127],
} as const

const bcd = (value: number): number => (Math.floor(value / 10) << 4) | (value % 10)

function words(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at)
  return bytes
}
