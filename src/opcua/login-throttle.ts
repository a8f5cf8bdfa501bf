import type { Clock, Milliseconds } from '../core/clock.ts'

/** Failures that cost nothing: a password mistyped, a client with an old one. */
const FREE_FAILURES = 5
/** One address may stand for many clients, and try many users. */
const FREE_FAILURES_OF_ADDRESS = 20
const FIRST_LOCK: Milliseconds = 2_000
const LONGEST_LOCK: Milliseconds = 60_000
/** After so long without a failure, the earlier ones are forgotten. */
const FORGET_AFTER: Milliseconds = 10 * 60_000
const MAX_ENTRIES = 1_000

interface Failures {
  count: number
  lastAt: Milliseconds
  lockedUntil: Milliseconds
}

/**
 * Makes guessing passwords slow (OPC 10000-4 §5.7.3: the server shall counter it, and sporadic failures shall not delay
 * valid tokens): after some failures a user is locked for one address, longer with each further one, and so is an
 * address that tries many users. The same user from elsewhere is not concerned.
 */
export class LoginThrottle {
  readonly #clock: Clock
  readonly #failures = new Map<string, Failures>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How long this user has to wait at this address; 0: not at all. */
  lockedFor(user: string, address: string): Milliseconds {
    const now = this.#clock.monotonic()
    const until = keysOf(user, address).map(({ key }) => this.#failures.get(key)?.lockedUntil ?? 0)
    return Math.max(0, Math.max(...until) - now)
  }

  failed(user: string, address: string): void {
    const now = this.#clock.monotonic()
    for (const { key, free } of keysOf(user, address)) {
      const before = this.#failures.get(key)
      const count = before && now - before.lastAt < FORGET_AFTER ? before.count + 1 : 1
      const lock = count < free ? 0 : Math.min(LONGEST_LOCK, FIRST_LOCK * 2 ** Math.min(count - free, 10))
      // Deleted first, so that the map's order is that of the last failure.
      this.#failures.delete(key)
      this.#failures.set(key, { count, lastAt: now, lockedUntil: now + lock })
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= MAX_ENTRIES) return
      this.#failures.delete(key)
    }
  }

  succeeded(user: string, address: string): void {
    this.#failures.delete(userKey(user, address))
  }
}

const userKey = (user: string, address: string) => `${address}\n${user}`

const keysOf = (user: string, address: string) => [
  { key: userKey(user, address), free: FREE_FAILURES },
  { key: address, free: FREE_FAILURES_OF_ADDRESS },
]
