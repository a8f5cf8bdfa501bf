import type { Clock, Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'

/** Enough that hosts which answer nothing, each held for its timeout, keep nobody else from connecting. */
const MOST_AT_ONCE = 100
/** 50 a second: what a switch, a firewall or a cellular router takes without dropping some. */
const SPACING: Milliseconds = 20

interface Waiting {
  readonly admit: () => void
}

/** Lets the sources of a gateway connect one after another, in the order they came, so that none of them storm. */
export class ConnectLimiter {
  readonly #clock: Clock
  readonly #waiting = new Set<Waiting>()
  #connecting = 0
  #nextAt: Milliseconds = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `connect` when it is its turn, and gives what that gives. Rejects with STOPPED if `signal` aborts first. */
  async run<T>(signal: AbortSignal, connect: () => Promise<T>): Promise<T> {
    await this.#turn(signal)
    try {
      return await connect()
    } finally {
      this.#connecting--
      this.#admit()
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(waiting)
        // Nobody left to be admitted: no timer may hold up the end of the program.
        if (this.#waiting.size === 0) this.#rest()
        reject(new PenstockError('STOPPED', 'Connecting was ended before it began'))
      }
      const waiting: Waiting = {
        admit: () => {
          signal.removeEventListener('abort', leave)
          resolve()
        },
      }
      if (signal.aborted) return leave()
      signal.addEventListener('abort', leave, { once: true })
      this.#waiting.add(waiting)
      this.#admit()
    })
  }

  #admit(): void {
    this.#rest()
    for (const waiting of this.#waiting) {
      if (this.#connecting >= MOST_AT_ONCE) return
      const now = this.#clock.monotonic()
      if (now < this.#nextAt) {
        this.#cancel = this.#clock.after(this.#nextAt - now, () => this.#admit())
        return
      }
      this.#nextAt = now + SPACING
      this.#connecting++
      this.#waiting.delete(waiting)
      waiting.admit()
    }
  }

  #rest(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}
