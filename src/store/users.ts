import type Database from 'better-sqlite3'
import type { Actor } from '../core/command.ts'
import { isPasswordHash } from '../core/password.ts'
import {
  can,
  type UserAnswer,
  type UserChange,
  type UserRecord,
  type UserRole,
  userNameProblem,
  userRoles,
} from '../core/user.ts'
import { AuditLog } from './audit.ts'

/** Far more than a plant has: each login looks through none of them, but lists and changes do. */
const MOST_USERS = 1_000
const MOST_CERTIFICATES = 10

interface StoredUser {
  readonly name: string
  readonly roles: string
  readonly password_hash: string | null
  readonly certificates: string
  readonly disabled: number
  readonly created_at: number
  readonly changed_at: number
}

/** The users in `penstock.db`. Each change is one transaction with its row of the audit log. */
export class UserBook {
  readonly #database: Database.Database
  readonly #audit: AuditLog
  readonly #all: Database.Statement<[], StoredUser>
  readonly #write: Database.Statement<[StoredUser]>
  readonly #delete: Database.Statement<[string]>
  readonly #deleteTokens: Database.Statement<[string]>

  constructor(database: Database.Database) {
    this.#database = database
    this.#audit = new AuditLog(database)
    this.#all = database.prepare('SELECT * FROM users ORDER BY name')
    this.#write = database.prepare(
      'INSERT OR REPLACE INTO users (name, roles, password_hash, certificates, disabled, created_at, changed_at) ' +
        'VALUES (@name, @roles, @password_hash, @certificates, @disabled, @created_at, @changed_at)',
    )
    this.#delete = database.prepare('DELETE FROM users WHERE name = ?')
    this.#deleteTokens = database.prepare('DELETE FROM api_tokens WHERE user = ?')
  }

  all(): UserRecord[] {
    return this.#all.all().map(recordOf)
  }

  /**
   * Makes the change and answers all users, or why it is refused, in words; a refused one is in the audit log too.
   * `otherAdministrators`: whether somebody can administer security who is not in the database.
   */
  change(change: UserChange, by: Actor, at: number, otherAdministrators: boolean): UserAnswer {
    return this.#database.transaction((): UserAnswer => {
      const users = this.all()
      const before = users.find(({ name }) => name === change.name)
      const after = changed(change, before, users, at)
      const refused = typeof after === 'string' ? after : lastAdministrator(users, before, after, otherAdministrators)
      const roles = typeof after === 'object' && after ? { roles: after.roles } : {}
      const details = refused === undefined ? { ...roles, ...thumbprintOf(change) } : { reason: refused }
      const outcome = refused === undefined ? 'done' : 'refused'
      this.#audit.append({ at, by, action: `user.${change.action}`, subject: change.name, outcome, details })
      if (refused !== undefined) return { refused }
      if (after === null) {
        this.#delete.run(change.name)
        // The next user of this name may be somebody else.
        this.#deleteTokens.run(change.name)
      } else this.#write.run(storedOf(after as UserRecord))
      return { users: this.all() }
    })()
  }
}

const thumbprintOf = (change: UserChange): object =>
  change.action === 'certificate' ? { thumbprint: change.thumbprint, added: change.add } : {}

/** The user as it is then, null: there is none any more; or why it cannot be, in words. */
function changed(
  change: UserChange,
  before: UserRecord | undefined,
  users: readonly UserRecord[],
  at: number,
): UserRecord | null | string {
  const { name } = change
  if (change.action === 'add') {
    const { roles, passwordHash } = change
    if (before) return `There is a user "${name}" already; change it, or choose another name.`
    if (users.length >= MOST_USERS)
      return `There are ${users.length} users; ${MOST_USERS} is the most. Remove one first.`
    const wrong = userNameProblem(name) ?? rolesProblem(roles) ?? hashProblem(passwordHash)
    return wrong ?? { name, roles, passwordHash, certificates: [], disabled: false, createdAt: at, changedAt: at }
  }
  if (!before) return `There is no user "${name}".`
  switch (change.action) {
    case 'password':
      return hashProblem(change.passwordHash) ?? { ...before, passwordHash: change.passwordHash, changedAt: at }
    case 'roles':
      return rolesProblem(change.roles) ?? { ...before, roles: change.roles, changedAt: at }
    case 'certificate': {
      const certificates = certificatesAfter(change, before, users)
      return typeof certificates === 'string' ? certificates : { ...before, certificates, changedAt: at }
    }
    case 'disable':
    case 'enable':
      return { ...before, disabled: change.action === 'disable', changedAt: at }
    case 'remove':
      return null
  }
}

function certificatesAfter(
  { thumbprint, add }: Extract<UserChange, { action: 'certificate' }>,
  before: UserRecord,
  users: readonly UserRecord[],
): readonly string[] | string {
  if (!/^[0-9a-f]{40}$/.test(thumbprint)) return `"${thumbprint}" is no thumbprint, which has 40 hexadecimal digits.`
  const others = before.certificates.filter((each) => each !== thumbprint)
  if (!add)
    return others.length < before.certificates.length ? others : `User "${before.name}" has no such certificate.`
  const owner = users.find(({ certificates }) => certificates.includes(thumbprint))
  if (owner) return `The certificate belongs to user "${owner.name}" already.`
  if (others.length < MOST_CERTIFICATES) return [...others, thumbprint]
  return `User "${before.name}" has ${others.length} certificates, which is the most; take one away first.`
}

function rolesProblem(roles: readonly string[]): string | undefined {
  const known: readonly string[] = userRoles
  const unknown = roles.filter((role) => !known.includes(role))
  if (roles.length > 0 && unknown.length === 0) return undefined
  const found = roles.length === 0 ? 'A user needs a role' : `There is no role ${unknown.join(', ')}`
  return `${found}; there are ${userRoles.join(', ')}.`
}

const hashProblem = (hash: string | null): string | undefined =>
  hash === null || isPasswordHash(hash) ? undefined : 'The password is not given as a hash that this version knows.'

/** A gateway that nobody can administer any more could only be mended with its files. */
function lastAdministrator(
  users: readonly UserRecord[],
  before: UserRecord | undefined,
  after: UserRecord | null,
  otherAdministrators: boolean,
): string | undefined {
  if (!before || !isAdministrator(before) || (after && isAdministrator(after)) || otherAdministrators) return undefined
  if (users.some((user) => user !== before && isAdministrator(user))) return undefined
  return `"${before.name}" is the last user who may administer security; give another one the role SecurityAdmin first.`
}

/** Whether this user may administer security, and can log in to do so. */
export const isAdministrator = ({ roles, disabled, passwordHash }: UserRecord): boolean =>
  can(roles, 'administerSecurity') && !disabled && passwordHash !== null

const recordOf = (row: StoredUser): UserRecord => ({
  name: row.name,
  roles: listOf(row.roles) as UserRole[],
  passwordHash: row.password_hash,
  certificates: listOf(row.certificates),
  disabled: row.disabled !== 0,
  createdAt: row.created_at,
  changedAt: row.changed_at,
})

const storedOf = (user: UserRecord): StoredUser => ({
  name: user.name,
  roles: user.roles.join(','),
  password_hash: user.passwordHash,
  certificates: user.certificates.join(','),
  disabled: user.disabled ? 1 : 0,
  created_at: user.createdAt,
  changed_at: user.changedAt,
})

const listOf = (text: string): string[] => text.split(',').filter((each) => each !== '')
