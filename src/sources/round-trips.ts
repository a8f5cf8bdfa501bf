import type { Milliseconds } from '../core/clock.ts'

const REMEMBERED = 100

/** How long the last hundred answers took. */
export class RoundTrips {
  readonly #times = new Float64Array(REMEMBERED)
  #noted = 0

  note(time: Milliseconds): void {
    this.#times[this.#noted++ % REMEMBERED] = time
  }

  /** The slowest of them, which is their 99th percentile; undefined before the first. */
  get slowest(): Milliseconds | undefined {
    return this.#noted === 0 ? undefined : Math.max(...this.#times)
  }
}
