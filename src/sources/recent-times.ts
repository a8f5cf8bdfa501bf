import type { Milliseconds } from '../core/clock.ts'

const REMEMBERED = 300

/** The last three hundred of some durations, for the percentiles that operators are shown. */
export class RecentTimes {
  readonly #times = new Float64Array(REMEMBERED)
  #noted = 0

  note(time: Milliseconds): void {
    this.#times[this.#noted++ % REMEMBERED] = time
  }

  /** What a share of them, 0 to 1, does not exceed; null before the first. */
  percentile(share: number): Milliseconds | null {
    const count = Math.min(this.#noted, REMEMBERED)
    if (count === 0) return null
    const sorted = this.#times.slice(0, count).sort()
    return sorted[Math.min(count - 1, Math.floor(share * count))] ?? null
  }
}
