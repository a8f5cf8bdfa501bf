import {
  ActivateSessionRequest,
  AnonymousIdentityToken,
  AttributeIds,
  CancelRequest,
  type ClientSession,
  CloseSessionRequest,
  CreateSessionRequest,
  CreateSubscriptionRequest,
  MessageSecurityMode,
  type NodeId,
  type OPCUAClient,
  PublishRequest,
  ReadRequest,
  SecurityPolicy,
  UserNameIdentityToken,
  UserTokenType,
} from 'node-opcua'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { defaultLimits } from '../../src/config/opcua-choices.ts'
import type { UserRole } from '../../src/core/user.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { ask, type ServiceRequest } from '../support/opcua-requests.ts'
import { asUser, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

const admin = { name: 'ada', password: 'admin-password', role: 'SecurityAdmin' as UserRole }
const olga = { name: 'olga', password: 'observer-password', role: 'Observer' } as const
const emil = { name: 'emil', password: 'engineer-password', role: 'Engineer' } as const
const clock = new ManualClock()

let test: RoomUnderTest
const open = new Set<ClientSession>()

beforeAll(async () => {
  test = await startRoom({
    clock,
    settings: {
      allowUnencrypted: true,
      allowAnonymous: true,
      users: [admin, olga, emil],
      limits: { ...defaultLimits, sessions: 3, sessionsPerUser: 2 },
    },
  })
})
afterEach(async () => {
  for (const session of open) await session.close()
  open.clear()
})
afterAll(() => test.end())

async function login({ name, password }: { name: string; password: string }): Promise<ClientSession> {
  const session = await test.session(asUser(name, password))
  open.add(session)
  return session
}

/** A client without a session, whose requests carry what we say. */
async function connect(): Promise<OPCUAClient> {
  const client = await test.client({ policy: SecurityPolicy.None, mode: MessageSecurityMode.None })
  await client.connect(test.endpointUrl)
  return client
}

interface Created {
  readonly authenticationToken: NodeId
  readonly revisedSessionTimeout: number
}

const create = (client: OPCUAClient, requestedSessionTimeout = 30_000) =>
  ask<Created>(client, new CreateSessionRequest({ endpointUrl: test.endpointUrl, requestedSessionTimeout }))

async function status(client: OPCUAClient, request: ServiceRequest, token?: NodeId): Promise<string> {
  if (token) Object.assign(request.requestHeader, { authenticationToken: token })
  return (await ask(client, request)).serviceResult
}

const read = () => new ReadRequest({ nodesToRead: [{ nodeId: 'i=2258', attributeId: AttributeIds.Value }] })
const close = () => new CloseSessionRequest({ deleteSubscriptions: true })
const activate = (userIdentityToken: ActivateSessionRequest['userIdentityToken']) =>
  new ActivateSessionRequest({ userIdentityToken, localeIds: ['tlh-KX', ''] })

describe('OPC 10000-4 §5.7.2 CreateSession', () => {
  it.each([0, -1, Number.NaN, 1e12])(
    'revises a timeout of %s ms to between ten seconds and ten minutes',
    async (asked) => {
      const client = await connect()

      const { authenticationToken, revisedSessionTimeout } = await create(client, asked)

      expect(revisedSessionTimeout).toBeGreaterThanOrEqual(10_000)
      expect(revisedSessionTimeout).toBeLessThanOrEqual(600_000)
      expect(await status(client, close(), authenticationToken)).toBe('Good')
    },
  )

  it('gives a session that is not activated within half a minute to others', async () => {
    const before = test.room.health().sessions
    await create(await connect())
    expect(test.room.health().sessions).toBe(before + 1)

    await clock.advance(30_000)

    await vi.waitFor(() => expect(test.room.health().sessions).toBe(before))
  })

  it('closes the oldest session that is not activated when there is no room', async () => {
    const client = await connect()
    for (let number = 0; number < 10; number++) expect((await create(client)).serviceResult).toBe('Good')
    expect(test.room.health().sessions).toBeLessThanOrEqual(4)

    await login(olga)
    await clock.advance(30_000)
    await vi.waitFor(() => expect(test.room.health().sessions).toBe(1))
  })

  it('gives no user more than its share, and leaves the others theirs', async () => {
    await login(olga)
    await login(olga)
    await expect(login(olga)).rejects.toThrow(/BadTooManySessions/)

    expect((await login(emil)).sessionId.isEmpty()).toBe(false)
  })

  it('keeps one session of a server that is full for an administrator', async () => {
    for (const user of [olga, olga, emil]) await login(user)
    await expect(login(emil)).rejects.toThrow(/BadTooManySessions/)

    expect((await login(admin)).sessionId.isEmpty()).toBe(false)
    expect(test.room.health().sessions).toBe(4)
    expect(test.logged.map(({ message }) => message)).toContain(
      'An OPC UA session was refused: the server or the user has as many as allowed (opcua.limits)',
    )
  })
})

describe('OPC 10000-4 §5.7.3 ActivateSession', () => {
  it.each([
    ['of a policy that is not offered', new UserNameIdentityToken({ policyId: 'mine', userName: 'olga' })],
    ['without a name', new AnonymousIdentityToken({ policyId: 'mine' })],
  ])('answers BadIdentityTokenInvalid for a token %s', async (_what, token) => {
    const client = await connect()
    const { authenticationToken } = await create(client)

    expect(await status(client, activate(token), authenticationToken)).toBe('BadIdentityTokenInvalid')
    expect(await status(client, close(), authenticationToken)).toBe('Good')
  })

  it('answers BadSessionIdInvalid for a session that is not there, and takes no session from its channel', async () => {
    const client = await connect()
    const { authenticationToken } = await create(client)
    const stranger = await connect()

    expect(await status(client, activate(null))).toBe('BadSessionIdInvalid')
    expect(await status(stranger, activate(null), authenticationToken)).toBe('BadSessionNotActivated')
    expect(await status(stranger, close(), authenticationToken)).toBe('BadSessionIdInvalid')
    expect(await status(client, close(), authenticationToken)).toBe('Good')
  })

  it('takes any locale: texts come in the language they have', async () => {
    const client = await connect()
    const { authenticationToken } = await create(client)

    expect(await status(client, activate(null), authenticationToken)).toBe('Good')
    expect(await status(client, close(), authenticationToken)).toBe('Good')
  })
})

describe('OPC 10000-4 §5.7 a service without a session', () => {
  it('is refused before the session is activated, which ends it', async () => {
    const client = await connect()
    const { authenticationToken } = await create(client)

    expect(await status(client, read(), authenticationToken)).toBe('BadSessionNotActivated')
    expect(await status(client, activate(null), authenticationToken)).toBe('BadSessionClosed')
    expect(await status(client, close(), authenticationToken)).toBe('Good')
  })

  it('is refused without one, and on a channel that is not its own', async () => {
    const session = await login(olga)
    const stranger = await connect()
    const { authenticationToken } = session as unknown as { authenticationToken: NodeId }

    expect(await status(stranger, read())).toBe('BadSessionIdInvalid')
    expect(await status(stranger, read(), authenticationToken)).toBe('BadSecureChannelIdInvalid')
    expect(await status(stranger, close(), authenticationToken)).toBe('BadSessionIdInvalid')
    expect((await session.read({ nodeId: 'i=2258', attributeId: AttributeIds.Value })).statusCode.name).toBe('Good')
  })
})

describe('OPC 10000-4 §5.7.5 Cancel', () => {
  it('ends the requests with the handle, and no others', async () => {
    const session = await login(olga)
    await ask(
      session,
      new CreateSubscriptionRequest({ requestedPublishingInterval: 100, requestedMaxKeepAliveCount: 1_000 }),
    )
    // The first message of a subscription takes the first request.
    await ask(session, new PublishRequest({}))
    const publish = () => {
      const request = new PublishRequest({})
      return { request, answer: ask(session, request) }
    }
    const [one, other] = [publish(), publish()]
    await vi.waitFor(() => expect(one.request.requestHeader.requestHandle).toBeGreaterThan(0))
    const { requestHandle } = one.request.requestHeader

    const { cancelCount } = await ask<{ cancelCount: number }>(session, new CancelRequest({ requestHandle }))

    expect(cancelCount).toBe(1)
    expect((await one.answer).serviceResult).toBe('BadRequestCancelledByClient')
    const again = await ask<{ cancelCount: number }>(session, new CancelRequest({ requestHandle }))
    expect(again.cancelCount).toBe(0)
    await session.close()
    open.delete(session)
    expect((await other.answer).serviceResult).toMatch(/^BadSession/)
  })
})

describe('OPC 10000-4 §5.7.3 an anonymous session', () => {
  it('is one user among others, with its share', async () => {
    const anonymous = { type: UserTokenType.Anonymous } as const
    for (let number = 0; number < 2; number++) open.add(await test.session(anonymous))

    await expect(test.session(anonymous)).rejects.toThrow(/BadTooManySessions/)
  })
})
