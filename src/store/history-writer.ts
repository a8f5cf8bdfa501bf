import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { TagValue } from '../core/data-type.ts'
import type { DeviceMemory } from '../core/device-memory.ts'
import { describeError } from '../core/errors.ts'
import type { HistoryHealth } from '../core/health.ts'
import type { Logger } from '../core/logger.ts'
import type { SampleRecorder } from '../core/sample.ts'
import type { StatusCode } from '../core/status-code.ts'
import type { TagIndex } from '../core/tag-index.ts'
import { isDamage } from './damage.ts'
import { HistorySegment } from './history-segment.ts'
import type { Outbox } from './outbox.ts'
import type { SeriesBook } from './series.ts'

/** The longest a sample stays unwritten while the disk keeps up. */
const COMMIT_EVERY: Milliseconds = 1_000
/** The most rows of a transaction: some milliseconds of the engine's thread. */
const ROWS_A_COMMIT = 1_000
/** Segments that may wait for the disk; what comes beyond is not kept. */
const MOST_WAITING = 200

/**
 * Writes history: samples and what sources remember of their devices are collected in a segment, which is written in
 * one transaction at the latest a second later, with a turn of the event loop between two. A sample of the same tag
 * and source time replaces the one before. While the disk fails, segments wait and are tried again every second; when
 * too many wait, further samples are left out, counted and told of. `record` and `keep` never wait and never throw.
 */
export class HistoryWriter implements SampleRecorder, DeviceMemory {
  readonly #series: SeriesBook
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onDamage: ((error: Error) => void) | undefined
  readonly #recall: Database.Statement<[string], { memory: string }>
  readonly #write: (segment: HistorySegment) => void
  readonly #waiting: HistorySegment[] = []
  #open = new HistorySegment(ROWS_A_COMMIT)
  #spare: HistorySegment | undefined
  #stopTimer: (() => void) | undefined
  #committing: Promise<void> | undefined
  #failure = ''
  #written = 0
  #lost = 0
  /** Samples lost in the present run of losses. */
  #losing = 0
  #lastCommitAt: number | null = null
  #slowest: Milliseconds = 0

  /** `onDamage`: the database itself is damaged, so that trying again mends nothing. */
  constructor(parts: {
    database: Database.Database
    series: SeriesBook
    /** Gets what is written, in the same transaction, where a sink wants it. */
    outbox?: Outbox | undefined
    clock: Clock
    log: Logger
    onDamage?: (error: Error) => void
  }) {
    const { database, outbox } = parts
    this.#series = parts.series
    this.#clock = parts.clock
    this.#log = parts.log
    this.#onDamage = parts.onDamage
    this.#recall = database.prepare('SELECT memory FROM device_memory WHERE device = ?')
    const insert = database.prepare(
      `INSERT INTO samples (series, source_time, server_time, status, value) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (series, source_time) DO UPDATE
         SET server_time = excluded.server_time, status = excluded.status, value = excluded.value
         WHERE samples.value IS NOT excluded.value OR samples.status <> excluded.status`,
    )
    const remember = database.prepare(
      `INSERT INTO device_memory (device, memory) VALUES (?, ?)
       ON CONFLICT (device) DO UPDATE SET memory = excluded.memory`,
    )
    const write = database.transaction((segment: HistorySegment) => {
      segment.writeTo(insert)
      for (const [device, memory] of segment.memories) remember.run(device, memory)
      outbox?.add(segment.changedRows)
    })
    this.#write = (segment) => {
      write(segment)
      outbox?.committed()
    }
  }

  start(): void {
    this.#stopTimer ??= this.#clock.every(COMMIT_EVERY, () => void this.commit())
  }

  /** Writes what is left and ends. */
  async stop(): Promise<void> {
    this.#stopTimer?.()
    this.#stopTimer = undefined
    await this.#committing
    await this.commit()
    if (this.#waitingRows > 0) {
      this.#log.error({ samples: this.#waitingRows }, `history ends without its last samples: ${this.#failure}`)
    }
  }

  record(
    tag: TagIndex,
    value: TagValue | undefined,
    status: StatusCode,
    sourceTime: Milliseconds,
    serverTime: Milliseconds,
  ): void {
    const time = Math.trunc(sourceTime)
    // One sample that the table refuses would hold up all others of its transaction.
    if (!Number.isSafeInteger(time)) {
      this.#lost++
      return
    }
    const series = this.#series.of(tag)
    if (series === undefined || (this.#open.isFull && !this.#makeRoom())) {
      this.#lose()
      return
    }
    this.#open.add(series, value, status, time, Math.trunc(serverTime))
  }

  recall(deviceKey: string): string | undefined {
    const segments = [...this.#waiting, this.#open]
    const unwritten = segments.findLast(({ memories }) => memories.has(deviceKey))
    return unwritten ? unwritten.memories.get(deviceKey) : this.#recall.get(deviceKey)?.memory
  }

  keep(deviceKey: string, memory: string): void {
    // Without room the samples were lost that it speaks of, and a source that forgets them can bring them again.
    if (this.#open.isFull && !this.#makeRoom()) return
    this.#open.memories.set(deviceKey, memory)
    if (this.#open.isDue) this.#makeRoom()
  }

  get health(): HistoryHealth {
    const waiting = this.#waitingRows
    const reason = this.#failure || this.#losses || (this.#waiting.length > MOST_WAITING / 2 ? slow(waiting) : '')
    return {
      ok: reason === '',
      reason,
      written: this.#written,
      waiting,
      lost: this.#lost,
      lastCommitAt: this.#lastCommitAt,
      slowestCommitMs: Math.round(this.#slowest),
    }
  }

  /** Writes what has come until now; a second call while one is under way waits for it. Never rejects. */
  commit(): Promise<void> {
    this.#committing ??= this.#commitWaiting().finally(() => {
      this.#committing = undefined
    })
    return this.#committing
  }

  async #commitWaiting(): Promise<void> {
    // While the disk fails, a segment waits for its rows, so that what may wait is measured in rows and not in seconds.
    if (!this.#open.isEmpty && (this.#waiting.length === 0 || this.#failure === '')) this.#close()
    for (let segment = this.#waiting[0]; segment; segment = this.#waiting[0]) {
      const from = this.#clock.monotonic()
      try {
        this.#write(segment)
      } catch (error) {
        this.#fail(error)
        return
      } finally {
        this.#slowest = Math.max(this.#slowest, this.#clock.monotonic() - from)
      }
      this.#waiting.shift()
      this.#succeed(segment)
      if (this.#waiting.length > 0) await new Promise(setImmediate)
    }
  }

  /** Has the open segment written soon and begins another; false when no more may wait. */
  #makeRoom(): boolean {
    if (this.#waiting.length >= MOST_WAITING) return false
    this.#close()
    if (this.#committing === undefined && this.#failure === '') setImmediate(() => void this.commit())
    return true
  }

  #close(): void {
    this.#waiting.push(this.#open)
    this.#open = this.#spare ?? new HistorySegment(ROWS_A_COMMIT)
    this.#spare = undefined
  }

  #lose(): void {
    this.#lost++
    if (this.#losing++ > 0) return
    const waiting = this.#waitingRows
    this.#log.error({ waiting }, `history loses samples: ${this.#failure || slow(waiting)}`)
  }

  #fail(error: unknown): void {
    if (isDamage(error)) this.#onDamage?.(error)
    const reason = `history cannot be written (${describeError(error)}); check free space and permissions of the data folder`
    if (this.#failure === '') this.#log.error({ error: describeError(error) }, `${reason}; trying again every second`)
    this.#failure = reason
  }

  #succeed(segment: HistorySegment): void {
    if (this.#failure !== '' || this.#losing > 0) {
      this.#log.info({ lost: this.#losing }, 'history is written again')
    }
    this.#failure = ''
    this.#losing = 0
    this.#written += segment.count
    this.#lastCommitAt = this.#clock.now()
    segment.clear()
    this.#spare = segment
  }

  get #losses(): string {
    return this.#losing > 0 ? `history loses samples: ${slow(this.#waitingRows)}` : ''
  }

  get #waitingRows(): number {
    return this.#waiting.reduce((sum, { count }) => sum + count, this.#open.count)
  }
}

const slow = (waiting: number): string =>
  `samples come faster than they can be written, ${waiting} wait; use a faster disk, or keep the history of fewer tags`
