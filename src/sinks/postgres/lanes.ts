import type { Clock, Milliseconds } from '../../core/clock.ts'

/** An entry of the outbox, as far as its turn depends on it. */
export interface QueuedEntry {
  readonly id: number
  /** Samples, as devices said them, may go ahead of others; what users changed may not. */
  readonly isSaid: boolean
  readonly count: number
}

export interface Queue<Entry extends QueuedEntry> {
  /** The number of the newest entry, 0 where there is none. */
  readonly last: number
  /** Samples that wait. */
  readonly waiting: number
  /** Entries behind `after` up to `last`, in order: as many as hold `most` samples together, and at least one. */
  next(after: number, last: number, most: number): Entry[]
  entry(id: number): Entry | undefined
}

export interface Batch<Entry> {
  readonly entries: readonly Entry[]
  /** Newer entries may have gone ahead: a row that a later statement wrote stands. */
  readonly behind: boolean
}

/**
 * What is sent next. What is recorded from now on goes first and in order; what waited when the session began follows
 * in its own order, at a bounded rate, one batch at a time between two looks at what is new. So however long the
 * database was away, new samples wait for one batch at most. What a user changed keeps its place behind all that was
 * recorded before.
 */
export class Lanes<Entry extends QueuedEntry> {
  readonly #queue: Queue<Entry>
  readonly #clock: Clock
  readonly #batchSize: number
  readonly #replayRate: number
  /** Entries that are where they belong, and still in the queue. */
  readonly #done: Set<number>
  /** Live entries behind this one come next. */
  #live: number
  /** Entries up to this one waited; undefined once they are gone. */
  #boundary: number | undefined
  #behind = 0
  /** Changes of users that wait for the backlog. */
  #changes: number[] = []
  #replayAt: Milliseconds

  constructor(parts: {
    queue: Queue<Entry>
    done: Iterable<number>
    clock: Clock
    batchSize: number
    /** Samples a second of what waited. */
    replayRate: number
  }) {
    this.#queue = parts.queue
    this.#clock = parts.clock
    this.#batchSize = parts.batchSize
    this.#replayRate = parts.replayRate
    this.#done = new Set(parts.done)
    this.#replayAt = parts.clock.monotonic()
    const isBacklog = this.#queue.waiting > this.#batchSize
    this.#boundary = isBacklog ? this.#queue.last : undefined
    this.#live = this.#boundary ?? 0
  }

  /** What waited is still being sent. */
  get isReplaying(): boolean {
    return this.#boundary !== undefined
  }

  /** What is to be sent now; or undefined, and `pauseMs` says when to ask again if nothing new comes. */
  next(): Batch<Entry> | undefined {
    const live = this.#nextLive()
    if (live.length > 0) return { entries: live, behind: false }
    if (this.#boundary === undefined || this.pauseMs > 0) return undefined
    const entries = this.#nextBehind(this.#boundary)
    if (entries.length > 0) return { entries, behind: true }
    this.#boundary = undefined
    return undefined
  }

  /** How long what waited has to wait on; without it, only what is new is worth waiting for. */
  get pauseMs(): Milliseconds {
    if (this.#boundary === undefined) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#replayAt - this.#clock.monotonic())
  }

  /** These were committed. */
  sent({ entries, behind }: Batch<Entry>): void {
    for (const { id } of entries) this.#done.add(id)
    if (!behind) return
    const samples = entries.reduce((sum, { count }) => sum + count, 0)
    this.#replayAt = Math.max(this.#replayAt, this.#clock.monotonic()) + (samples / this.#replayRate) * 1_000
  }

  /** These are in the queue no more. */
  gone(ids: Iterable<number>): void {
    for (const id of ids) this.#done.delete(id)
  }

  #nextLive(): readonly Entry[] {
    for (;;) {
      const found = this.#queue.next(this.#live, Number.MAX_SAFE_INTEGER, this.#batchSize)
      if (found.length === 0) return []
      const due: Entry[] = []
      for (const entry of found) {
        const isChange = !entry.isSaid && !this.#done.has(entry.id)
        if (isChange && this.#boundary === undefined) {
          if (due.length > 0) return due
          this.#live = entry.id
          return [entry]
        }
        this.#live = entry.id
        if (isChange) this.#changes.push(entry.id)
        else if (!this.#done.has(entry.id)) due.push(entry)
      }
      if (due.length > 0) return due
    }
  }

  #nextBehind(boundary: number): readonly Entry[] {
    const most = Math.min(this.#batchSize, this.#replayRate)
    for (;;) {
      const found = this.#queue.next(this.#behind, boundary, most)
      if (found.length === 0) break
      const due: Entry[] = []
      for (const entry of found) {
        if (!this.#done.has(entry.id)) {
          if (!entry.isSaid && due.length > 0) return due
          due.push(entry)
        }
        this.#behind = entry.id
        if (!entry.isSaid && due.length > 0) return due
      }
      if (due.length > 0) return due
    }
    for (let id = this.#changes.shift(); id !== undefined; id = this.#changes.shift()) {
      const entry = this.#queue.entry(id)
      if (entry) return [entry]
    }
    return []
  }
}
