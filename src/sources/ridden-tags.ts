import type { Milliseconds } from '../core/clock.ts'
import type { IndexedTag, TagIndex } from '../core/tag-index.ts'

interface Ride {
  readonly at: Milliseconds
  /** How often it comes along. */
  readonly every: Milliseconds
}

/** When the tags of a device that requests of faster groups read along were last read by one of these. */
export class RiddenTags {
  readonly #rides = new Map<TagIndex, Ride>()

  /** They were read at `at`, by a request that is made every so often just now. */
  note(tags: readonly IndexedTag[], at: Milliseconds, every: Milliseconds): void {
    for (const { index } of tags) this.#rides.set(index, { at, every })
  }

  forget(): void {
    this.#rides.clear()
  }

  /** Whether all these tags come along at least once in a period, and did in the last one. */
  covers(tags: readonly IndexedTag[], period: Milliseconds, now: Milliseconds): boolean {
    if (this.#rides.size === 0) return false
    return tags.every(({ index }) => {
      const ride = this.#rides.get(index)
      return ride !== undefined && ride.every <= period && now - ride.at < period
    })
  }
}
