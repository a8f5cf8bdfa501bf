import type { Milliseconds } from '../core/clock.ts'

/**
 * When a poll group is due: `offset + k · period` on the monotonic clock. Every due time is computed from the grid,
 * so a late cycle delays no other; the offset comes from the group's name, so that groups of one period spread out
 * over it and each keeps its place over restarts.
 */
export class PollGrid {
  readonly #offset: Milliseconds
  #period: Milliseconds
  #due: Milliseconds = Number.POSITIVE_INFINITY

  constructor(name: string, period: Milliseconds) {
    this.#period = period
    this.#offset = hash(`${name} ${period}`) % period
  }

  get period(): Milliseconds {
    return this.#period
  }

  /** Another period from `now` on, of which the first is a multiple or the other way round. */
  become(period: Milliseconds, now: Milliseconds): void {
    this.#period = period
    this.align(now)
  }

  /** The next due time. */
  get due(): Milliseconds {
    return this.#due
  }

  /** After a cycle out of turn at `now`: the next one is at the first grid point at least half a period away. */
  align(now: Milliseconds): void {
    this.#due = this.#after(now + this.#period / 2)
  }

  /** How many due times have come since the last call; the next one is then in the future. */
  take(now: Milliseconds): number {
    if (now < this.#due) return 0
    const next = this.#after(now)
    const passed = Math.round((next - this.#due) / this.#period)
    this.#due = next
    return passed
  }

  #after(time: Milliseconds): Milliseconds {
    return this.#offset + (Math.floor((time - this.#offset) / this.#period) + 1) * this.#period
  }
}

/** FNV-1a, 32 bits: the same on every run and machine. */
function hash(text: string): number {
  let value = 0x811c_9dc5
  for (let position = 0; position < text.length; position++) {
    value = Math.imul(value ^ text.charCodeAt(position), 0x0100_0193)
  }
  return value >>> 0
}
