import type { Milliseconds } from '../../core/clock.ts'

/** How metrics are summed up (chirpstack-api `Aggregation`). */
export type Aggregation = 'HOUR' | 'DAY' | 'MONTH' | 'MINUTE'

/** A wall clock's reading as milliseconds, as if it were UTC. */
export type LocalTime = number

const STEP = { MINUTE: 60_000, HOUR: 3_600_000, DAY: 86_400_000 } as const
/** No zone changes its offset within a quarter of an hour. */
const QUARTER_HOUR = 900_000

/** Wall-clock time in the zone of the server's host: ChirpStack's buckets begin with its hours, days and months. */
export class LocalZone {
  readonly #format: Intl.DateTimeFormat | undefined
  #known: { readonly quarter: number; readonly offset: Milliseconds } = { quarter: Number.NaN, offset: 0 }

  /** `timeZone`: a name of the IANA database, or an offset as `+05:30`. */
  constructor(timeZone: string) {
    this.#format =
      timeZone === 'UTC'
        ? undefined
        : new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset', hour: 'numeric' })
  }

  toLocal(time: Milliseconds): LocalTime {
    return time + this.#offset(time)
  }

  /** The instant of a local time; undefined where it was left out or came twice when the clocks were changed. */
  toInstant(local: LocalTime): Milliseconds | undefined {
    const around = new Set([this.#offset(local - STEP.DAY), this.#offset(local + STEP.DAY)])
    const instants = [...around].map((offset) => local - offset).filter((time) => this.toLocal(time) === local)
    return instants.length === 1 ? instants[0] : undefined
  }

  #offset(time: Milliseconds): Milliseconds {
    if (!this.#format) return 0
    const quarter = Math.floor(time / QUARTER_HOUR)
    if (quarter === this.#known.quarter) return this.#known.offset
    const name = this.#format.formatToParts(time).find(({ type }) => type === 'timeZoneName')?.value ?? 'GMT'
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT(?:([+-])(\d+):(\d+))?/.exec(name) ?? []
    const offset = (sign === '-' ? -1 : 1) * (Number(hours) * STEP.HOUR + Number(minutes) * STEP.MINUTE)
    this.#known = { quarter, offset }
    return offset
  }
}

/** The beginning of the bucket in which a local time lies. */
export function bucketStart(local: LocalTime, aggregation: Aggregation): LocalTime {
  if (aggregation !== 'MONTH') return Math.floor(local / STEP[aggregation]) * STEP[aggregation]
  const date = new Date(local)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
}

/** The beginning of the bucket after the one that begins here. */
export function nextBucket(start: LocalTime, aggregation: Aggregation): LocalTime {
  if (aggregation !== 'MONTH') return start + STEP[aggregation]
  const date = new Date(start)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}
