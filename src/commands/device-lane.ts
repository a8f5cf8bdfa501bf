import type { Milliseconds } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { StoredCommand } from '../core/command-journal.ts'

/** A command that is being sent. */
export interface Sending {
  readonly id: number
  readonly abort: AbortController
  /** Who wants it back meanwhile. */
  cancelledBy?: Actor
  /** Settles when what became of it is written. */
  readonly settled: Promise<void>
  readonly settle: () => void
}

/** The commands of one device: those that wait, in the order in which they go out, and the one that goes out. */
export class DeviceLane {
  #waiting: StoredCommand[] = []
  sending: Sending | undefined
  /** Sent by an earlier run, and nobody knows yet whether it went out: nothing overtakes it. */
  readonly unsettled = new Set<number>()
  /** Not before this moment of the monotonic clock. */
  notBefore: Milliseconds = 0
  /** How often in a row nothing could be sent. */
  failures = 0
  /** Ends the timer that looks at the lane again. */
  wake: (() => void) | undefined

  get waiting(): readonly StoredCommand[] {
    return this.#waiting
  }

  get head(): StoredCommand | undefined {
    return this.#waiting[0]
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && !this.sending && this.unsettled.size === 0
  }

  /** By priority, and by number where that is the same. */
  add(command: StoredCommand): void {
    let at = this.#waiting.length
    while (at > 0 && goesBefore(command, this.#waiting[at - 1] as StoredCommand)) at--
    this.#waiting.splice(at, 0, command)
  }

  remove(id: number): void {
    const at = this.#waiting.findIndex((command) => command.id === id)
    if (at >= 0) this.#waiting.splice(at, 1)
  }
}

const goesBefore = (one: StoredCommand, other: StoredCommand): boolean =>
  one.priority > other.priority || (one.priority === other.priority && one.id < other.id)
