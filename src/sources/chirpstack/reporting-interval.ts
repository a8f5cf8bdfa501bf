import type { Milliseconds } from '../../core/clock.ts'

/** Intervals of which the median is taken, and how many it needs. */
const KEPT = 9
const NEEDED = 3
/** Uplinks closer than this are one burst, not two reports. */
const SHORTEST: Milliseconds = 1_000

/**
 * How often a device reports: what its profile declares, or else the median of its last intervals. These are taken
 * between the events' own times, so that a replay, which comes all at once, teaches the same as the uplinks did.
 */
export class ReportingInterval {
  readonly #intervals: Milliseconds[] = []
  #declared: Milliseconds | undefined
  #last: Milliseconds | undefined

  /** What the profile says; undefined: nothing. */
  declare(interval: Milliseconds | undefined): void {
    this.#declared = interval
  }

  /** An uplink of `time`. One that is older than the last teaches nothing. */
  observe(time: Milliseconds): void {
    const last = this.#last
    if (last === undefined || time > last) this.#last = time
    if (last === undefined || time - last < SHORTEST) return
    this.#intervals.push(time - last)
    if (this.#intervals.length > KEPT) this.#intervals.shift()
  }

  /** Undefined while neither the profile nor enough uplinks tell. */
  get current(): Milliseconds | undefined {
    if (this.#declared !== undefined) return this.#declared
    if (this.#intervals.length < NEEDED) return undefined
    const sorted = this.#intervals.toSorted((a, b) => a - b)
    return sorted[sorted.length >> 1]
  }
}
