import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import type { Logger } from '../../core/logger.ts'

/** Without what is easily taken for something else. */
const LETTERS = 'ABCDEFGHJKMNPQRSTUVWXYZ23456789'
const MOST_WRONG = 10

/**
 * Lets whoever reads the log look at a gateway that has no users yet. Each code opens one session; after that, and
 * after several wrong guesses, another one is logged.
 */
export class SetupCode {
  readonly #log: Logger
  readonly #tokens = new Set<string>()
  #code = ''
  #wrong = 0

  constructor(log: Logger) {
    this.#log = log
  }

  /** Says a new code in the log. */
  announce(): void {
    this.#wrong = 0
    const letters = Array.from({ length: 12 }, () => LETTERS[randomInt(LETTERS.length)])
    this.#code = [0, 4, 8].map((from) => letters.slice(from, from + 4).join('')).join('-')
    const message =
      'There are no users yet (opcua.users, penstock user add). To look at the gateway from a browser on this machine, open its page and ' +
      'give this code, which works once'
    this.#log.warn({ setupCode: this.#code }, message)
  }

  /** The token of a session, where it is the code, which then is used up. */
  use(given: string): string | undefined {
    if (this.#code === '') return undefined
    const [one, other] = [Buffer.from(given.trim().toUpperCase()), Buffer.from(this.#code)]
    if (one.length === other.length && timingSafeEqual(one, other)) {
      this.announce()
      const token = randomBytes(32).toString('base64url')
      this.#tokens.add(token)
      return token
    }
    this.#wrong++
    if (this.#wrong >= MOST_WRONG) this.announce()
    return undefined
  }

  /** Whether a session of this token was opened in this run. */
  isOpen(token: string): boolean {
    return this.#tokens.has(token)
  }

  end(token: string): void {
    this.#tokens.delete(token)
  }
}
