import { Subscription, SubscriptionState } from 'node-opcua'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { patchMethod } from '../hardening/patch-method.ts'

const FIX = 'publish by turns'

/** Subscriptions publish for so long in one turn of the event loop; what else is due waits for the next. */
const SLICE: Milliseconds = 10

/**
 * The publishing cycles of all subscriptions that are due at the same time were served in one go: with hundreds of them
 * every request waited for seconds, and the busier the server, the longer. Here they are served in slices, in the order
 * they came, and requests are answered in between. A cycle that is still to be served when the next one is due counts
 * as that one, as it does for a timer that is late.
 */
export function publishByTurns(clock: Clock): void {
  const turns = new PublishingTurns(clock)
  patchMethod(Subscription.prototype, '_tick', FIX, (original) => {
    return function (this: Subscription) {
      turns.due(this, () => {
        if (this.state !== SubscriptionState.CLOSED) original.call(this)
      })
    }
  })
  patchMethod(Subscription.prototype, '_flushRemainingNotifications', FIX, (original) => {
    return function (this: Subscription) {
      // Its cycle will publish what remains.
      if (!turns.awaits(this)) turns.due(this, () => original.call(this))
    }
  })
}

/** What is due is done at once while the turn's slice lasts, and in slices, one a turn, beyond that. */
export class PublishingTurns {
  readonly #clock: Clock
  readonly #waiting = new Map<object, () => void>()
  #sliceEnds: Milliseconds | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether something of this one still waits. */
  awaits(one: object): boolean {
    return this.#waiting.has(one)
  }

  /** `work` takes the place of what still waits for `one`. */
  due(one: object, work: () => void): void {
    if (this.#waiting.size === 0 && this.#hasTime()) work()
    else this.#waiting.set(one, work)
  }

  #hasTime(): boolean {
    if (this.#sliceEnds === undefined) {
      this.#sliceEnds = this.#clock.monotonic() + SLICE
      setImmediate(this.#nextTurn)
    }
    return this.#clock.monotonic() < this.#sliceEnds
  }

  readonly #nextTurn = (): void => {
    this.#sliceEnds = undefined
    if (this.#waiting.size === 0) return
    for (const [one, work] of this.#waiting) {
      if (!this.#hasTime()) return
      this.#waiting.delete(one)
      work()
    }
  }
}
