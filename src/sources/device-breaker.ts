import { Backoff } from '../core/backoff.ts'
import type { Milliseconds } from '../core/clock.ts'
import type { BreakerState } from '../core/health.ts'

/** Misses in a row after which a device counts as offline. */
const FAILURES_TO_OPEN = 3
const RETRY = { first: 2_000, most: 60_000 }

/**
 * Keeps a dead device from slowing the others on its line. From its first miss on a device is in doubt and gets nothing
 * but probes until it answers; after the third in a row the breaker is open and the wait between probes grows. It
 * starts small again only after a whole cycle: a device that answers its probe and nothing else stays a rare guest.
 */
export class DeviceBreaker {
  readonly #backoff: Backoff
  #failures = 0
  #open = false
  #retryAt: Milliseconds | undefined

  constructor(random: () => number) {
    this.#backoff = new Backoff(RETRY, random)
  }

  get open(): boolean {
    return this.#open
  }

  /** Misses in a row. */
  get failures(): number {
    return this.#failures
  }

  /** When the next probe is due, while in doubt. */
  get retryAt(): Milliseconds | undefined {
    return this.#retryAt
  }

  stateAt(now: Milliseconds): BreakerState {
    if (this.#retryAt === undefined) return this.#open ? 'half-open' : 'closed'
    if (!this.#open) return 'doubted'
    return now >= this.#retryAt ? 'half-open' : 'open'
  }

  /** A request was not answered; the next may go after `wait`, unless this one opens the breaker. */
  failed(now: Milliseconds, wait: Milliseconds): void {
    this.#failures++
    this.#open ||= this.#failures >= FAILURES_TO_OPEN
    this.#retryAt = now + (this.#open ? this.#backoff.next() : wait)
  }

  /** A request was answered. */
  answered(): void {
    this.#failures = 0
    this.#open = false
    this.#retryAt = undefined
  }

  /** A whole cycle was answered. */
  succeeded(): void {
    this.#backoff.reset()
  }

  /** The connection is new: an open breaker probes at once, failures of the old connection are forgotten. */
  reconnected(now: Milliseconds): void {
    this.#failures = 0
    this.#retryAt = this.#open ? now : undefined
  }
}
