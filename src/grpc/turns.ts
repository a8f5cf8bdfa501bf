import type { Clock, Milliseconds } from '../core/clock.ts'
import { CallOver } from './call.ts'

/** How long a read may hold the thread before others have their turn. */
const TURN: Milliseconds = 10

/** Work in turns, which ends when nobody waits for its outcome any more. */
export class Turns {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #ends: Milliseconds

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    this.#ends = clock.monotonic() + TURN
  }

  /** Undefined while the turn lasts; else lets others go on first. Rejects with CallOver. */
  next(): Promise<void> | undefined {
    return this.#clock.monotonic() < this.#ends ? undefined : this.#letOthers()
  }

  async #letOthers(): Promise<void> {
    await new Promise(setImmediate)
    if (this.#signal.aborted) throw new CallOver()
    this.#ends = this.#clock.monotonic() + TURN
  }
}
