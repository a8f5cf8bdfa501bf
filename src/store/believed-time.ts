import type { Clock, Milliseconds } from '../core/clock.ts'

/** A clock that is set forward by more than this is not believed until it has been right for `PROVED`. */
const TOLERANCE: Milliseconds = 3_600_000
const PROVED: Milliseconds = 86_400_000

/**
 * The time by which what is old is deleted. A clock that was set forward by years would make all of it old: such a time
 * counts only after a day, until which an operator can mend it. A clock that was set back is believed at once.
 */
export class BelievedTime {
  readonly #clock: Clock
  /** What the clock said when it was believed last, and the monotonic time then. */
  #time: Milliseconds
  #at: Milliseconds
  #aheadSince: Milliseconds | undefined

  /** `known`: when the gateway last wrote something, as far as that is known. */
  constructor(clock: Clock, known: Milliseconds | undefined) {
    this.#clock = clock
    this.#at = clock.monotonic()
    this.#time = known === undefined ? clock.now() : Math.min(known, clock.now())
  }

  /** Whether the clock says a time that is not believed. */
  get isDoubted(): boolean {
    return this.#aheadSince !== undefined
  }

  /** `bearable`: how far ahead it may be, where that is more than an hour. */
  now(bearable: Milliseconds): Milliseconds {
    const [now, monotonic] = [this.#clock.now(), this.#clock.monotonic()]
    const expected = this.#time + (monotonic - this.#at)
    if (now > expected + Math.max(TOLERANCE, bearable)) {
      this.#aheadSince ??= monotonic
      if (monotonic - this.#aheadSince < PROVED) return expected
    }
    this.#aheadSince = undefined
    this.#time = now
    this.#at = monotonic
    return now
  }
}
