import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import { LoginThrottle } from './login-throttle.ts'
import type { User } from './user.ts'

/** The most that a name can have. */
const LONGEST_NAME = 64

/** Where it is asked whether a password is right (`UserDirectory`). */
export interface PasswordCheck {
  verify(name: string, password: string): Promise<User | undefined>
}

export interface LoginsOptions {
  readonly users: PasswordCheck
  readonly clock: Clock
  readonly log: Logger
  /** What the log says is logged in to, as `OPC UA`. */
  readonly what: string
}

/** Logins with name and password at one door of the gateway, where guessing is slow (`LoginThrottle`). */
export class Logins {
  readonly #options: LoginsOptions
  readonly #throttle: LoginThrottle
  readonly #key = randomBytes(32)

  constructor(options: LoginsOptions) {
    this.#options = options
    this.#throttle = new LoginThrottle(options.clock)
  }

  /**
   * Who this is; undefined where user or password are wrong, or too many wrong ones came from there before. `what`: where
   * one door has several protocols, which of them it was.
   */
  async verify(name: string, password: string, address: string, what = this.#options.what): Promise<User | undefined> {
    const { users, log } = this.#options
    // A client may call its user anything, as long as it likes.
    const who = { user: name.slice(0, LONGEST_NAME), address }
    // Who is locked costs no work; and a lock that came while a password was checked holds for it too.
    const user = this.lockedFor(name, address) > 0 ? undefined : await users.verify(name, password)
    const lockedMs = this.lockedFor(name, address)
    if (lockedMs > 0) {
      log.warn({ ...who, lockedMs }, `${what} login refused: locked after too many wrong passwords`)
      return undefined
    }
    if (user) {
      this.#throttle.succeeded(name, address)
      log.info(who, `${what} login`)
      return user
    }
    this.#throttle.failed(name, address, createHmac('sha256', this.#key).update(password).digest('base64'))
    log.warn(who, `${what} login refused: unknown user or wrong password`)
    return undefined
  }

  /** How long this user has to wait at this address, in milliseconds; 0: not at all. */
  lockedFor(name: string, address: string): number {
    return this.#throttle.lockedFor(name, address)
  }
}
