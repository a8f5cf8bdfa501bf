import type { Clock, Milliseconds } from '../core/clock.ts'
import type { StoredCommand } from '../core/command-journal.ts'

/**
 * How long commands may still wait. Those that this run accepted are timed by the monotonic clock alone, so that a clock
 * that is set neither ends them nor lets them live on. Of an earlier run there is only the time of day: these may wait no
 * longer than they were given in all, and not beyond their deadline either, whichever comes first.
 */
export class TimeLeft {
  readonly #clock: Clock
  /** By the command's number: the moment of the monotonic clock at which its time is over. */
  readonly #due = new Map<number, Milliseconds>()
  readonly #inherited = new Set<number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** From now on the command is timed; one that is timed already stays so. */
  add({ id, deadline, acceptedAt }: StoredCommand, from: 'this run' | 'an earlier run'): void {
    if (this.#due.has(id)) return
    const left = deadline - this.#clock.now()
    if (from === 'an earlier run') this.#inherited.add(id)
    const granted = deadline - acceptedAt
    this.#due.set(id, this.#clock.monotonic() + (from === 'this run' ? left : Math.min(left, granted)))
  }

  delete(id: number): void {
    this.#due.delete(id)
    this.#inherited.delete(id)
  }

  /** Negative after its end. */
  of({ id, deadline }: Pick<StoredCommand, 'id' | 'deadline'>): Milliseconds {
    const due = this.#due.get(id)
    const byTheDay = deadline - this.#clock.now()
    if (due === undefined) return byTheDay
    const left = due - this.#clock.monotonic()
    return this.#inherited.has(id) ? Math.min(left, byTheDay) : left
  }
}

/** The time of day as it was when this was made, moved on by the monotonic clock: a clock that is set later does not move it. */
export function steadyTime(clock: Clock): () => Milliseconds {
  const offset = clock.now() - clock.monotonic()
  return () => offset + clock.monotonic()
}
