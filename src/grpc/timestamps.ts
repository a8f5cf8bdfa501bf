import type { Milliseconds } from '../core/clock.ts'
import { invalid } from './call-error.ts'

/** google.protobuf.Timestamp and Duration, as proto-loader gives and takes them. */
export interface TimeMessage {
  /** A 64-bit integer: digits where it was received. */
  readonly seconds: string | number
  readonly nanos: number
}

/** From year 1 to year 9999. */
const [EARLIEST_SECOND, LATEST_SECOND] = [-62_135_596_800, 253_402_300_799]
const LONGEST_SECONDS = 315_576_000_000

/** Undefined for NaN: no time is known. */
export function timestamp(time: Milliseconds): TimeMessage | undefined {
  if (Number.isNaN(time)) return undefined
  const seconds = Math.floor(time / 1_000)
  const nanos = Math.round((time - seconds * 1_000) * 1e6)
  return nanos >= 1e9 ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos }
}

/** Milliseconds of the epoch, with a fraction where it has one. Throws CallError. */
export function timeOf(field: string, { seconds, nanos }: TimeMessage): Milliseconds {
  const whole = Number(seconds)
  if (whole >= EARLIEST_SECOND && whole <= LATEST_SECOND && nanos >= 0 && nanos < 1e9)
    return whole * 1_000 + nanos / 1e6
  throw invalid(field, `${seconds} s and ${nanos} ns`, 'a google.protobuf.Timestamp of the years 1 to 9999')
}

/** Throws CallError. */
export function lengthOf(field: string, { seconds, nanos }: TimeMessage): Milliseconds {
  const length = Number(seconds) * 1_000 + nanos / 1e6
  if (length >= 0 && Number(seconds) <= LONGEST_SECONDS && Math.abs(nanos) < 1e9) return length
  throw invalid(field, `${seconds} s and ${nanos} ns`, 'a google.protobuf.Duration that is not negative')
}
