import {
  AnonymousIdentityToken,
  MessageSecurityMode,
  type OPCUAServer,
  type ServerSession,
  type Subscription,
  UserNameIdentityToken,
  X509IdentityToken,
} from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import type { Logger } from '../core/logger.ts'
import type { OpcuaSession, OpcuaSubscription } from '../link/contract.ts'
import type { AuditTrail } from './audit/audit-trail.ts'
import { thumbprintOf, type Users } from './users.ts'

/** What node-opcua counts of a session and does not say. */
interface SessionInternals {
  readonly _sessionDiagnostics?: { readonly totalRequestCount?: { readonly totalCount: number } }
}

/** A client may call itself and its user anything, as long as it likes. */
const LONGEST_NAME = 200

/** Who is connected to the OPC UA server, and what that costs. */
export class Sessions {
  readonly #server: OPCUAServer
  readonly #users: Pick<Users, 'userOf'>
  readonly #trail: Pick<AuditTrail, 'note'>
  readonly #clock: Clock
  readonly #log: Logger

  constructor(parts: {
    server: OPCUAServer
    users: Pick<Users, 'userOf'>
    trail: Pick<AuditTrail, 'note'>
    clock: Clock
    log: Logger
  }) {
    this.#server = parts.server
    this.#users = parts.users
    this.#trail = parts.trail
    this.#clock = parts.clock
    this.#log = parts.log
  }

  /** The oldest first. */
  list(): OpcuaSession[] {
    const now = this.#clock.now()
    return this.#all()
      .map((session) => this.#describe(session, now))
      .toSorted((one, other) => one.since - other.since)
  }

  /**
   * Ends the session with this id, and its subscriptions; its client is told BadSessionIdInvalid or BadSessionClosed,
   * and may log in again. False: there is no such session.
   */
  close(id: string, by: Actor): boolean {
    const session = this.#all().find(({ nodeId }) => nodeId.toString() === id)
    if (!session) return false
    const at = this.#clock.now()
    const { user, client, address } = this.#describe(session, at)
    this.#server.engine.closeSession(session.authenticationToken, true, 'Forcing')
    const details = { user, client, address }
    this.#trail.note({ at, by, action: 'session.close', subject: id, outcome: 'done', details })
    this.#log.warn({ session: id, ...details, by: by.user }, 'An OPC UA session was closed by an administrator')
    return true
  }

  #all(): ServerSession[] {
    return this.#server.engine.getSessions()
  }

  #describe(session: ServerSession, now: number): OpcuaSession {
    const { channel, clientDescription, publishEngine } = session
    const internals = session as unknown as SessionInternals
    return {
      id: session.nodeId.toString(),
      name: short(session.sessionName),
      ...this.#identityOf(session),
      client: short(clientDescription?.applicationName.text ?? ''),
      clientUri: short(clientDescription?.applicationUri ?? ''),
      address: channel ? channel.remoteAddress : null,
      securityPolicy: channel ? (channel.securityPolicy.split('#').at(-1) ?? '') : null,
      securityMode: channel ? MessageSecurityMode[channel.securityMode] : null,
      active: session.status === 'active',
      since: session.creationDate.getTime(),
      lastContactAt: Math.round(now - session.clientLastContactTime),
      timeoutMs: session.sessionTimeout,
      requests: internals._sessionDiagnostics?.totalRequestCount?.totalCount ?? null,
      bytesReceived: channel ? channel.bytesRead : null,
      bytesSent: channel ? channel.bytesWritten : null,
      subscriptions: publishEngine.subscriptions.map(describeSubscription),
    }
  }

  /** A user who logs in with a certificate is known by its thumbprint, and goes by his name. */
  #identityOf({ userIdentityToken: token }: ServerSession): Pick<OpcuaSession, 'user' | 'login'> {
    if (token instanceof UserNameIdentityToken) return { user: short(token.userName ?? ''), login: 'password' }
    if (token instanceof X509IdentityToken) {
      const user = this.#users.userOf(token)?.name ?? thumbprintOf(token.certificateData)
      return { user: short(user), login: 'certificate' }
    }
    return { user: null, login: token instanceof AnonymousIdentityToken ? 'anonymous' : null }
  }
}

const describeSubscription = (subscription: Subscription): OpcuaSubscription => ({
  id: subscription.id,
  publishingIntervalMs: subscription.publishingInterval,
  publishing: subscription.publishingEnabled,
  items: subscription.monitoredItemCount,
  disabledItems: subscription.disabledMonitoredItemCount,
  unacknowledged: subscription.unacknowledgedMessageCount,
  notifications: subscription.subscriptionDiagnostics.notificationsCount,
  lifetimeMs: subscription.lifeTimeCount * subscription.publishingInterval,
})

const short = (text: string): string => text.slice(0, LONGEST_NAME)
