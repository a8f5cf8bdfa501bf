import type { OpcuaLimits } from '../../config/opcua-choices.ts'

interface Holder {
  readonly user: string
  readonly administrator: boolean
}

/**
 * Who may have how many sessions (OPC 10000-4 §5.7.2: the server shall limit them): one user not all of them, and one
 * more than all users together is kept for an administrator, who can log in to a server that is full and end sessions.
 */
export class SessionQuota<Session extends object> {
  readonly #limits: Pick<OpcuaLimits, 'sessions' | 'sessionsPerUser'>
  readonly #holders = new Map<Session, Holder>()

  constructor(limits: Pick<OpcuaLimits, 'sessions' | 'sessionsPerUser'>) {
    this.#limits = limits
  }

  /** Sessions of all users, and the one kept for an administrator. */
  get most(): number {
    return this.#limits.sessions + 1
  }

  /** Counts the session, once, as this user's, unless there is no room for it. */
  admit(session: Session, holder: Holder): boolean {
    const others = [...this.#holders].filter(([other]) => other !== session).map(([, { user }]) => user)
    const room = holder.administrator ? this.most : this.#limits.sessions
    if (others.length >= room) return false
    // The kept session is nobody's share: an administrator with all of its sessions elsewhere may still come.
    const share = this.#limits.sessionsPerUser + (holder.administrator ? 1 : 0)
    if (others.filter((user) => user === holder.user).length >= share) return false
    this.#holders.set(session, holder)
    return true
  }

  /** The session is over. */
  release(session: Session): void {
    this.#holders.delete(session)
  }

  /** The sessions of this user. */
  of(user: string): Session[] {
    return [...this.#holders].filter(([, holder]) => holder.user === user).map(([session]) => session)
  }
}
