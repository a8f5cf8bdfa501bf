import {
  AttributeIds,
  type ClientSession,
  CreateSubscriptionRequest,
  type CreateSubscriptionRequestOptions,
  type CreateSubscriptionResponse,
  DeleteSubscriptionsRequest,
  ModifySubscriptionRequest,
  type NodeId,
  PublishRequest,
  RepublishRequest,
  SetPublishingModeRequest,
  type TransferResult,
  TransferSubscriptionsRequest,
} from 'node-opcua'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ask, namesOf } from '../support/opcua-requests.ts'
import { asUser, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

const UNKNOWN = 4_000_000
const [, engineer] = users
const admin = { name: 'ada', password: 'admin password', role: 'ConfigureAdmin' } as const

let test: RoomUnderTest
let session: ClientSession

beforeAll(async () => {
  test = await startRoom({ settings: { users: [...users, admin] } })
})
beforeEach(async () => {
  session = await test.session()
})
afterEach(() => session.close())
afterAll(() => test.end())

const subscribe = (options: CreateSubscriptionRequestOptions = {}, via = session) =>
  ask<CreateSubscriptionResponse>(
    via,
    new CreateSubscriptionRequest({
      requestedPublishingInterval: 1_000,
      requestedLifetimeCount: 100,
      requestedMaxKeepAliveCount: 10,
      publishingEnabled: true,
      ...options,
    }),
  )

const remove = async (via: ClientSession, ...subscriptionIds: number[]) =>
  namesOf((await ask<{ results: [] }>(via, new DeleteSubscriptionsRequest({ subscriptionIds }))).results)

const MINUTES = 60_000

describe('OPC 10000-4 §5.14.2 CreateSubscription and §5.14.3 ModifySubscription', () => {
  it.each<[string, CreateSubscriptionRequestOptions, [number, number, number]]>([
    ['an interval of 0', { requestedPublishingInterval: 0 }, [50, 100, 10]],
    ['a negative interval', { requestedPublishingInterval: -5 }, [50, 100, 10]],
    ['an interval that is no number', { requestedPublishingInterval: Number.NaN }, [50, 100, 10]],
    ['an interval of years', { requestedPublishingInterval: 1e12 }, [MINUTES, 10, 3]],
    ['a lifetime shorter than three keep-alives', { requestedLifetimeCount: 1 }, [1_000, 30, 10]],
    ['no keep-alive', { requestedMaxKeepAliveCount: 0 }, [1_000, 100, 2]],
    ['an endless lifetime', { requestedLifetimeCount: 4e9 }, [1_000, 600, 10]],
    ['endless keep-alives', { requestedMaxKeepAliveCount: 4e9, requestedLifetimeCount: 4e9 }, [1_000, 600, 200]],
  ])('revise %s, and never to a lifetime of more than ten minutes', async (_what, asked, revised) => {
    const made = await subscribe(asked)
    const { subscriptionId, revisedPublishingInterval, revisedLifetimeCount, revisedMaxKeepAliveCount } = made
    expect([revisedPublishingInterval, revisedLifetimeCount, revisedMaxKeepAliveCount]).toEqual(revised)

    const modified = await ask<CreateSubscriptionResponse>(
      session,
      new ModifySubscriptionRequest({
        subscriptionId,
        requestedPublishingInterval: 500,
        requestedLifetimeCount: 4e9,
        requestedMaxKeepAliveCount: 4e9,
      }),
    )

    expect(modified.revisedLifetimeCount * modified.revisedPublishingInterval).toBe(10 * MINUTES)
  })

  it('answer BadSubscriptionIdInvalid for one that is not there', async () => {
    const { serviceResult } = await ask(session, new ModifySubscriptionRequest({ subscriptionId: UNKNOWN }))

    expect(serviceResult).toBe('BadSubscriptionIdInvalid')
  })
})

describe('OPC 10000-4 §5.14.4 SetPublishingMode and §5.14.8 DeleteSubscriptions', () => {
  it('answer BadSubscriptionIdInvalid for one that is not there, and do as told to the others', async () => {
    const { subscriptionId } = await subscribe()
    const each = ['BadSubscriptionIdInvalid', 'Good']
    const request = new SetPublishingModeRequest({
      subscriptionIds: [UNKNOWN, subscriptionId],
      publishingEnabled: false,
    })

    expect(namesOf((await ask<{ results: [] }>(session, request)).results)).toEqual(each)
    expect(await remove(session, UNKNOWN, subscriptionId)).toEqual(each)
    expect(await remove(session, subscriptionId)).toEqual(['BadSubscriptionIdInvalid'])
  })

  it('are refused as a whole for no subscription', async () => {
    expect((await ask(session, new SetPublishingModeRequest({}))).serviceResult).toBe('BadNothingToDo')
    expect((await ask(session, new DeleteSubscriptionsRequest({}))).serviceResult).toBe('BadNothingToDo')
  })

  it('do nothing to a subscription of somebody else, not even to one whose session is gone', async () => {
    const other = await test.session(asUser(engineer.name, engineer.password))
    const { subscriptionId } = await subscribe({}, other)
    expect(await remove(session, subscriptionId)).toEqual(['BadSubscriptionIdInvalid'])

    await other.close(false)
    expect(test.room.health().subscriptions).toBe(1)

    expect(await remove(session, subscriptionId)).toEqual(['BadSubscriptionIdInvalid'])
    const again = await test.session(asUser(engineer.name, engineer.password))
    expect(await remove(again, subscriptionId)).toEqual(['Good'])
    await again.close()
  })
})

describe('OPC 10000-4 §5.14.5 Publish and §5.14.6 Republish', () => {
  it('answer each acknowledgement, and know only messages that were sent', async () => {
    const { subscriptionId } = await subscribe({ requestedPublishingInterval: 50 })
    const subscriptionAcknowledgements = [
      { subscriptionId: UNKNOWN, sequenceNumber: 1 },
      { subscriptionId, sequenceNumber: 77 },
    ]

    const { results } = await ask<{ results: [] }>(session, new PublishRequest({ subscriptionAcknowledgements }))

    expect(namesOf(results)).toEqual(['BadSubscriptionIdInvalid', 'BadSequenceNumberUnknown'])
    const republish = async (of: number) =>
      (await ask(session, new RepublishRequest({ subscriptionId: of, retransmitSequenceNumber: 77 }))).serviceResult
    expect(await republish(subscriptionId)).toBe('BadMessageNotAvailable')
    expect(await republish(UNKNOWN)).toBe('BadSubscriptionIdInvalid')
  })

  it('answers BadNoSubscription where there is none', async () => {
    expect((await ask(session, new PublishRequest({}))).serviceResult).toBe('BadNoSubscription')
  })
})

describe('OPC 10000-4 §5.14.7 TransferSubscriptions', () => {
  const transfer = async (via: ClientSession, ...subscriptionIds: number[]) => {
    const request = new TransferSubscriptionsRequest({ subscriptionIds, sendInitialValues: false })
    const { results } = await ask<{ results: TransferResult[] }>(via, request)
    return namesOf(results.map(({ statusCode }) => statusCode))
  }

  it('gives a subscription to another session of its user, and to nobody else', async () => {
    const { subscriptionId } = await subscribe()
    const same = await test.session()
    const other = await test.session(asUser(engineer.name, engineer.password))

    expect(await transfer(other, subscriptionId)).toEqual(['BadUserAccessDenied'])
    expect(await transfer(same, UNKNOWN, subscriptionId)).toEqual(['BadSubscriptionIdInvalid', 'Good'])

    expect(await remove(same, subscriptionId)).toEqual(['Good'])
    await same.close()
    await other.close()
  })

  it('is refused as a whole for no subscription', async () => {
    expect((await ask(session, new TransferSubscriptionsRequest({}))).serviceResult).toBe('BadNothingToDo')
  })
})

describe('OPC 10000-5 §6.3.3 and §6.3.5 diagnostics of a subscription', () => {
  const SERVER_ARRAY = 'i=2290'
  const components = async (via: ClientSession, nodeId: NodeId | string) => {
    const { references } = await via.browse({ nodeId, referenceTypeId: 'HasComponent', resultMask: 63 })
    return (references ?? []).map(({ browseName, nodeId: to }) => ({ name: browseName.name, nodeId: to.toString() }))
  }
  const ofSession = async (via: ClientSession, owner: ClientSession) => {
    const array = (await components(via, owner.sessionId)).find(({ name }) => name === 'SubscriptionDiagnosticsArray')
    return array ? components(via, array.nodeId) : []
  }

  it('are one Variable below the server and its session, follow it to another session, and are gone with it', async () => {
    const ada = await test.session(asUser(admin.name, admin.password))
    const other = await test.session()
    const { subscriptionId } = await subscribe()
    const name = `${subscriptionId}`

    const [known] = (await components(ada, SERVER_ARRAY)).filter((each) => each.name === name)
    expect(await ofSession(ada, session)).toEqual([known])
    const counted = await ada.read({ nodeId: known?.nodeId ?? '', attributeId: AttributeIds.Value })
    expect(counted.value.value.subscriptionId).toBe(subscriptionId)

    await ask(other, new TransferSubscriptionsRequest({ subscriptionIds: [subscriptionId], sendInitialValues: false }))
    expect([await ofSession(ada, session), await ofSession(ada, other)]).toEqual([[], [known]])

    await other.close(false)
    expect((await components(ada, SERVER_ARRAY)).filter((each) => each.name === name)).toEqual([known])
    await ask(session, new TransferSubscriptionsRequest({ subscriptionIds: [subscriptionId] }))
    expect(await ofSession(ada, session)).toEqual([known])
    expect(await remove(session, subscriptionId)).toEqual(['Good'])
    expect(await remove(session, subscriptionId)).toEqual(['BadSubscriptionIdInvalid'])
    expect(await ofSession(ada, session)).toEqual([])
    expect((await components(ada, SERVER_ARRAY)).filter((each) => each.name === name)).toEqual([])
    const gone = await ada.read({ nodeId: known?.nodeId ?? '', attributeId: AttributeIds.Value })
    expect(gone.statusCode.name).toBe('BadNodeIdUnknown')
    await ada.close()
  })
})
