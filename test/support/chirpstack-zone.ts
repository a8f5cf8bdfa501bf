import type { Milliseconds } from '../../src/core/clock.ts'
import type { BucketSize } from '../../src/sources/chirpstack/polled-address.ts'

const HOUR: Milliseconds = 3_600_000

/**
 * How ChirpStack cuts time into buckets in the zone of its host. A local time that comes twice or never, when the
 * clocks are set, has no bucket.
 */
export class ServerZone {
  readonly #format: Intl.DateTimeFormat

  constructor(timeZone: string) {
    const two = '2-digit'
    this.#format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: two,
      day: two,
      hour: two,
      minute: two,
      second: two,
    })
  }

  /** The local start of the bucket of `time`, as if the zone were UTC. */
  bucketOf(time: Milliseconds, size: BucketSize): Milliseconds {
    const local = new Date(this.#toLocal(time))
    if (size === 'hour') return Math.floor(local.getTime() / HOUR) * HOUR
    return Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), size === 'day' ? local.getUTCDate() : 1)
  }

  nextBucket(bucket: Milliseconds, size: BucketSize): Milliseconds {
    if (size === 'hour') return bucket + HOUR
    const start = new Date(bucket)
    const [month, day] = size === 'day' ? [0, 1] : [1, 0]
    return Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month, start.getUTCDate() + day)
  }

  /** Undefined where the local time comes twice, or never. */
  toInstant(local: Milliseconds): Milliseconds | undefined {
    const offsets = new Set([local - 24 * HOUR, local + 24 * HOUR].map((time) => this.#toLocal(time) - time))
    const instants = [...offsets].map((offset) => local - offset).filter((time) => this.#toLocal(time) === local)
    return instants.length === 1 ? instants[0] : undefined
  }

  #toLocal(time: Milliseconds): Milliseconds {
    const parts = Object.fromEntries(this.#format.formatToParts(time).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((time % 1_000) + 1_000) % 1_000)
  }
}
