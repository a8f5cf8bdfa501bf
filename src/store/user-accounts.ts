import type Database from 'better-sqlite3'
import type { AuditEntry } from '../core/audit.ts'
import { AuditDigest } from '../core/audit-digest.ts'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import { PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { Logins } from '../core/logins.ts'
import { hashPassword } from '../core/password.ts'
import { passwordProblem, passwordWarnings } from '../core/password-rule.ts'
import {
  type ConfiguredUser,
  can,
  type ListedUser,
  type User,
  type UserAnswer,
  type UserChange,
  type UserRecord,
  userNameProblem,
} from '../core/user.ts'
import { UserDirectory } from '../core/user-directory.ts'
import { ApiTokens } from './api-tokens.ts'
import { AuditLog } from './audit.ts'
import { isAdministrator, UserBook } from './users.ts'

const ROLES_OF_FIRST = ['Engineer', 'ConfigureAdmin', 'SecurityAdmin'] as const
/** The most that a name can have. */
const LONGEST_NAME = 64
const FROM_ENVIRONMENT: Actor = { user: 'system', origin: 'system' }

export interface UserAccountsOptions {
  readonly database: Database.Database
  /** Users of the configuration, with their passwords. */
  readonly configured: readonly ConfiguredUser[]
  readonly clock: Clock
  readonly log: Logger
  /** Called after each change, with all users of the database. */
  readonly onChange: (users: readonly UserRecord[], change: UserChange, by: Actor) => void
}

/** Who may use the gateway, as one book: the users of the database and those of the configuration. */
export class UserAccounts {
  readonly directory: UserDirectory
  /** By which programs ask in the name of one of these users. */
  readonly tokens: ApiTokens
  readonly #options: UserAccountsOptions
  readonly #book: UserBook
  readonly #refused: AuditDigest
  readonly #logins: Logins

  constructor(options: UserAccountsOptions) {
    this.#options = options
    const { database, configured, clock, log } = options
    this.#book = new UserBook(database)
    const audit = new AuditLog(database)
    const send = (entries: readonly AuditEntry[]) => {
      for (const entry of entries) audit.append(entry)
    }
    this.#refused = new AuditDigest({ clock, send })
    this.directory = new UserDirectory({ configured, log })
    this.directory.show(this.#book.all())
    this.tokens = new ApiTokens({ database, find: (name) => this.directory.find(name), clock, log })
    this.#logins = new Logins({ users: this.directory, clock, log, what: 'HTTP' })
  }

  /** The users of the database. */
  get records(): readonly UserRecord[] {
    return this.#book.all()
  }

  /** Whether somebody can log in who may administer security. */
  get haveAdministrator(): boolean {
    return this.#configuredAdministrator || this.#book.all().some(isAdministrator)
  }

  /**
   * Makes the first administrator where there is none yet, of a name and password that the environment gives. Rejects
   * with USER_REFUSED where they are not taken.
   */
  async begin(given: { readonly name: string; readonly password: string } | undefined): Promise<void> {
    const { log, configured } = this.#options
    this.tokens.revokeOrphans(new Set(this.list().map(({ name }) => name)))
    for (const warning of passwordWarnings(configured)) log.warn({}, `A password is easily guessed: ${warning}`)
    if (this.haveAdministrator) return
    if (!given) {
      const message =
        'No user may administer security yet: set PENSTOCK_ADMIN_USER and PENSTOCK_ADMIN_PASSWORD for the next start, ' +
        'or run penstock user add <name> --role SecurityAdmin while the gateway is stopped'
      log.warn({}, message)
      return
    }
    const { name, password } = given
    const wrong = userNameProblem(name) ?? passwordProblem(name, password)
    const mend = 'Set another PENSTOCK_ADMIN_USER or PENSTOCK_ADMIN_PASSWORD'
    if (wrong !== undefined)
      throw new PenstockError('USER_REFUSED', `The first administrator is refused: ${wrong} ${mend}`)
    const passwordHash = await hashPassword(password)
    const answer = this.change({ action: 'add', name, roles: ROLES_OF_FIRST, passwordHash }, FROM_ENVIRONMENT)
    if ('refused' in answer) {
      throw new PenstockError('USER_REFUSED', `The first administrator is refused: ${answer.refused} ${mend}`)
    }
    log.info({ user: name, roles: ROLES_OF_FIRST }, 'The first administrator was made of what the environment says')
  }

  /** Every user, as a list shows them. */
  list(): ListedUser[] {
    const { configured } = this.#options
    const ofEnvironment = configured.map(({ name, role, password }): ListedUser => {
      // While the gateway is stopped nobody knows it.
      const weakness = password === '' ? undefined : passwordProblem(name, password)
      return {
        name,
        roles: [role],
        certificates: [],
        disabled: false,
        createdAt: 0,
        changedAt: 0,
        hasPassword: true,
        origin: 'environment',
        ...(weakness === undefined ? {} : { weakness }),
      }
    })
    const ofDatabase = this.#book.all().map(({ passwordHash, ...user }): ListedUser => {
      return { ...user, hasPassword: passwordHash !== null, origin: 'database' }
    })
    return [...ofEnvironment, ...ofDatabase]
  }

  /** Makes the change with its row of the audit log, and tells of it; or answers why not, in words. */
  change(change: UserChange, by: Actor): UserAnswer {
    const { configured, clock, onChange } = this.#options
    if (configured.some(({ name }) => name === change.name)) {
      const refused = `The configuration has the user "${change.name}" (opcua.users), and the environment its password; change it there.`
      return { refused }
    }
    const answer = this.#book.change(change, by, clock.now(), this.#configuredAdministrator)
    if ('refused' in answer) return answer
    this.directory.show(answer.users)
    this.tokens.reload()
    onChange(answer.users, change, by)
    return answer
  }

  /** Who this is, over HTTP or gRPC; undefined where user or password are wrong, or too many wrong ones came from there. */
  async login(
    name: string,
    password: string,
    address: string,
    door: 'http' | 'grpc' = 'http',
  ): Promise<User | undefined> {
    const user = await this.#logins.verify(name, password, address, door === 'grpc' ? 'gRPC' : undefined)
    if (user) return user
    const by = { user: name.slice(0, LONGEST_NAME), origin: door, address } as const
    this.#refused.add({ at: this.#options.clock.now(), by, action: `${door}.login`, subject: '', outcome: 'refused' })
    return undefined
  }

  /** How long this user has to wait at this address before a password is looked at, in milliseconds; 0: not at all. */
  lockedFor(name: string, address: string): number {
    return this.#logins.lockedFor(name, address)
  }

  /** Writes down what was only counted so far; before the database is closed. */
  stop(): void {
    this.#refused.flush()
    this.tokens.stop()
  }

  get #configuredAdministrator(): boolean {
    return this.#options.configured.some(({ role }) => can([role], 'administerSecurity'))
  }
}
