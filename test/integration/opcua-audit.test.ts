import {
  AttributeIds,
  type ClientSession,
  ClientSubscription,
  constructEventFilter,
  DataType,
  type EventFilter,
  MessageSecurityMode,
  TimestampsToReturn,
  type Variant,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { thumbprintOf } from '../../src/opcua/users.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

const people = [
  { name: 'sam', password: 'security password', role: 'SecurityAdmin' },
  { name: 'olga', password: 'observer password', role: 'Observer' },
  { name: 'otto', password: 'operator password', role: 'Operator' },
] as const
const [sam, olga, otto] = people
const by = { user: 'sam', origin: 'cli' } as const

let room: RoomUnderTest
beforeAll(async () => {
  room = await startRoom({ settings: { users: people } })
})
afterAll(() => room.end())

interface Seen {
  readonly source: string
  readonly user: string
  readonly good: boolean
  readonly message: string
}

/** The audit events that a session is sent, from now on. */
async function auditEventsOf(session: ClientSession): Promise<Seen[]> {
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 100,
    requestedLifetimeCount: 600,
    requestedMaxKeepAliveCount: 10,
    publishingEnabled: true,
  })
  const filter: EventFilter = constructEventFilter(['SourceName', 'ClientUserId', 'Status', 'Message'])
  const item = await subscription.monitor(
    { nodeId: 'i=2253', attributeId: AttributeIds.EventNotifier },
    { samplingInterval: 0, queueSize: 100, discardOldest: true, filter },
    TimestampsToReturn.Both,
  )
  const seen: Seen[] = []
  item.on('changed', (fields: unknown) => {
    const [source, user, good, message] = (fields as Variant[]).map(({ value }) => value as unknown)
    const { text } = (message ?? {}) as { text?: string }
    seen.push({ source: String(source), user: String(user ?? ''), good: good === true, message: text ?? '' })
  })
  return seen
}

async function sessionOver(mode: MessageSecurityMode, user: (typeof people)[number]): Promise<ClientSession> {
  const client = await room.client({ mode })
  await client.connect(room.endpointUrl)
  return client.createSession(asUser(user.name, user.password))
}

describe('what happens on the server', () => {
  it('is told to who administers security over an encrypted channel, to nobody else, and is in the audit log', async () => {
    const ofAdministrator = await auditEventsOf(await sessionOver(MessageSecurityMode.SignAndEncrypt, sam))
    const overSigned = await auditEventsOf(await sessionOver(MessageSecurityMode.Sign, sam))
    const ofObserver = await auditEventsOf(await sessionOver(MessageSecurityMode.SignAndEncrypt, olga))

    const operator = await room.session(asUser(otto.name, otto.password))
    await expect(room.session(asUser('otto', 'a wrong password'))).rejects.toThrow(/BadUserAccessDenied/)
    await operator.write({
      nodeId: nodeId('boiler/double'),
      attributeId: AttributeIds.Value,
      value: { value: { dataType: DataType.Double, value: 1 } },
    })
    await operator.call({
      objectId: 'i=15606',
      methodId: 'i=16301',
      inputArguments: [
        { dataType: DataType.String, value: 'Role' },
        { dataType: DataType.String, value: 'urn:role' },
      ],
    })
    await operator.close()

    const told = (source: string, good: boolean) =>
      expect.objectContaining({
        source,
        user: source.endsWith('CreateSession') ? 'System/CreateSession' : 'otto',
        good,
      })
    await vi.waitFor(() => {
      for (const event of [
        told('Session/CreateSession', true),
        told('Session/ActivateSession', true),
        told('Session/ActivateSession', false),
        told('Attribute/Write', false),
        told('Attribute/Call', false),
        told('Session/CloseSession', true),
      ]) {
        expect(ofAdministrator).toContainEqual(event)
      }
    }, 10_000)
    expect([...overSigned, ...ofObserver]).toEqual([])

    await vi.waitFor(() => {
      for (const [action, outcome] of [
        ['opcua.ActivateSession', 'done'],
        ['opcua.ActivateSession', 'refused'],
        ['opcua.Write', 'refused'],
        ['opcua.Call', 'refused'],
      ] as const) {
        const entry = { action, outcome, by: expect.objectContaining({ user: 'otto', origin: 'opcua' }) }
        expect(room.engine.audited).toContainEqual(expect.objectContaining(entry))
      }
    })
    expect(JSON.stringify(room.engine.audited)).not.toContain('password for')
    expect(JSON.stringify(room.engine.audited)).not.toContain(otto.password)
  })

  it('many wrong passwords are few entries of the audit log', async () => {
    room.engine.audited.length = 0
    for (let attempt = 0; attempt < 10; attempt++) {
      await expect(room.session(asUser('nobody', 'always the same'))).rejects.toThrow(/BadUserAccessDenied/)
    }

    const refused = room.engine.audited.filter(({ outcome }) => outcome === 'refused')
    expect(refused).toHaveLength(1)
  })

  it('a change of users and certificates is told with who made it', async () => {
    const seen = await auditEventsOf(await sessionOver(MessageSecurityMode.SignAndEncrypt, sam))

    room.room.showUsers({ users: [], change: { action: 'user.remove', subject: 'anna', user: 'sam' } })

    const event = { source: 'Penstock/Configuration', user: 'sam', good: true, message: 'user.remove anna' }
    await vi.waitFor(() => expect(seen).toContainEqual(event), 10_000)
  })
})

describe('a certificate of a client', () => {
  it('that is revoked ends the connection at once, is refused from then on, and told', async () => {
    const seen = await auditEventsOf(await sessionOver(MessageSecurityMode.SignAndEncrypt, sam))
    const own = await startRoom({ settings: { users: people } })
    try {
      await own.session(asUser(olga.name, olga.password))
      const trusted = (await own.room.certificates()).find(({ place }) => place === 'trusted')
      const thumbprint = trusted?.thumbprint ?? ''
      expect(own.room.health().sessions).toBe(1)

      const answer = await own.room.changeCertificates({ action: 'revoke', store: 'application', thumbprint }, by)

      expect('certificates' in answer && answer.certificates).toContainEqual(
        expect.objectContaining({ place: 'revoked', thumbprint }),
      )
      expect(own.room.health().sessions).toBe(0)
      await expect(own.session(asUser(olga.name, olga.password))).rejects.toThrow()
      await vi.waitFor(() => {
        const actions = own.engine.audited.map(({ action, subject }) => `${action} ${subject}`)
        expect(actions).toContain(`certificate.revoke ${thumbprint}`)
        expect(actions).toContain(`opcua.Certificate ${thumbprint}`)
      })
    } finally {
      await own.end()
    }
    expect(seen.filter(({ source }) => source === 'Security/Certificate')).toEqual([])
  })

  it('can be named that nobody has: nothing changes', async () => {
    const thumbprint = thumbprintOf(Buffer.from('no certificate'))

    const answer = await room.room.changeCertificates({ action: 'trust', store: 'application', thumbprint }, by)

    expect(answer).toEqual({ refused: expect.stringContaining(thumbprint) })
  })
})
