import { createHash, randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { User } from '../../core/user.ts'
import type { KeptSession, SessionFile } from './session-file.ts'
import type { WebUsers } from './web-users.ts'

/** A session that nobody uses ends after this, and any after that. */
const IDLE: Milliseconds = 12 * 3_600_000
const LONGEST: Milliseconds = 7 * 86_400_000
const MAX_SESSIONS = 500
/** So that nobody who logs in again and again ends the sessions of others. */
const MOST_OF_USER = 50
/** How exactly it is kept when a session was last used. */
const SEEN_EVERY: Milliseconds = 600_000

/** Where somebody logs in from. */
export interface SessionOrigin {
  readonly address: string
  /** What the browser calls itself. */
  readonly client: string
}

/** A session as its user sees it. */
export interface OwnSession extends Partial<SessionOrigin> {
  /** Names it, and lets nobody in. */
  readonly id: string
  readonly begunAt: number
  /** To ten minutes. */
  readonly seenAt: number
  /** That of the token it was asked with. */
  readonly isThis: boolean
}

/** The sessions of people at a browser. The token is known to the browser alone. */
export class Sessions {
  readonly #clock: Clock
  readonly #users: WebUsers
  readonly #file: SessionFile
  /** By digest, the longest unused first. */
  readonly #sessions: Map<string, KeptSession>

  constructor(parts: { clock: Clock; users: WebUsers; file: SessionFile }) {
    this.#clock = parts.clock
    this.#users = parts.users
    this.#file = parts.file
    this.#sessions = new Map(parts.file.sessions.map((session) => [session.digest, session]))
  }

  /** Begins a session of this user; answers its token. undefined: the user is gone meanwhile. */
  async begin(name: string, from: SessionOrigin): Promise<string | undefined> {
    const user = await this.#users.find(name)
    if (!user) return undefined
    const token = randomBytes(32).toString('base64url')
    const digest = digestOf(token)
    const now = this.#clock.now()
    this.#sessions.set(digest, { digest, user: name, stamp: user.stamp, begunAt: now, seenAt: now, ...from })
    const own = [...this.#sessions.values()].filter(({ user }) => user === name)
    for (const oldest of own.slice(0, -MOST_OF_USER)) this.#sessions.delete(oldest.digest)
    for (const oldest of this.#sessions.keys()) {
      if (this.#sessions.size <= MAX_SESSIONS) break
      this.#sessions.delete(oldest)
    }
    this.#keep()
    return token
  }

  /** Whose session it is; undefined where it is none, or none any more. */
  async userOf(token: string): Promise<User | undefined> {
    const digest = digestOf(token)
    const session = this.#sessions.get(digest)
    if (!session) return undefined
    const now = this.#clock.now()
    const user = await this.#users.find(session.user)
    if (isOver(session, now) || user?.stamp !== session.stamp) {
      this.end(token)
      return undefined
    }
    if (now - session.seenAt > SEEN_EVERY && this.#sessions.delete(digest)) {
      this.#sessions.set(digest, { ...session, seenAt: now })
      this.#keep()
    }
    return { name: user.name, roles: user.roles }
  }

  /** The sessions of a user that still hold, the last used first. */
  async of(name: string, token: string | undefined): Promise<OwnSession[]> {
    const user = await this.#users.find(name)
    const now = this.#clock.now()
    const own = [...this.#sessions.values()].filter(
      (session) => session.user === name && session.stamp === user?.stamp && !isOver(session, now),
    )
    return own
      .map(({ digest, begunAt, seenAt, address, client }) => ({
        id: idOf(digest),
        begunAt,
        seenAt,
        isThis: token !== undefined && digestOf(token) === digest,
        ...(address === undefined ? {} : { address }),
        ...(client === undefined ? {} : { client }),
      }))
      .toSorted((a, b) => b.seenAt - a.seenAt)
  }

  /** Ends one session of a user by its id, or all but that of `token`. Answers how many. */
  endOf(name: string, which: { readonly id: string } | { readonly butThatOf: string | undefined }): number {
    const kept = 'butThatOf' in which && which.butThatOf !== undefined ? digestOf(which.butThatOf) : ''
    const ended = [...this.#sessions.values()].filter(
      ({ user, digest }) => user === name && ('id' in which ? idOf(digest) === which.id : digest !== kept),
    )
    for (const { digest } of ended) this.#sessions.delete(digest)
    if (ended.length > 0) this.#keep()
    return ended.length
  }

  end(token: string): void {
    if (this.#sessions.delete(digestOf(token))) this.#keep()
  }

  #keep(): void {
    this.#file.write([...this.#sessions.values()])
  }
}

const isOver = ({ seenAt, begunAt }: KeptSession, now: number): boolean =>
  now - seenAt > IDLE || now - begunAt > LONGEST

const idOf = (digest: string): string => createHash('sha256').update(`session ${digest}`).digest('hex').slice(0, 16)

const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url')
