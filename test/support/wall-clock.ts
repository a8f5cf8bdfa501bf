import { type Clock, type Milliseconds, systemClock } from '../../src/core/clock.ts'

/** Real timers, so that real sockets work with it, but a wall clock that a test sets and moves. */
export class WallClock implements Clock {
  readonly monotonic = systemClock.monotonic
  readonly after = systemClock.after
  readonly every = systemClock.every
  #ahead: Milliseconds

  constructor(startsAt: Milliseconds) {
    this.#ahead = startsAt - systemClock.now()
  }

  now(): Milliseconds {
    return systemClock.now() + this.#ahead
  }

  jump(ms: Milliseconds): void {
    this.#ahead += ms
  }
}
