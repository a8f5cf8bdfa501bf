import {
  type CallMethodRequestOptions,
  type CallMethodResult,
  CallRequest,
  type ClientSession,
  CreateSubscriptionRequest,
  DataType,
  Variant,
} from 'node-opcua'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, namesOf } from '../support/opcua-requests.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

let test: RoomUnderTest
let session: ClientSession
let good: CallMethodRequestOptions

beforeAll(async () => {
  test = await startRoom()
  session = await test.session()
  const { subscriptionId } = await subscribe(session)
  good = getMonitoredItems([uint32(subscriptionId)])
})
afterAll(() => test.end())

const subscribe = (of: ClientSession) =>
  ask<{ subscriptionId: number }>(of, new CreateSubscriptionRequest({ requestedPublishingInterval: 1_000 }))

const uint32 = (value: number) => new Variant({ dataType: DataType.UInt32, value })

/** OPC 10000-5 §9.1: Server.GetMonitoredItems(SubscriptionId). */
const getMonitoredItems = (inputArguments: Variant[]): CallMethodRequestOptions => ({
  objectId: 'i=2253',
  methodId: 'i=11492',
  inputArguments,
})

const call = (methodsToCall: readonly CallMethodRequestOptions[]) =>
  ask<{ results: CallMethodResult[] }>(session, new CallRequest({ methodsToCall: [...methodsToCall] }))

describe('OPC 10000-4 §5.12.2 Call', () => {
  it.each<[string, string, Partial<CallMethodRequestOptions>]>([
    ['BadNodeIdUnknown', 'an object that is not there', { objectId: nodeId('nothing') }],
    ['BadNodeIdInvalid', 'an object that is none', { objectId: nodeId('boiler/pressure') }],
    ['BadMethodInvalid', 'a method that is not there', { methodId: 'i=99999' }],
    ['BadMethodInvalid', 'a method that is none', { methodId: 'i=2258' }],
    ['BadMethodInvalid', 'a method of another object', { objectId: nodeId('boiler') }],
    ['BadArgumentsMissing', 'no arguments', { inputArguments: [] }],
    ['BadTooManyArguments', 'one argument too many', { inputArguments: [uint32(1), uint32(2)] }],
    ['BadSubscriptionIdInvalid', 'a subscription that is not there', { inputArguments: [uint32(4_000_000)] }],
  ])('answers %s for %s, without results of arguments, and the other calls', async (status, _what, wrong) => {
    const { results } = await call([good, { ...good, ...wrong }, good])

    expect(namesOf(results.map(({ statusCode }) => statusCode))).toEqual(['Good', status, 'Good'])
    expect(results[1]?.inputArgumentResults).toEqual([])
    expect(results[1]?.outputArguments).toEqual([])
  })

  it('answers BadInvalidArgument for an argument of the wrong type, and says which', async () => {
    const wrong = getMonitoredItems([new Variant({ dataType: DataType.String, value: '1' })])

    const { results } = await call([wrong, good])

    expect(namesOf(results.map(({ statusCode }) => statusCode))).toEqual(['BadInvalidArgument', 'Good'])
    expect(namesOf(results[0]?.inputArgumentResults)).toEqual(['BadTypeMismatch'])
  })

  it('answers BadNotExecutable for a standard method that nothing stands behind', async () => {
    const texts = ['Role', 'urn:role'].map((value) => new Variant({ dataType: DataType.String, value }))
    const addRole = { objectId: 'i=15606', methodId: 'i=16301', inputArguments: texts }

    const { results } = await call([addRole, good])

    expect(namesOf(results.map(({ statusCode }) => statusCode))).toEqual(['BadNotExecutable', 'Good'])
  })

  it('answers BadUserAccessDenied for a subscription of somebody else', async () => {
    const [, engineer] = users
    const { subscriptionId } = await subscribe(await test.session(asUser(engineer.name, engineer.password)))

    const { results } = await call([getMonitoredItems([uint32(subscriptionId)])])

    expect(namesOf(results.map(({ statusCode }) => statusCode))).toEqual(['BadUserAccessDenied'])
  })

  it('answers BadMethodInvalid for a durable subscription (OPC 10000-5 §9.3): there are none, for nobody', async () => {
    const { results } = await call([{ ...good, methodId: 'i=12749', inputArguments: [uint32(1), uint32(1)] }])

    expect(namesOf(results.map(({ statusCode }) => statusCode))).toEqual(['BadMethodInvalid'])
  })

  it('is refused as a whole for no method and for more than MaxNodesPerMethodCall', async () => {
    expect((await call([])).serviceResult).toBe('BadNothingToDo')
    expect((await call(Array.from({ length: 101 }, () => good))).serviceResult).toBe('BadTooManyOperations')
  })
})
