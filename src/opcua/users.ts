import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { makeRoles, type NodeId, type ServerSession, type UserManagerOptions, WellKnownRoles } from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { LoginThrottle } from '../core/login-throttle.ts'
import type { OpcuaUser } from './settings.ts'

/** The most that a configured name can have. */
const LONGEST_NAME = 64

interface KnownUser {
  readonly digest: Buffer
  /** node-opcua asks for the roles with each permission check, and adds AuthenticatedUser when it is not there. */
  readonly roles: NodeId[]
}

/** The users of the OPC UA server, their passwords and roles. */
export class Users {
  readonly #users: ReadonlyMap<string, KnownUser>
  readonly #key = randomBytes(32)
  readonly #nobody: KnownUser
  readonly #throttle: LoginThrottle
  readonly #log: Logger

  constructor(users: readonly OpcuaUser[], clock: Clock, log: Logger) {
    this.#throttle = new LoginThrottle(clock)
    this.#log = log
    this.#users = new Map(
      users.map(({ name, password, role }) => [
        name,
        {
          digest: this.#digest(password),
          roles: makeRoles([WellKnownRoles[role], WellKnownRoles.AuthenticatedUser]),
        },
      ]),
    )
    this.#nobody = { digest: randomBytes(32), roles: makeRoles([WellKnownRoles.AuthenticatedUser]) }
  }

  /** Whether this is the user's password; takes the same time for a user who does not exist. */
  isValid(user: string, password: string, address: string): boolean {
    const lockedMs = this.#throttle.lockedFor(user, address)
    const expected = this.#users.get(user) ?? this.#nobody
    const digest = this.#digest(password)
    const matches = timingSafeEqual(digest, expected.digest)
    // A client may call its user anything, as long as it likes.
    const who = { user: user.slice(0, LONGEST_NAME), address }
    if (lockedMs > 0) {
      this.#log.warn({ ...who, lockedMs }, 'OPC UA login refused: locked after too many wrong passwords')
      return false
    }
    if (matches) {
      this.#throttle.succeeded(user, address)
      this.#log.info(who, 'OPC UA login')
      return true
    }
    this.#throttle.failed(user, address, digest.toString('base64'))
    this.#log.warn(who, 'OPC UA login refused: unknown user or wrong password')
    return false
  }

  rolesOf(user: string): NodeId[] {
    return (this.#users.get(user) ?? this.#nobody).roles
  }

  /** As node-opcua wants to be told. */
  toUserManager(): UserManagerOptions {
    const users = this
    return {
      isValidUserAsync(this: ServerSession, user, password, callback) {
        callback(null, users.isValid(user, password, this.channel?.remoteAddress ?? 'unknown'))
      },
      getUserRoles: (user) => users.rolesOf(user),
    }
  }

  /** Of equal length for any two passwords, and useless outside of this process. */
  #digest(password: string): Buffer {
    return createHmac('sha256', this.#key).update(password).digest()
  }
}
