import { WindowResults } from '../../core/aggregates/window-results.ts'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { describeError } from '../../core/errors.ts'
import type { HistorySource } from '../../core/history-source.ts'
import { steps } from '../../core/history-steps.ts'
import type { Logger } from '../../core/logger.ts'
import { Turns } from '../../store/turns.ts'
import type { TagWindows } from './tag-windows.ts'

/** What writes history. */
export interface WrittenHistory {
  /** Writes what has come until now. */
  commit(): Promise<void>
  readonly health: { readonly reason: string }
}

/** Statements that come together, a backfill say, are waited for, so that a window is read once for all of them. */
const COLLECT_FOR: Milliseconds = 1_000
/** Windows that may wait to be calculated again; what comes beyond stays as it was told. */
const MOST_WAITING = 100_000
const LAST_WORK: Milliseconds = 500

interface Waiting {
  readonly windows: TagWindows
  readonly width: Milliseconds
  readonly from: Milliseconds
}

/** Calculates windows that are over again, from what is recorded of them, in turns of some milliseconds. */
export class Rereading {
  readonly #source: HistorySource
  readonly #history: WrittenHistory
  readonly #clock: Clock
  readonly #log: Logger
  readonly #isPresent: (windows: TagWindows) => boolean
  #waiting = new Map<string, Waiting>()
  /** Monotonic time from which on what waits is read. */
  #due: Milliseconds = 0
  #refused = 0
  #isRunning = false
  /** Monotonic time at which it ends, whatever waits. */
  #ends: Milliseconds = Number.POSITIVE_INFINITY
  /** Never rejects. */
  running: Promise<void> = Promise.resolve()

  constructor(parts: {
    source: HistorySource
    history: WrittenHistory
    clock: Clock
    log: Logger
    isPresent: (windows: TagWindows) => boolean
  }) {
    this.#source = parts.source
    this.#history = parts.history
    this.#clock = parts.clock
    this.#log = parts.log
    this.#isPresent = parts.isPresent
  }

  add(windows: TagWindows, width: Milliseconds, from: Milliseconds): void {
    const key = `${windows.tag.index} ${width} ${from}`
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(key)) {
      if (this.#refused++ === 0) {
        this.#log.error(
          { waiting: MOST_WAITING },
          'More windows of aggregates than can wait have got late values: some stay as they were',
        )
      }
      return
    }
    if (this.#waiting.size === 0) this.#due = this.#clock.monotonic() + COLLECT_FOR
    this.#waiting.set(key, { windows, width, from })
  }

  /** Reads what waits, if it is time. */
  run(): void {
    if (this.#isRunning || this.#waiting.size === 0 || this.#clock.monotonic() < this.#due) return
    this.#isRunning = true
    this.running = this.#readAll().finally(() => {
      this.#isRunning = false
    })
  }

  /** Reads what still waits, for as long as an ordered end has the time. */
  async stop(): Promise<void> {
    this.#ends = this.#clock.monotonic() + LAST_WORK
    await this.running
    this.#due = 0
    this.run()
    await this.running
  }

  async #readAll(): Promise<void> {
    await this.#history.commit()
    // While the disk fails, what is recorded is not all that was said.
    if (this.#history.health.reason !== '') {
      this.#due = this.#clock.monotonic() + COLLECT_FOR
      return
    }
    const waiting = this.#waiting
    this.#waiting = new Map()
    this.#refused = 0
    const turns = new Turns(this.#clock)
    let failed = 0
    let cause = ''
    for (const each of waiting.values()) {
      if (this.#clock.monotonic() > this.#ends) break
      try {
        await this.#read(each, turns)
      } catch (error) {
        // What is damaged of one tag keeps no other from being read.
        if (failed++ === 0) cause = describeError(error)
      }
    }
    if (failed > 0) this.#log.error({ failed, cause }, 'Windows of aggregates could not be read again from history')
  }

  async #read({ windows, width, from }: Waiting, turns: Turns): Promise<void> {
    const tags = windows.tagsOf(width)
    const isSame = () => this.#isPresent(windows) && windows.tagsOf(width) === tags
    if (tags.length === 0) return
    const results = await this.#resultsOf(windows, width, from, turns)
    if (!isSame()) return
    windows.tell(width, from, results)
    // What followed was told together with others that are empty, or not at all: now it is what ends this value.
    const next = from + width
    if (results.isEmpty || !windows.isOver(width, next)) return
    const following = await this.#resultsOf(windows, width, next, turns)
    if (following.isEmpty && isSame()) windows.tell(width, next, following)
  }

  async #resultsOf(windows: TagWindows, width: Milliseconds, from: Milliseconds, turns: Turns): Promise<WindowResults> {
    const { id, tag } = windows.tag
    const series = { tag: id, shape: { type: tag.type, arrayLength: tag.arrayLength } }
    const functions = windows.tagsOf(width).map((each) => each.function)
    const results = new WindowResults(functions, from, width)
    await turns.next()
    let samples = 0
    for (const sample of steps(this.#source, series, 'ascending', from, from + width - 1)) {
      results.add(sample)
      if (++samples % 1_000 === 0) await turns.next()
    }
    return results
  }
}
