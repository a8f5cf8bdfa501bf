import { AnonymousIdentityToken, type OPCUAServer, type ServerSecureChannelLayer, type ServerSession } from 'node-opcua'
import type { Logger } from '../core/logger.ts'
import type { Users } from './users.ts'

/** Ends sessions of users that may not log in any more as they did: at once, not when they come back. */
export class SessionGuard {
  readonly #server: OPCUAServer
  readonly #users: Users
  readonly #log: Logger
  /** The stamp that the user had when the session was activated. */
  readonly #stamps = new WeakMap<ServerSession, string>()

  constructor(server: OPCUAServer, users: Users, log: Logger) {
    this.#server = server
    this.#users = users
    this.#log = log
    server.on('session_activated', (session: ServerSession) => {
      const user = users.userOf(session.userIdentityToken)
      if (user) this.#stamps.set(session, user.stamp)
      // Removed between the check of the password and now.
      else setImmediate(() => this.usersChanged())
    })
  }

  /** Ends the sessions of users that are gone, disabled, or have another password. */
  usersChanged(): void {
    this.#endWhere((session) => {
      const token = session.userIdentityToken
      if (!token || token instanceof AnonymousIdentityToken) return undefined
      const user = this.#users.userOf(token)
      if (!user) return 'the user was removed or disabled, or the certificate taken away'
      const stamp = this.#stamps.get(session)
      return stamp === undefined || stamp === user.stamp ? undefined : 'the user has another password'
    })
  }

  /** Ends sessions for which a reason is given. */
  #endWhere(reasonOf: (session: ServerSession) => string | undefined): void {
    for (const session of this.#server.engine.getSessions()) {
      const reason = session.status === 'closed' ? undefined : reasonOf(session)
      if (reason === undefined) continue
      const user = this.#users.userOf(session.userIdentityToken)?.name
      this.#log.warn({ user, client: session.clientDescription?.applicationUri, reason }, 'An OPC UA session was ended')
      this.#server.engine.closeSession(session.authenticationToken, true, 'Terminated')
    }
  }

  /**
   * Ends the sessions and connections of clients whose certificate, or whose user's certificate, is not accepted any
   * more; `isAccepted` says so of one (DER).
   */
  async certificatesChanged(
    isAccepted: (certificate: Buffer, of: 'client' | 'user') => Promise<boolean>,
  ): Promise<void> {
    const gone = new Set<ServerSecureChannelLayer>()
    for (const channel of this.#server.endpoints.flatMap((endpoint) => endpoint.getChannels())) {
      const { clientCertificate } = channel
      if (clientCertificate != null && !(await isAccepted(clientCertificate, 'client'))) gone.add(channel)
    }
    for (const session of this.#server.engine.getSessions()) {
      const ofUser = (session.userIdentityToken as { certificateData?: Buffer } | undefined)?.certificateData
      const clientGone = session.channel !== undefined && gone.has(session.channel)
      const userGone = ofUser != null && !(await isAccepted(ofUser, 'user'))
      if (!clientGone && !userGone) continue
      this.#endWhere((each) =>
        each === session
          ? `the certificate of the ${clientGone ? 'client' : 'user'} is not trusted any more`
          : undefined,
      )
    }
    for (const channel of gone) channel.close()
  }
}
