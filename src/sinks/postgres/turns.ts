import type { Milliseconds } from '../../core/clock.ts'

/**
 * In which turn each sample of a batch is written. Of several statements of one series and source time the last one
 * holds, and one statement of SQL cannot write a row twice: so each that replaces another has its turn after that one.
 */
export class Turns {
  readonly #next = new Map<number, Map<Milliseconds, number>>()
  #count = 0

  /** How many turns there are. */
  get count(): number {
    return this.#count
  }

  /** From 0. */
  of({ series, sourceTime }: { readonly series: number; readonly sourceTime: Milliseconds }): number {
    const times = this.#next.get(series) ?? new Map<Milliseconds, number>()
    this.#next.set(series, times)
    const turn = times.get(sourceTime) ?? 0
    times.set(sourceTime, turn + 1)
    this.#count = Math.max(this.#count, turn + 1)
    return turn
  }
}
