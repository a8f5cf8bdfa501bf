import type { Clock, Milliseconds } from '../../core/clock.ts'

/** The clock of the server's host, which may be wrong by hours while the gateways and we are right. */
export class ServerClock implements Clock {
  readonly #clock: Clock
  /** How far it is ahead of the true time; negative: behind it. */
  skewMs: Milliseconds = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): Milliseconds {
    return this.#clock.now() + this.skewMs
  }

  monotonic(): Milliseconds {
    return this.#clock.monotonic()
  }

  after(delay: Milliseconds, action: () => void): () => void {
    return this.#clock.after(delay, action)
  }

  every(period: Milliseconds, action: () => void): () => void {
    return this.#clock.every(period, action)
  }
}
