import { Backoff } from '../core/backoff.ts'
import type { Milliseconds } from '../core/clock.ts'

/** Failed cycles in a row after which a device counts as offline. */
const FAILURES_TO_OPEN = 3
const RETRY = { first: 2_000, most: 60_000 }

/**
 * Keeps a dead device from slowing the others on its line: after three failed cycles in a row it is open, and the
 * device gets nothing but one cheap probe now and then, until one succeeds. The wait between probes grows, and
 * starts small again only after a whole cycle: a device that answers its probe and nothing else stays a rare guest.
 */
export class DeviceBreaker {
  readonly #backoff: Backoff
  #failures = 0
  #retryAt: Milliseconds | undefined

  constructor(random: () => number) {
    this.#backoff = new Backoff(RETRY, random)
  }

  get open(): boolean {
    return this.#retryAt !== undefined
  }

  /** When the next probe is due, while open. */
  get retryAt(): Milliseconds | undefined {
    return this.#retryAt
  }

  /** A cycle, or the probe of an open breaker, failed. */
  failed(now: Milliseconds): void {
    this.#failures++
    if (this.open || this.#failures >= FAILURES_TO_OPEN) this.#retryAt = now + this.#backoff.next()
  }

  /** The probe was answered. */
  close(): void {
    this.#failures = 0
    this.#retryAt = undefined
  }

  /** A whole cycle was answered. */
  succeeded(): void {
    this.#failures = 0
    this.#backoff.reset()
  }

  /** The connection is new: an open breaker probes at once, failures of the old connection are forgotten. */
  reconnected(now: Milliseconds): void {
    this.#failures = 0
    if (this.open) this.#retryAt = now
  }
}
