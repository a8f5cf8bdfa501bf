import {
  type ActivateSessionRequest,
  type CancelRequest,
  CancelResponse,
  type CreateMonitoredItemsRequest,
  type CreateSessionRequest,
  type CreateSubscriptionRequest,
  DeleteSubscriptionsResponse,
  type GetEndpointsRequest,
  type ModifySubscriptionRequest,
  OPCUAServer,
  type OPCUAServerOptions,
  type ServerSession,
  ServiceFault,
  type StatusCode,
  StatusCodes,
} from 'node-opcua'
import type { OpcuaLimits } from '../config/opcua-choices.ts'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import { limitKeepAlive } from './hardening/subscription-lifetime.ts'
import { addressOf, advertisedUrlFor } from './services/advertised-url.ts'
import { cancelRequests } from './services/cancel.ts'
import { refuseForShare } from './services/item-checks.ts'
import { RequestQueue } from './services/request-queue.ts'
import { moveSession } from './services/session-move.ts'
import { SessionQuota } from './services/session-quota.ts'
import { SubscriptionQuota } from './services/subscription-quota.ts'
import { type IdentityToken, isAdministrator, userKeyOf } from './services/user-of.ts'
import { ServiceTraces } from './traces/service-traces.ts'

type Message = Parameters<OPCUAServer['on_request']>[0] & { readonly session?: unknown }
type Channel = Parameters<OPCUAServer['on_request']>[1]
type Authorized = (error: Error | null, isAuthorized?: boolean, statusCode?: StatusCode) => void
type Handler = (message: Message, channel: Channel) => unknown

/** How long a session may wait for its activation; it holds a place that others could have. */
const ACTIVATION_TIMEOUT: Milliseconds = 30_000

/** How long a session may be silent before it ends, whatever its client asks for; node-opcua allows 50 minutes. */
const LONGEST_SILENCE: Milliseconds = 10 * 60_000

export interface GatewayServerOptions {
  readonly limits: OpcuaLimits
  /** Port of the endpoint for clients that used an address we do not know. */
  readonly advertisedPort?: number | undefined
  readonly clock: Clock
  readonly log: Logger
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/**
 * node-opcua's server with what it lacks of OPC 10000-4: shares of users in sessions, subscriptions and items, a session
 * kept for an administrator, Cancel, endpoints that suit the address a client used, and a fault, without a word of our
 * insides, for each request that it fails to answer.
 */
export class GatewayServer extends OPCUAServer {
  readonly #sessions: SessionQuota<ServerSession>
  readonly #subscriptions: SubscriptionQuota
  readonly #requests: RequestQueue<Channel>
  readonly #advertisedPort: number | undefined
  readonly #clock: Clock
  readonly #log: Logger
  readonly #traces: ServiceTraces | undefined

  constructor(options: OPCUAServerOptions, { limits, advertisedPort, clock, log, tracing }: GatewayServerOptions) {
    const sessions = new SessionQuota<ServerSession>(limits)
    super({ ...options, serverCapabilities: { ...options.serverCapabilities, maxSessions: sessions.most } })
    this.#sessions = sessions
    this.#subscriptions = new SubscriptionQuota(this, limits)
    this.#requests = new RequestQueue(clock)
    this.#advertisedPort = advertisedPort
    this.#clock = clock
    this.#log = log
    this.#traces = tracing && new ServiceTraces(tracing)
    this.on('create_session', (session) => this.#expectActivation(session))
    this.on('closeChannel', (channel) => this.#requests.drop(channel))
    this.on('session_closed', (session) => this.#sessions.release(session))
  }

  /** As node-opcua's, which would send its stack trace to whoever makes a service fail. */
  override on_request(message: Message, channel: Channel): void {
    const handler = (this as unknown as Record<string, unknown>)[`_on_${message.request.schema.name}`]
    if (typeof handler !== 'function') {
      super.on_request(message, channel)
      return
    }
    const answer = () => this.#answer(handler as Handler, message, channel)
    const turn = this.#traces ? () => this.#traces?.answer(message, channel as never, answer) : answer
    if (this.#requests.admit(channel, turn)) return
    this.#log.warn(
      { address: channel.remoteAddress },
      'An OPC UA client that sent requests without end was disconnected',
    )
    this.#requests.drop(channel)
    channel.abruptlyInterrupt()
  }

  #answer(handler: Handler, message: Message, channel: Channel): void {
    this.prepare(message, channel)
    this.emit('request', message.request, channel)
    const fail = (error: unknown) => this.#fail(message, channel, error)
    try {
      Promise.resolve(handler.call(this, message, channel)).catch(fail)
    } catch (error) {
      fail(error)
    }
  }

  /** Services answer later, and node-opcua does not wait for what becomes of them: a failure would end the thread. */
  protected override async _apply_on_SessionObject(...parameters: unknown[]): Promise<void> {
    try {
      await super._apply_on_SessionObject(...(parameters as [never, never, never, never]))
    } catch (error) {
      this.#fail(parameters[1] as Message, parameters[2] as Channel, error)
    }
  }

  #fail(message: Message, channel: Channel, error: unknown): void {
    this.#log.error({ service: message.request.schema.name, cause: describeError(error) }, 'An OPC UA service failed')
    const responseHeader = { serviceResult: StatusCodes.BadInternalError }
    channel.send_response('MSG', new ServiceFault({ responseHeader }), message)
  }

  /** A user who is who it says may still be refused: all of its sessions, or all of the server's, are taken. */
  protected override isUserAuthorized(
    channel: Channel,
    session: ServerSession,
    token: IdentityToken,
    callback: Authorized,
  ): void {
    super.isUserAuthorized(channel, session, token, (error, isAuthorized, statusCode) => {
      if (error || !isAuthorized) return callback(error, isAuthorized, statusCode)
      const user = userKeyOf(token)
      if (this.#sessions.admit(session, { user, administrator: isAdministrator(this, session, token) })) {
        return callback(null, true)
      }
      this.#log.warn(
        { user, address: channel.remoteAddress, sessions: this.#sessions.of(user).length },
        'An OPC UA session was refused: the server or the user has as many as allowed (opcua.limits)',
      )
      callback(null, false, StatusCodes.BadTooManySessions)
      this.#close(session)
    })
  }

  #expectActivation(session: ServerSession): void {
    const cancel = this.#clock.after(ACTIVATION_TIMEOUT, () => {
      if (session.status !== 'active') this.#close(session)
    })
    session.once('session_closed', cancel)
    session.once('statusChanged', cancel)
  }

  #close({ authenticationToken }: ServerSession): void {
    this.engine.closeSession(authenticationToken, true, 'Terminated')
  }

  #sessionsOfUser({ userIdentityToken }: ServerSession): ServerSession[] {
    return this.#sessions.of(userKeyOf(userIdentityToken))
  }

  /** The address is that of one of our endpoints, if there is any that suits it, so that all answers agree. */
  protected override _on_CreateSessionRequest(message: Message, channel: Channel): Promise<void> {
    const request = message.request as CreateSessionRequest
    request.endpointUrl = advertisedUrlFor(request.endpointUrl, this.getDiscoveryUrls()) ?? request.endpointUrl
    const { requestedSessionTimeout: asked } = request
    // 0 asks for node-opcua's default; a negative one would become its shortest, a tenth of a second.
    request.requestedSessionTimeout = asked > 0 ? Math.min(asked, LONGEST_SILENCE) : 0
    return super._on_CreateSessionRequest(message, channel)
  }

  protected override _on_ActivateSessionRequest(message: Message, channel: Channel): void {
    const request = message.request as ActivateSessionRequest
    const session = this.getSession(request.requestHeader.authenticationToken)
    moveSession(session, request, channel, () => super._on_ActivateSessionRequest(message, channel))
  }

  protected override _on_GetEndpointsRequest(message: Message, channel: Channel): void {
    const request = message.request as GetEndpointsRequest
    const urls = this.getDiscoveryUrls()
    const fallback = urls.find((url) => addressOf(url)?.port === this.#advertisedPort) ?? urls[0] ?? null
    request.endpointUrl = advertisedUrlFor(request.endpointUrl, urls) ?? fallback
    super._on_GetEndpointsRequest(message, channel)
  }

  protected override _on_CreateSubscriptionRequest(message: Message, channel: Channel): void {
    const request = message.request as CreateSubscriptionRequest
    limitKeepAlive(request)
    const session = activeSessionOf(message)
    if (session && !this.#subscriptions.admits(session, this.#sessionsOfUser(session))) {
      const responseHeader = { serviceResult: StatusCodes.BadTooManySubscriptions }
      channel.send_response('MSG', new ServiceFault({ responseHeader }), message)
      return
    }
    super._on_CreateSubscriptionRequest(message, channel)
  }

  protected override _on_ModifySubscriptionRequest(message: Message, channel: Channel): void {
    limitKeepAlive(message.request as ModifySubscriptionRequest)
    super._on_ModifySubscriptionRequest(message, channel)
  }

  protected override _on_CreateMonitoredItemsRequest(message: Message, channel: Channel): void {
    const { itemsToCreate } = message.request as CreateMonitoredItemsRequest
    const session = activeSessionOf(message)
    if (session && itemsToCreate) {
      const left = this.#subscriptions.itemsLeft(this.#sessionsOfUser(session))
      for (const item of itemsToCreate.slice(left)) refuseForShare(item)
    }
    super._on_CreateMonitoredItemsRequest(message, channel)
  }

  /** node-opcua deletes a subscription whose session is gone for anybody who names it. */
  protected override _apply_on_SubscriptionIds(...parameters: unknown[]): void {
    const [response, message, channel, perform] = parameters as [unknown, Message, Channel, PerSubscription]
    const guarded: PerSubscription = async (session, id) =>
      response === DeleteSubscriptionsResponse && this.#subscriptions.isOthersOrphan(session, id)
        ? StatusCodes.BadSubscriptionIdInvalid
        : perform(session, id)
    super._apply_on_SubscriptionIds(response as never, message as never, channel, guarded)
  }

  /** node-opcua has no Cancel. */
  protected _on_CancelRequest(message: Message, channel: Channel): Promise<void> {
    const { requestHandle } = message.request as CancelRequest
    return this._apply_on_SessionObject(CancelResponse, message, channel, (session: ServerSession) => {
      const cancelCount = cancelRequests(session, requestHandle)
      channel.send_response('MSG', new CancelResponse({ cancelCount }), message)
    })
  }
}

type PerSubscription = (session: ServerSession, subscriptionId: number) => Promise<unknown>

/** The session that the request is for, if it may be used; node-opcua refuses what has none. */
const activeSessionOf = ({ session }: Message): ServerSession | undefined => {
  const active = session as ServerSession | undefined
  return active?.status === 'active' ? active : undefined
}
