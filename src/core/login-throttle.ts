import { createHash } from 'node:crypto'
import type { Clock, Milliseconds } from './clock.ts'

interface Rule {
  /** Wrong guesses that cost nothing: a password mistyped, a client with an old one. */
  readonly free: number
  /** One wrong guess is forgiven in this time. */
  readonly forgiveOneEvery: Milliseconds
  /** Wrong guesses that are remembered; one that is repeated tells a guesser nothing and is not counted again. */
  readonly remembered: number
}

const OF_USER: Rule = { free: 5, forgiveOneEvery: 120_000, remembered: 8 }
/** One address may stand for many clients, and try many users. */
const OF_ADDRESS: Rule = { free: 20, forgiveOneEvery: 60_000, remembered: 64 }
const FIRST_LOCK: Milliseconds = 2_000
const LONGEST_LOCK: Milliseconds = 60_000
const MAX_ENTRIES = 1_000

interface Guesses {
  level: number
  at: Milliseconds
  lockedUntil: Milliseconds
  readonly wrong: Set<string>
}

/**
 * Makes guessing passwords slow (OPC 10000-4 §5.7.3: the server shall counter it, and sporadic failures shall not delay
 * valid tokens): after some different wrong guesses a user is locked for one address, longer with each further one, and
 * so is an address where many are made. What is counted are guesses, not attempts, so a client that tries its one old
 * password for ever locks nobody; and who has logged in at an address before is not concerned by the lock of the
 * address, which others may have caused. The same user from elsewhere is never concerned.
 */
export class LoginThrottle {
  readonly #clock: Clock
  readonly #ofUsers = new Map<string, Guesses>()
  readonly #ofAddresses = new Map<string, Guesses>()
  /** Users that have logged in, with the address where they did. */
  readonly #proven = new Set<string>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How long this user has to wait at this address; 0: not at all. */
  lockedFor(user: string, address: string): Milliseconds {
    const key = keyOf(user, address)
    const ofUser = this.#ofUsers.get(key)?.lockedUntil ?? 0
    const ofAddress = this.#proven.has(key) ? 0 : (this.#ofAddresses.get(address)?.lockedUntil ?? 0)
    return Math.max(0, Math.max(ofUser, ofAddress) - this.#clock.monotonic())
  }

  /** @param guess - what was wrong, so that it is known again; not the password itself */
  failed(user: string, address: string, guess: string): void {
    const key = keyOf(user, address)
    const guessOf = keyOf(user, guess)
    this.#count(this.#ofUsers, key, guessOf, OF_USER)
    this.#count(this.#ofAddresses, address, guessOf, OF_ADDRESS)
  }

  succeeded(user: string, address: string): void {
    const key = keyOf(user, address)
    this.#ofUsers.delete(key)
    this.#proven.delete(key)
    this.#proven.add(key)
    forgetOldest(this.#proven)
  }

  #count(all: Map<string, Guesses>, key: string, guess: string, rule: Rule): void {
    const now = this.#clock.monotonic()
    const { level, at, lockedUntil, wrong } = all.get(key) ?? { level: 0, at: now, lockedUntil: 0, wrong: new Set() }
    const left = Math.max(0, level - (now - at) / rule.forgiveOneEvery)
    const isNew = !wrong.delete(guess)
    wrong.add(guess)
    forgetOldest(wrong, rule.remembered)
    const reached = left + (isNew ? 1 : 0)
    const over = Math.ceil(reached) - rule.free
    const lock = isNew && over >= 0 ? Math.min(LONGEST_LOCK, FIRST_LOCK * 2 ** Math.min(over, 10)) : 0
    // Deleted first, so that the map's order is that of the last wrong guess.
    all.delete(key)
    all.set(key, { level: reached, at: now, lockedUntil: Math.max(lockedUntil, now + lock), wrong })
    forgetOldest(all)
  }
}

function forgetOldest(all: Map<string, unknown> | Set<string>, limit = MAX_ENTRIES): void {
  for (const key of all.keys()) {
    if (all.size <= limit) return
    all.delete(key)
  }
}

/** Of one length: a client may call its user anything, as long as it likes. */
const keyOf = (user: string, other: string): string => createHash('sha256').update(`${other}\n${user}`).digest('base64')
