import type { Clock, Milliseconds } from '../../core/clock.ts'
import { type Aggregation, bucketStart, type LocalTime, LocalZone, nextBucket } from './local-time.ts'

/** How values of one bucket become one (`storage/metrics.rs`; not the kinds of a profile's measurements). */
export type MetricKind = 'COUNTER' | 'ABSOLUTE' | 'GAUGE'

export interface MetricRow {
  /** The beginning of the bucket. */
  readonly time: Milliseconds
  readonly values: ReadonlyMap<string, number>
}

/** A Redis hash of one bucket, and when it is forgotten. */
interface Bucket {
  readonly fields: Map<string, number>
  expiresAt: Milliseconds
}

const HOUR: Milliseconds = 3_600_000
const KEPT: Readonly<Record<Aggregation, Milliseconds>> = {
  MINUTE: 2 * HOUR,
  HOUR: 48 * HOUR,
  DAY: 62 * 24 * HOUR,
  MONTH: 730 * 24 * HOUR,
}

/** All but duty cycles is kept in these: a minute of a device is never written. */
const STORED: readonly Aggregation[] = ['HOUR', 'DAY', 'MONTH']

/** Redis refuses to add NaN or an infinity; ChirpStack then drops whatever it was doing. */
export class RedisRefusal extends Error {
  constructor() {
    super('ERR value is NaN or Infinity')
    this.name = 'RedisRefusal'
  }
}

/** The metrics of the simulated server, as ChirpStack keeps them in Redis: one hash a name and bucket. */
export class MetricStore {
  readonly #clock: Clock
  readonly #zone: LocalZone
  readonly #buckets = new Map<string, Map<string, Bucket>>()
  readonly #states = new Map<string, string>()
  #recent: ({ readonly hour: LocalTime } & Readonly<Record<'HOUR' | 'DAY' | 'MONTH', string>>) | undefined

  constructor(clock: Clock, timeZone = 'UTC') {
    this.#clock = clock
    this.#zone = new LocalZone(timeZone)
  }

  /** Throws a RedisRefusal after the rest was written, as a Redis transaction does not roll back. */
  save(
    name: string,
    time: Milliseconds,
    kind: MetricKind,
    values: Readonly<Record<string, number>>,
    aggregations: readonly Aggregation[] = STORED,
  ): void {
    const local = this.#zone.toLocal(time)
    const entries = Object.entries(values)
    let refused = false
    for (const aggregation of aggregations) {
      const { fields } = this.#touch(name, aggregation, this.#keyOf(local, aggregation))
      for (const [field, value] of entries) {
        if (kind === 'COUNTER') fields.set(field, value)
        else {
          if (kind === 'GAUGE') add(fields, `_${field}_count`, 1)
          if (Number.isFinite(value)) add(fields, field, value)
          else refused = true
        }
      }
    }
    if (refused) throw new RedisRefusal()
  }

  /** A row for each bucket from that of `start` to that of `end`, also for those in which nothing was written. */
  get(name: string, kind: MetricKind, aggregation: Aggregation, start: Milliseconds, end: Milliseconds): MetricRow[] {
    const rows: MetricRow[] = []
    const last = bucketStart(this.#zone.toLocal(end), aggregation)
    let bucket = bucketStart(this.#zone.toLocal(start), aggregation)
    for (; bucket <= last; bucket = nextBucket(bucket, aggregation)) {
      const time = this.#zone.toInstant(bucket)
      if (time === undefined) continue
      const found = this.#buckets.get(name)?.get(keyOf(bucket, aggregation))
      const fields = found && found.expiresAt > this.#clock.now() ? found.fields : new Map<string, number>()
      rows.push({ time, values: kind === 'GAUGE' ? means(fields) : values(fields) })
    }
    return rows
  }

  saveState(name: string, state: string): void {
    this.#states.set(name, state)
  }

  /** Empty where none was ever saved. */
  getState(name: string): string {
    return this.#states.get(name) ?? ''
  }

  /** Redis loses its data. */
  wipe(): void {
    this.#buckets.clear()
    this.#states.clear()
  }

  /** The key of the bucket of a local time: nearly always one of the same hour as last. */
  #keyOf(local: LocalTime, aggregation: Aggregation): string {
    if (aggregation === 'MINUTE') return keyOf(bucketStart(local, aggregation), aggregation)
    const hour = bucketStart(local, 'HOUR')
    if (this.#recent?.hour !== hour) {
      const [day, month] = [bucketStart(local, 'DAY'), bucketStart(local, 'MONTH')]
      this.#recent = { hour, HOUR: keyOf(hour, 'HOUR'), DAY: keyOf(day, 'DAY'), MONTH: keyOf(month, 'MONTH') }
    }
    return this.#recent[aggregation]
  }

  #touch(name: string, aggregation: Aggregation, key: string): Bucket {
    const buckets = this.#buckets.get(name) ?? new Map<string, Bucket>()
    this.#buckets.set(name, buckets)
    const now = this.#clock.now()
    let bucket = buckets.get(key)
    if (!bucket || bucket.expiresAt <= now) {
      for (const [each, { expiresAt }] of buckets) if (expiresAt <= now) buckets.delete(each)
      bucket = { fields: new Map(), expiresAt: 0 }
      buckets.set(key, bucket)
    }
    bucket.expiresAt = now + KEPT[aggregation]
    return bucket
  }
}

const keyOf = (start: LocalTime, aggregation: Aggregation): string => `${aggregation}:${start}`

function add(fields: Map<string, number>, field: string, value: number): void {
  fields.set(field, (fields.get(field) ?? 0) + value)
}

const values = (fields: ReadonlyMap<string, number>): Map<string, number> =>
  new Map([...fields].filter(([field]) => !field.startsWith('_')))

/** Sums divided by how many values are in them; a sum that has no count, from before the kind changed, stays a sum. */
function means(fields: ReadonlyMap<string, number>): Map<string, number> {
  const out = values(fields)
  for (const [field, sum] of out) out.set(field, sum / (fields.get(`_${field}_count`) ?? 1))
  return out
}
