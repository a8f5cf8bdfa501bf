import type { Clock, Milliseconds } from '../core/clock.ts'

/** How long one turn of the event loop may work. */
const TURN: Milliseconds = 10

/** Work in turns of some milliseconds, between which whatever else the thread has to do is done. */
export class Turns {
  readonly #clock: Clock
  #ends: Milliseconds

  constructor(clock: Clock) {
    this.#clock = clock
    this.#ends = clock.monotonic() + TURN
  }

  /** Resolves at once while the turn lasts. */
  async next(): Promise<void> {
    if (this.#clock.monotonic() < this.#ends) return
    await new Promise(setImmediate)
    this.#ends = this.#clock.monotonic() + TURN
  }
}
