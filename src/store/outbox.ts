import { randomUUID } from 'node:crypto'
import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { shapeName } from '../core/data-type.ts'
import { describeError } from '../core/errors.ts'
import type { RecordedSample, SeriesName } from '../core/history-source.ts'
import type { Logger } from '../core/logger.ts'
import { HistorySegment } from './history-segment.ts'
import { type PackedSamples, packDeletions, packSamples } from './outbox-codec.ts'

/** What an entry of the outbox is; the numbers stand in the database. */
export const OutboxKind = { said: 0, written: 1, deleted: 2 } as const
export type OutboxKind = (typeof OutboxKind)[keyof typeof OutboxKind]

/** What a row and its entries in the indexes take beside its data. */
const OVERHEAD = 150

export interface OutboxLimits {
  /** Bytes that may wait. */
  readonly maxSize: number
  /** Age at which an entry is given up; absent: none. */
  readonly keepMs?: Milliseconds | undefined
}

/** What waits. */
export interface OutboxHealth {
  readonly waiting: number
  readonly waitingBytes: number
  readonly oldestAt: Milliseconds | null
  /** Samples given up since start. */
  readonly lost: number
  /** Why samples are given up, and what to do; empty while none are. */
  readonly reason: string
}

/** From `first` to `last`, both included. */
export interface TimeRange {
  readonly first: Milliseconds
  readonly last: Milliseconds
}

interface Tally {
  readonly count: number
  readonly bytes: number
}

/**
 * What a sink has still to get, in `history.db`: each commit of the history puts one entry here, in its own transaction,
 * and a confirmed one is deleted. So after a crash a sample is in both or in neither. When more waits than may, the
 * oldest entries are given up, counted, and said. Belongs to whoever writes the database.
 */
export class Outbox {
  readonly #limits: OutboxLimits
  readonly #clock: Clock
  readonly #log: Logger
  readonly #insert: Database.Statement
  readonly #oldest: Database.Statement<[], Tally & { id: number; at: number }>
  readonly #delete: Database.Statement<[number], Tally>
  readonly #series: Database.Statement<[string, string], { id: number }>
  readonly #deleteAll: (ids: readonly number[]) => Tally
  readonly #alone: (put: () => void) => void
  readonly #onMore: () => void
  #waiting: Tally
  /** What the transaction that is under way adds and gives up. */
  #change = { added: none, lost: none }
  #lost = 0
  /** Given up since the sink last had everything. */
  #losing = 0
  #owed: number[] = []
  #owedFails = false

  constructor(parts: {
    database: Database.Database
    limits: OutboxLimits
    clock: Clock
    log: Logger
    /** There is something new to send. */
    onMore: () => void
  }) {
    const { database } = parts
    this.#limits = parts.limits
    this.#clock = parts.clock
    this.#log = parts.log
    this.#onMore = parts.onMore
    this.#insert = database.prepare('INSERT INTO outbox (key, kind, count, bytes, at, data) VALUES (?, ?, ?, ?, ?, ?)')
    this.#oldest = database.prepare('SELECT id, count, bytes, at FROM outbox ORDER BY id LIMIT 1')
    this.#delete = database.prepare('DELETE FROM outbox WHERE id = ? RETURNING count, bytes')
    this.#series = database.prepare('SELECT id FROM series WHERE tag = ? AND type = ?')
    this.#deleteAll = database.transaction((ids: readonly number[]) =>
      ids.map((id) => this.#delete.get(id) ?? none).reduce(sumOf, none),
    )
    this.#alone = database.transaction((put: () => void) => put())
    this.#waiting = database
      .prepare<[], Tally>('SELECT total(count) AS count, total(bytes) AS bytes FROM outbox')
      .get() as Tally
  }

  /** Within the transaction that writes these samples; `committed` says that it was. */
  add(samples: PackedSamples): void {
    this.#change = { added: none, lost: none }
    if (samples.count > 0) this.#put(OutboxKind.said, samples.count, packSamples(samples))
  }

  /** What was added is on disk. */
  committed(): void {
    const { added, lost } = this.#change
    this.#change = { added: none, lost: none }
    this.#waiting = less(sumOf(this.#waiting, added), lost)
    if (lost.count > 0) this.#lose(lost.count)
    if (added.count > 0) this.#onMore()
  }

  /** What users wrote, once it is in the history; throws where the disk cannot be written. */
  addWritten(series: SeriesName, samples: readonly RecordedSample[]): void {
    const id = this.#idOf(series)
    if (id === undefined || samples.length === 0) return
    const segment = new HistorySegment(samples.length)
    for (const { value, status, sourceTime, serverTime } of samples) {
      segment.add(id, value ?? undefined, status, sourceTime, serverTime)
    }
    this.#commitAlone(OutboxKind.written, samples.length, packSamples(segment.rows))
  }

  /** What users deleted, once it is not in the history any more; throws where the disk cannot be written. */
  addDeleted(series: SeriesName, ranges: readonly TimeRange[]): void {
    const id = this.#idOf(series)
    if (id === undefined || ranges.length === 0) return
    const deletions = ranges.map((range) => ({ series: id, ...range }))
    this.#commitAlone(OutboxKind.deleted, ranges.length, packDeletions(deletions))
  }

  /** These are where they belong; answers those that are deleted now. While the disk fails they wait for the next call. */
  confirm(ids: readonly number[]): readonly number[] {
    const due = [...this.#owed, ...ids]
    try {
      this.#waiting = less(this.#waiting, this.#deleteAll(due))
    } catch (error) {
      if (!this.#owedFails) {
        this.#log.error({ error: describeError(error) }, 'what was sent cannot be taken out of the outbox; tried again')
      }
      this.#owedFails = true
      this.#owed = due
      return []
    }
    this.#owed = []
    this.#owedFails = false
    if (this.#waiting.count === 0 && this.#losing > 0) {
      this.#log.warn({ lost: this.#losing }, 'the sink has everything again, but for the samples that were given up')
      this.#losing = 0
    }
    return due
  }

  get health(): OutboxHealth {
    return {
      waiting: this.#waiting.count,
      waitingBytes: this.#waiting.bytes,
      oldestAt: this.#oldest.get()?.at ?? null,
      lost: this.#lost,
      reason: this.#losing === 0 ? '' : `${this.#losing} samples were given up, the oldest first: ${tooMuch}`,
    }
  }

  #idOf({ tag, shape }: SeriesName): number | undefined {
    return this.#series.get(tag, shapeName(shape))?.id
  }

  #commitAlone(kind: OutboxKind, count: number, data: Buffer): void {
    this.#change = { added: none, lost: none }
    this.#alone(() => this.#put(kind, count, data))
    this.committed()
  }

  #put(kind: OutboxKind, count: number, data: Buffer): void {
    const bytes = data.length + OVERHEAD
    const now = this.#clock.now()
    const lost = this.#makeRoom(bytes, now)
    this.#insert.run(randomUUID(), kind, count, bytes, now, data)
    this.#change = { added: { count, bytes }, lost }
  }

  /** Gives up the oldest until so many bytes fit, and what is too old. */
  #makeRoom(bytes: number, now: Milliseconds): Tally {
    const { maxSize, keepMs = Number.POSITIVE_INFINITY } = this.#limits
    let lost = none
    for (let oldest = this.#oldest.get(); oldest; oldest = this.#oldest.get()) {
      const isFull = this.#waiting.bytes - lost.bytes + bytes > maxSize
      if (!isFull && now - oldest.at <= keepMs) break
      this.#delete.get(oldest.id)
      lost = sumOf(lost, oldest)
    }
    return lost
  }

  #lose(count: number): void {
    this.#lost += count
    if (this.#losing === 0) this.#log.error({ waiting: this.#waiting.count }, `samples are given up: ${tooMuch}`)
    this.#losing += count
  }
}

const none: Tally = { count: 0, bytes: 0 }
const sumOf = (one: Tally, other: Tally): Tally => ({
  count: one.count + other.count,
  bytes: one.bytes + other.bytes,
})
const less = (one: Tally, other: Tally): Tally => ({ count: one.count - other.count, bytes: one.bytes - other.bytes })

const tooMuch =
  'PostgreSQL has not taken them for too long, and no more may wait; see why, or raise sinks.postgres.maxSize or keep. ' +
  'The history of the gateway has them for as long as history.keep says'

/** Deletes what waits for a sink that is configured no more; answers how many samples. */
export function emptyOutbox(database: Database.Database): number {
  const waiting = database.prepare<[], number>('SELECT total(count) FROM outbox').pluck().get() ?? 0
  if (waiting > 0) database.exec('DELETE FROM outbox')
  return waiting
}
