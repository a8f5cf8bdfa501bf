import {
  AttributeIds,
  BrowseDirection,
  type ClientSession,
  type ClientSubscription,
  CreateMonitoredItemsRequest,
  type CreateMonitoredItemsResponse,
  MonitoringMode,
  StatusCodes,
  TimestampsToReturn,
} from 'node-opcua'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { defaultLimits } from '../../src/config/opcua-choices.ts'
import { nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'

let test: RoomUnderTest
const open = new Set<ClientSession>()

beforeAll(async () => {
  const limits = {
    ...defaultLimits,
    sessions: 3,
    subscriptions: 4,
    subscriptionsPerSession: 2,
    monitoredItems: 12,
    monitoredItemsPerSubscription: 5,
    operationsPerRequest: 6,
  }
  test = await startRoom({ settings: { limits } })
})
afterEach(async () => {
  for (const session of open) await session.close()
  open.clear()
})
afterAll(() => test.end())

async function login(): Promise<ClientSession> {
  const session = await test.session()
  open.add(session)
  return session
}

const subscribe = (session: ClientSession): Promise<ClientSubscription> =>
  session.createSubscription2({
    requestedPublishingInterval: 1_000,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 100,
    publishingEnabled: true,
  })

/** A service that the types of node-opcua's session hide. */
interface RawSession {
  createMonitoredItems(request: CreateMonitoredItemsRequest): Promise<CreateMonitoredItemsResponse>
}

/** What becomes of so many monitored items asked for in one request. */
async function monitor({ session, subscriptionId }: ClientSubscription, count: number): Promise<string[]> {
  const { results } = await (session as unknown as RawSession).createMonitoredItems(
    new CreateMonitoredItemsRequest({
      subscriptionId,
      timestampsToReturn: TimestampsToReturn.Both,
      itemsToCreate: Array.from({ length: count }, (_none, clientHandle) => ({
        itemToMonitor: { nodeId: nodeId('boiler/level'), attributeId: AttributeIds.Value },
        monitoringMode: MonitoringMode.Reporting,
        requestedParameters: { clientHandle, samplingInterval: 100, queueSize: 10, discardOldest: true },
      })),
    }),
  )
  return (results ?? []).map(({ statusCode }) => statusCode.name)
}

const times = <Item>(count: number, item: Item): Item[] => Array.from({ length: count }, () => item)

it('more sessions than allowed are refused, and one that is closed makes room', async () => {
  const first = await login()
  await login()
  await login()
  await expect(login()).rejects.toThrow(/BadTooManySessions/)

  await first.close()
  open.delete(first)

  expect((await login()).sessionId.isEmpty()).toBe(false)
})

it('more subscriptions than a session or all of them may have are refused, and one that ends makes room', async () => {
  const [one, two, three] = [await login(), await login(), await login()] as const
  const first = await subscribe(one)
  await subscribe(one)
  await expect(subscribe(one)).rejects.toThrow(/BadTooManySubscriptions/)
  await subscribe(two)
  await subscribe(two)
  await expect(subscribe(three)).rejects.toThrow(/BadTooManySubscriptions/)

  await first.terminate()

  expect((await subscribe(three)).subscriptionId).toBeGreaterThan(0)
})

it('more monitored items than a subscription or all of them may have are refused, each by itself', async () => {
  const session = await login()
  const other = await login()
  const first = await subscribe(session)
  expect(await monitor(first, 6)).toEqual([...times(5, 'Good'), 'BadTooManyMonitoredItems'])
  expect(await monitor(await subscribe(session), 5)).toEqual(times(5, 'Good'))
  const last = await subscribe(other)
  expect(await monitor(last, 3)).toEqual(['Good', 'Good', 'BadTooManyMonitoredItems'])

  await first.terminate()

  expect(await monitor(last, 3)).toEqual(times(3, 'Good'))
})

it('more operations in one request than allowed are refused as a whole', async () => {
  const session = await login()
  const value = { nodeId: nodeId('boiler/level'), attributeId: AttributeIds.Value }
  const subscription = await subscribe(session)

  expect(await session.read(times(6, value))).toHaveLength(6)
  await expect(session.read(times(7, value))).rejects.toThrow(/BadTooManyOperations/)
  await expect(session.browse(times(7, nodeId('boiler')))).rejects.toThrow(/BadTooManyOperations/)
  await expect(monitor(subscription, 7)).rejects.toThrow(/BadTooManyOperations/)
})

it('a session has ten continuation points, and those that are given back can be had again', async () => {
  const session = (await login()) as ClientSession & { requestedMaxReferencesPerNode: number }
  session.requestedMaxReferencesPerNode = 1
  const browse = () =>
    session.browse({
      nodeId: nodeId('boiler'),
      browseDirection: BrowseDirection.Forward,
      referenceTypeId: 'HasComponent',
      includeSubtypes: true,
      resultMask: 63,
    })
  const results = []
  for (let asked = 0; asked < 12; asked++) results.push(await browse())
  const [good, bad] = [results.slice(0, 10), results.slice(10)]
  expect(good.every(({ statusCode, continuationPoint }) => statusCode.isGood() && continuationPoint)).toBe(true)
  expect(bad.map(({ statusCode }) => statusCode)).toEqual(times(2, StatusCodes.BadNoContinuationPoints))

  await session.browseNext(good[0]?.continuationPoint as Buffer, true)

  expect((await browse()).statusCode).toBe(StatusCodes.Good)
})
