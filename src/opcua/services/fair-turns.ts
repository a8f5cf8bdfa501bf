/** Pieces of long work that may hold what they have found at the same time; further ones wait before they hold much. */
const AT_ONCE = 4

/**
 * Lets long work of many clients go on in slices, one between two turns of the event loop, in the order they came: what
 * others ask meanwhile is answered in between.
 */
export class FairTurns {
  readonly #waiting: (() => void)[] = []
  readonly #outside: (() => void)[] = []
  #inside = 0

  /** Whether somebody waits for a turn, so that whoever begins has to wait too. */
  get isBusy(): boolean {
    return this.#waiting.length > 0
  }

  /** Resolves when the next slice may be done. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) setImmediate(this.#next)
    })
  }

  /** Resolves when work that turned out to be long may go on; `leave` has to follow. */
  async enter(): Promise<void> {
    if (this.#inside >= AT_ONCE) await new Promise<void>((resolve) => this.#outside.push(resolve))
    else this.#inside++
  }

  /** The work is done: the next one takes its place. */
  leave(): void {
    const next = this.#outside.shift()
    if (next) next()
    else this.#inside--
  }

  readonly #next = (): void => {
    this.#waiting[0]?.()
    // The slice is done after this turn's promises, and before the next immediate.
    setImmediate(() => {
      this.#waiting.shift()
      if (this.isBusy) this.#next()
    })
  }
}
