import type { Clock, Milliseconds } from '../../core/clock.ts'

/** After which a read that can stop gives what it has, and goes on when it is asked again. */
const LONG: Milliseconds = 1_000
/** How long a read may hold the thread before others have their turn. */
const TURN: Milliseconds = 10

/** Whoever asked is gone, or has not the time to wait for the rest. */
export class WorkEnded extends Error {}

/** What one request costs the thread: it works in turns, and ends when nobody waits for its answer any more. */
export class Work {
  readonly #clock: Clock
  readonly #isWanted: () => boolean
  readonly #deadline: Milliseconds
  readonly #longFrom: Milliseconds
  #turnEnds: Milliseconds

  /** `timeout`: how long the client waits, 0: it does not say (OPC 10000-4 §7.33, timeoutHint). */
  constructor(options: { clock: Clock; isWanted: () => boolean; timeout: Milliseconds }) {
    const now = options.clock.monotonic()
    this.#clock = options.clock
    this.#isWanted = options.isWanted
    this.#deadline = options.timeout > 0 ? now + options.timeout : Number.POSITIVE_INFINITY
    this.#longFrom = now + LONG
    this.#turnEnds = now + TURN
  }

  get isLong(): boolean {
    return this.#clock.monotonic() >= this.#longFrom
  }

  /** Undefined while the turn lasts; else lets others go on first. Rejects with WorkEnded. */
  pause(): Promise<void> | undefined {
    return this.#clock.monotonic() < this.#turnEnds ? undefined : this.#nextTurn()
  }

  async #nextTurn(): Promise<void> {
    await new Promise(setImmediate)
    const now = this.#clock.monotonic()
    if (!this.#isWanted() || now >= this.#deadline) throw new WorkEnded()
    this.#turnEnds = now + TURN
  }
}
