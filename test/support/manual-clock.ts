import type { Clock, Milliseconds } from '../../src/core/clock.ts'

interface Timer {
  readonly action: () => void
  readonly period: Milliseconds | undefined
  readonly order: number
  at: Milliseconds
}

/**
 * A clock that stands still until a test moves it. Timers fire in the order of their times, and of their making where
 * the times are equal; after each one, promises and immediate callbacks settle before the next fires.
 */
export class ManualClock implements Clock {
  readonly #timers = new Set<Timer>()
  #elapsed: Milliseconds = 0
  #epoch: Milliseconds
  #made = 0

  constructor(startEpochMs: Milliseconds = Date.UTC(2026, 0, 1)) {
    this.#epoch = startEpochMs
  }

  now(): Milliseconds {
    return this.#epoch + this.#elapsed
  }

  monotonic(): Milliseconds {
    return this.#elapsed
  }

  after(delay: Milliseconds, action: () => void): () => void {
    return this.#add(delay, action, undefined)
  }

  every(period: Milliseconds, action: () => void): () => void {
    return this.#add(period, action, period)
  }

  /** Timers that would still fire: 0 after a stop that left nothing behind. */
  get pendingTimers(): number {
    return this.#timers.size
  }

  /** Moves time on by `ms` and fires what becomes due on the way; resolves when everything it caused has settled. */
  async advance(ms: Milliseconds): Promise<void> {
    const end = this.#elapsed + ms
    await settle()
    for (let timer = this.#earliest(end); timer !== undefined; timer = this.#earliest(end)) {
      this.#elapsed = Math.max(this.#elapsed, timer.at)
      if (timer.period === undefined) this.#timers.delete(timer)
      else timer.at += timer.period
      timer.action()
      await settle()
    }
    this.#elapsed = end
  }

  /** Moves the wall clock alone, as NTP or an operator does; no timer notices. */
  jump(ms: Milliseconds): void {
    this.#epoch += ms
  }

  #add(delay: Milliseconds, action: () => void, period: Milliseconds | undefined): () => void {
    const timer: Timer = { action, period, order: this.#made++, at: this.#elapsed + Math.max(0, delay) }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  #earliest(end: Milliseconds): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at > end) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }
}

/** Lets every promise that can settle without time or network do so. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
