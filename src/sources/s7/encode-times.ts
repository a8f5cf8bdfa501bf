import type { Milliseconds } from '../../core/clock.ts'
import { StatusCode } from '../../core/status-code.ts'
import { isUnwritable, type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import { wholeBytes } from '../whole-number.ts'
import { DATE_BEGINS, LAST_DATE } from './times.ts'
import type { S7Type } from './types.ts'
import type { Zone } from './zone.ts'

export type TimeType = Extract<S7Type, 'S5TIME' | 'TIME' | 'LTIME' | 'TOD' | 'LTOD' | 'DATE' | 'DT' | 'DTL' | 'LDT'>

const DAY: Milliseconds = 86_400_000

/** A duration, a time of day, or a moment, all in milliseconds; what is finer than the type is left out. */
export function encodeTime(type: TimeType, time: Milliseconds, zone: Zone): Buffer | Unwritable {
  const made = bytesOf(type, time, zone)
  if (!isUnwritable(made)) return made
  const isMoment = type === 'DATE' || type === 'DT' || type === 'DTL' || type === 'LDT'
  const what = isMoment ? `${new Date(time).toISOString()} is a time` : `${time} ms is a length of time`
  return unwritable(StatusCode.BadOutOfRange, `${what} that ${type} does not have.`)
}

function bytesOf(type: TimeType, time: Milliseconds, zone: Zone): Buffer | Unwritable {
  switch (type) {
    case 'S5TIME':
      return s5Time(time)
    case 'TIME':
      return wholeBytes({ name: type, width: 32, kind: 'int' }, Math.round(time))
    case 'LTIME':
      return wholeBytes({ name: type, width: 64, kind: 'int' }, nanoseconds(time))
    case 'TOD':
      return time >= 0 && Math.round(time) < DAY
        ? wholeBytes({ name: type, width: 32, kind: 'uint' }, Math.round(time))
        : impossible
    case 'LTOD':
      return time >= 0 && time < DAY
        ? wholeBytes({ name: type, width: 64, kind: 'uint' }, nanoseconds(time))
        : impossible
    case 'LDT':
      return time >= 0 ? wholeBytes({ name: type, width: 64, kind: 'int' }, nanoseconds(time)) : impossible
    case 'DATE': {
      const days = Math.floor((zone.localOf(time) - DATE_BEGINS) / DAY)
      return days > LAST_DATE ? impossible : wholeBytes({ name: type, width: 16, kind: 'uint' }, days)
    }
    case 'DT':
      return dateAndTime(Math.floor(zone.localOf(Math.floor(time))))
    case 'DTL':
      return dateAndTimeLong(zone.localOf(time))
  }
}

const impossible = unwritable(StatusCode.BadOutOfRange, '')

const nanoseconds = (time: Milliseconds): bigint => {
  const whole = Math.floor(time)
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((time - whole) * 1e6))
}

const bcd = (value: number): number => (Math.floor(value / 10) << 4) | (value % 10)

/** Three decimal digits with the finest of the four bases that reaches: 10 ms, 100 ms, 1 s, 10 s. */
function s5Time(time: Milliseconds): Buffer | Unwritable {
  if (time < 0) return impossible
  for (const base of [0, 1, 2, 3]) {
    const steps = Math.round(time / 10 ** (1 + base))
    if (steps > 999) continue
    return Buffer.of((base << 4) | Math.floor(steps / 100), bcd(steps % 100))
  }
  return impossible
}

/** DATE_AND_TIME, with the day of the week in its last digit: 1 is Sunday. */
function dateAndTime(local: Milliseconds): Buffer | Unwritable {
  const date = new Date(local)
  const year = date.getUTCFullYear()
  if (year < 1990 || year > 2089) return impossible
  const ms = date.getUTCMilliseconds()
  const fields = [
    year % 100,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    Math.floor(ms / 10),
  ]
  return Buffer.from([...fields.map(bcd), ((ms % 10) << 4) | (date.getUTCDay() + 1)])
}

/** The years that TIA Portal allows. */
const FIRST_YEAR = 1970
const LAST_YEAR = 2262

function dateAndTimeLong(local: Milliseconds): Buffer | Unwritable {
  const date = new Date(Math.floor(local))
  const year = date.getUTCFullYear()
  if (year < FIRST_YEAR || year > LAST_YEAR) return impossible
  const bytes = Buffer.alloc(12)
  bytes.writeUInt16BE(year, 0)
  const fields = [date.getUTCMonth() + 1, date.getUTCDate(), date.getUTCDay() + 1, date.getUTCHours()]
  bytes.set([...fields, date.getUTCMinutes(), date.getUTCSeconds()], 2)
  const fraction = Math.min(999_999, Math.round((local - Math.floor(local)) * 1e6))
  bytes.writeUInt32BE(date.getUTCMilliseconds() * 1_000_000 + fraction, 8)
  return bytes
}
