import { createHash, randomBytes } from 'node:crypto'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { User } from '../../core/user.ts'
import type { KeptSession, SessionFile } from './session-file.ts'
import type { WebUsers } from './web-users.ts'

/** A session that nobody uses ends after this, and any after that. */
const IDLE: Milliseconds = 12 * 3_600_000
const LONGEST: Milliseconds = 7 * 86_400_000
const MAX_SESSIONS = 500
/** How exactly it is kept when a session was last used. */
const SEEN_EVERY: Milliseconds = 600_000

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
  async begin(name: string): Promise<string | undefined> {
    const user = await this.#users.find(name)
    if (!user) return undefined
    const token = randomBytes(32).toString('base64url')
    const digest = digestOf(token)
    const now = this.#clock.now()
    this.#sessions.set(digest, { digest, user: name, stamp: user.stamp, begunAt: now, seenAt: now })
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
    const isOver = now - session.seenAt > IDLE || now - session.begunAt > LONGEST
    if (isOver || user?.stamp !== session.stamp) {
      this.end(token)
      return undefined
    }
    if (now - session.seenAt > SEEN_EVERY && this.#sessions.delete(digest)) {
      this.#sessions.set(digest, { ...session, seenAt: now })
      this.#keep()
    }
    return { name: user.name, roles: user.roles }
  }

  end(token: string): void {
    if (this.#sessions.delete(digestOf(token))) this.#keep()
  }

  #keep(): void {
    this.#file.write([...this.#sessions.values()])
  }
}

const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url')
