import { randomBytes, timingSafeEqual } from 'node:crypto'
import type Database from 'better-sqlite3'
import {
  type ApiToken,
  newToken,
  type TokenAnswer,
  type TokenRefusal,
  type TokenRequest,
  type TokenUser,
  tokenEnd,
  tokenHash,
  tokenId,
  tokenProblem,
} from '../core/api-token.ts'
import type { AuditEntry } from '../core/audit.ts'
import { AuditDigest } from '../core/audit-digest.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import { LoginThrottle } from '../core/login-throttle.ts'
import { type Right, rights, rightsOf, rolesWithin, type User } from '../core/user.ts'
import { AuditLog } from './audit.ts'

const MOST_OF_USER = 50
const MOST = 2_000
/** How exactly it is kept when a token was last used. */
const USED_EVERY: Milliseconds = 3_600_000
/** A token that has expired is shown for so long, so that whoever misses it finds out why. */
const SHOWN_EXPIRED: Milliseconds = 30 * 86_400_000

interface StoredToken {
  readonly id: string
  readonly name: string
  readonly user: string
  readonly rights: string
  readonly hash: Buffer
  readonly created_at: number
  readonly expires_at: number
  readonly last_used_at: number | null
}

type Kept = ApiToken & { readonly hash: Buffer }
type Door = 'http' | 'grpc'

export interface ApiTokensParts {
  readonly database: Database.Database
  /** The user of this name; undefined: there is none, or it is disabled. */
  readonly find: (name: string) => User | undefined
  readonly clock: Clock
  readonly log: Logger
}

/**
 * The tokens of programs in `penstock.db`. What a token may do is looked up at each use: never more than its user may at
 * that moment. Making and revoking are each one transaction with a row of the audit log; guessing is slowed as that of
 * passwords is.
 */
export class ApiTokens {
  readonly #parts: ApiTokensParts
  readonly #audit: AuditLog
  readonly #refused: AuditDigest
  readonly #throttle: LoginThrottle
  readonly #all: Database.Statement<[], StoredToken>
  readonly #add: Database.Statement<[StoredToken]>
  readonly #delete: Database.Statement<[string]>
  readonly #used: Database.Statement<[at: number, id: string]>
  /** What a token is compared with that nobody made. */
  readonly #nobodys = randomBytes(32)
  #kept = new Map<string, Kept>()

  constructor(parts: ApiTokensParts) {
    this.#parts = parts
    const { database, clock, log } = parts
    this.#audit = new AuditLog(database)
    this.#throttle = new LoginThrottle(clock)
    const send = (entries: readonly AuditEntry[]) => {
      for (const entry of entries) {
        this.#audit.append(entry)
        const { by, subject, details } = entry
        log.warn(
          { user: by.user, address: by.address, token: subject, ...details },
          'the use of an API token is refused',
        )
      }
    }
    this.#refused = new AuditDigest({ clock, send })
    this.#all = database.prepare('SELECT * FROM api_tokens ORDER BY created_at, id')
    this.#add = database.prepare(
      'INSERT INTO api_tokens (id, name, user, rights, hash, created_at, expires_at, last_used_at) ' +
        'VALUES (@id, @name, @user, @rights, @hash, @created_at, @expires_at, @last_used_at)',
    )
    this.#delete = database.prepare('DELETE FROM api_tokens WHERE id = ?')
    this.#used = database.prepare('UPDATE api_tokens SET last_used_at = ? WHERE id = ?')
    this.reload()
  }

  /** Takes what the database has: somebody else changed it. */
  reload(): void {
    this.#kept = new Map(this.#all.all().map((row) => [row.id, keptOf(row)]))
  }

  /** Those of a user, or of all; the oldest first. */
  list(user?: string): ApiToken[] {
    return [...this.#kept.values()].filter((each) => user === undefined || each.user === user).map(shown)
  }

  find(id: string): ApiToken | undefined {
    const kept = this.#kept.get(id)
    return kept && shown(kept)
  }

  /**
   * Makes a token and answers it, the only time that it can be read; or why not, in words. `within`: what bounds the
   * maker further, where it is a token itself.
   */
  make(
    request: TokenRequest,
    by: Actor,
    within?: Pick<TokenUser, 'rights'> & Pick<ApiToken, 'expiresAt'>,
  ): { readonly token: string; readonly made: ApiToken } | { readonly refused: string } {
    const { database, find, clock } = this.#parts
    const { name, days } = request
    const owner = find(request.user)
    const now = clock.now()
    const has = rightsOf(owner?.roles ?? []).filter((right) => within?.rights.includes(right) ?? true)
    const end = tokenEnd(now, days)
    const refused = owner
      ? (tokenProblem(request, has) ?? this.#noRoom(request, end, within))
      : `There is no user "${request.user}", or it is disabled.`
    if (refused !== undefined) return { refused }
    const { id, token } = newToken()
    const given = rights.filter((right) => request.rights.includes(right))
    const made = { id, name, user: request.user, rights: given, createdAt: now, expiresAt: end, lastUsedAt: null }
    database.transaction(() => {
      for (const { id: old, expiresAt } of this.#kept.values()) {
        if (expiresAt < now - SHOWN_EXPIRED) this.#delete.run(old)
      }
      this.#add.run(storedOf({ ...made, hash: tokenHash(token) }))
      const details = { name, rights: given, expiresAt: end }
      this.#audit.append({ at: now, by, action: 'token.add', subject: subjectOf(made), outcome: 'done', details })
    })()
    this.reload()
    return { token, made }
  }

  /** False: there is no such token. */
  revoke(id: string, by: Actor, reason?: string): boolean {
    const found = this.#kept.get(id)
    if (!found) return false
    const details = { name: found.name, ...(reason === undefined ? {} : { reason }) }
    this.#parts.database.transaction(() => {
      this.#delete.run(id)
      const at = this.#parts.clock.now()
      this.#audit.append({ at, by, action: 'token.revoke', subject: subjectOf(found), outcome: 'done', details })
    })()
    this.#kept.delete(id)
    return true
  }

  /** Revokes those of users that are in no database and no configuration any more: the name may be another's one day. */
  revokeOrphans(users: ReadonlySet<string>): void {
    for (const { id, user } of this.list()) {
      if (!users.has(user)) this.revoke(id, { user: 'system', origin: 'system' }, 'there is no such user any more')
    }
  }

  /** Whose token this is, and what it may do now. */
  recognise(given: string, address: string, door: Door): TokenAnswer {
    const id = tokenId(given)
    const guessed = `token ${id ?? ''}`
    const kept = id === undefined ? undefined : this.#kept.get(id)
    const hash = tokenHash(given)
    if (!timingSafeEqual(kept?.hash ?? this.#nobodys, hash) || !kept) {
      // Who guesses waits. Whoever has a token of 256 bits guessed nothing: many may come from one address, behind a
      // proxy or on one machine, and none of them shuts the others out.
      const lockedMs = this.#throttle.lockedFor(guessed, address)
      if (lockedMs > 0) return { lockedMs }
      this.#throttle.failed(guessed, address, hash.toString('base64'))
      // Whose it claims to be is not believed.
      this.#refuse('unknown', { user: '', origin: door, address }, id ?? '')
      return { refused: 'unknown' }
    }
    const user = this.#userOf(kept)
    if (typeof user === 'string') {
      this.#refuse(user, { user: kept.user, origin: door, address }, subjectOf(kept))
      return { refused: user }
    }
    const now = this.#parts.clock.now()
    if (now - (kept.lastUsedAt ?? 0) >= USED_EVERY) {
      this.#used.run(now, kept.id)
      this.#kept.set(kept.id, { ...kept, lastUsedAt: now })
    }
    return { user }
  }

  /** Who a token that was recognised before stands for now; undefined: for nobody any more. */
  current(id: string): TokenUser | undefined {
    const kept = this.#kept.get(id)
    const user = kept && this.#userOf(kept)
    return typeof user === 'object' ? user : undefined
  }

  /** Writes down that a token was used for what it may not do. */
  overstepped({ name, token }: TokenUser, right: Right, address: string, door: Door): void {
    const by = { user: name, origin: door, address }
    const subject = subjectOf({ user: name, id: token.id })
    const details = { reason: 'right', right }
    this.#refused.add({
      at: this.#parts.clock.now(),
      by,
      action: `${door}.token`,
      subject,
      outcome: 'refused',
      details,
    })
  }

  /** Writes down what was only counted so far; before the database is closed. */
  stop(): void {
    this.#refused.flush()
  }

  #userOf({ id, name, user, rights: given, expiresAt }: Kept): TokenUser | TokenRefusal {
    if (this.#parts.clock.now() >= expiresAt) return 'expired'
    const found = this.#parts.find(user)
    if (!found) return 'user'
    const has = rightsOf(found.roles).filter((right) => given.includes(right))
    return { name: user, roles: rolesWithin(has), rights: has, token: { id, name, expiresAt } }
  }

  #noRoom({ name, user }: TokenRequest, end: number, within: Pick<ApiToken, 'expiresAt'> | undefined) {
    if (within && end > within.expiresAt) return 'A token that is made by another one cannot outlast it.'
    const own = this.list(user)
    if (own.some((each) => each.name === name))
      return `There is a token "${name}" already; revoke it, or choose another name.`
    if (own.length < MOST_OF_USER && this.#kept.size < MOST) return undefined
    return `There are ${own.length} tokens of "${user}", which is the most; revoke one first.`
  }

  #refuse(reason: TokenRefusal, by: Actor, subject: string): void {
    const at = this.#parts.clock.now()
    this.#refused.add({ at, by, action: `${by.origin}.token`, subject, outcome: 'refused', details: { reason } })
  }
}

const subjectOf = ({ user, id }: Pick<ApiToken, 'user' | 'id'>): string => `${user}/${id}`

const shown = ({ hash: _, ...token }: Kept): ApiToken => token

const keptOf = (row: StoredToken): Kept => ({
  id: row.id,
  name: row.name,
  user: row.user,
  rights: rights.filter((right) => row.rights.split(',').includes(right)),
  hash: row.hash.length === 32 ? row.hash : Buffer.alloc(32),
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  lastUsedAt: row.last_used_at,
})

const storedOf = (token: Kept): StoredToken => ({
  id: token.id,
  name: token.name,
  user: token.user,
  rights: token.rights.join(','),
  hash: token.hash,
  created_at: token.createdAt,
  expires_at: token.expiresAt,
  last_used_at: token.lastUsedAt,
})
