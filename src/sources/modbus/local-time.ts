import type { Milliseconds } from '../../core/clock.ts'

/**
 * From a time of the clock on the wall, given as if it were UTC, to UTC. Undefined where the clock never shows it
 * (the hour that is left out in spring), or shows it twice (in autumn) and nothing says that it is the summer's.
 */
export type ToUtc = (local: Milliseconds, summer?: boolean) => Milliseconds | undefined

const DAY: Milliseconds = 86_400_000
const MINUTE: Milliseconds = 60_000

/** `timeZone`: a name of the IANA (`Europe/Berlin`), or an offset (`+01:00`). */
export function toUtc(timeZone: string): ToUtc {
  if (timeZone === 'UTC') return (local) => local
  const offsetAt = offsets(timeZone)
  return (local, summer = false) => {
    const [before, after] = [offsetAt(local - DAY), offsetAt(local + DAY)]
    const [earlier, later] = [local - Math.max(before, after), local - Math.min(before, after)]
    const possible = [earlier, later].filter((time) => time + offsetAt(time) === local)
    const [first, second] = possible
    return first === second || summer || possible.length === 1 ? first : undefined
  }
}

/** What a clock on the wall shows, as if it were UTC, and whether it is set to summer time. */
export type FromUtc = (time: Milliseconds) => { readonly local: Milliseconds; readonly summer: boolean }

export function fromUtc(timeZone: string): FromUtc {
  if (timeZone === 'UTC') return (local) => ({ local, summer: false })
  const offsetAt = offsets(timeZone)
  return (time) => {
    const offset = offsetAt(time)
    const year = new Date(time).getUTCFullYear()
    const standard = Math.min(offsetAt(Date.UTC(year, 0, 1)), offsetAt(Date.UTC(year, 6, 1)))
    return { local: time + offset, summer: offset > standard }
  }
}

function offsets(timeZone: string): (time: Milliseconds) => Milliseconds {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  return (time) => {
    const text = format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours, minutes, seconds] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? []
    const offset = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * MINUTE + Number(seconds ?? 0) * 1_000
    return sign === '-' ? -offset : offset
  }
}
