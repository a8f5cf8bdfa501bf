import type { Milliseconds } from './clock.ts'

export interface BackoffLimits {
  readonly first: Milliseconds
  readonly most: Milliseconds
}

/**
 * Growing waits between attempts, with full jitter: each wait is drawn between half and all of a ceiling that
 * doubles up to `most`, so that a thousand devices that failed together do not return together.
 */
export class Backoff {
  readonly #limits: BackoffLimits
  readonly #random: () => number
  #ceiling: Milliseconds

  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits
    this.#random = random
    this.#ceiling = limits.first
  }

  /** The wait before the next attempt. */
  next(): Milliseconds {
    const delay = this.#ceiling * (0.5 + this.#random() / 2)
    this.#ceiling = Math.min(this.#ceiling * 2, this.#limits.most)
    return delay
  }

  /** After a success that lasted. */
  reset(): void {
    this.#ceiling = this.#limits.first
  }
}
