import type { Milliseconds } from './clock.ts'

/** Eight buckets an octave: a percentile is at most 9 % above the truth. */
const AN_OCTAVE = 8
/** The first bucket ends a step above 2^-4 ms, the last one at 2^17 ms, two minutes. */
const LOWEST_OCTAVE = -4
const BUCKETS = AN_OCTAVE * (17 - LOWEST_OCTAVE)
/** From here on old durations count half as much whenever as many new ones have come. */
const FORGETS_AT = 2_048

/**
 * How long something takes, most of all lately, in a fixed number of buckets: noting a duration allocates nothing.
 * Of several histograms `DurationHistogram.percentile` gives the percentile of all together.
 */
export class DurationHistogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #total = 0

  note(duration: Milliseconds): void {
    const bucket = Math.floor((Math.log2(duration) - LOWEST_OCTAVE) * AN_OCTAVE)
    this.#counts[Math.min(BUCKETS - 1, Math.max(0, bucket))]!++
    this.#total++
    if (this.#total >= FORGETS_AT) this.#forgetHalf()
  }

  /** The duration that `share` (0 to 1) of all do not exceed; undefined where none was noted. */
  static percentile(histograms: readonly DurationHistogram[], share: number): Milliseconds | undefined {
    const total = histograms.reduce((sum, each) => sum + each.#total, 0)
    if (total === 0) return undefined
    const wanted = Math.max(1, Math.ceil(share * total))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      for (const each of histograms) seen += each.#counts[bucket]!
      if (seen >= wanted) return 2 ** ((bucket + 1) / AN_OCTAVE + LOWEST_OCTAVE)
    }
    return 2 ** (BUCKETS / AN_OCTAVE + LOWEST_OCTAVE)
  }

  #forgetHalf(): void {
    let total = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const half = this.#counts[bucket]! >>> 1
      this.#counts[bucket] = half
      total += half
    }
    this.#total = total
  }
}
