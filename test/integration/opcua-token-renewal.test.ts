import {
  AttributeIds,
  ClientSubscription,
  type DataValue,
  MessageSecurityMode,
  OPCUAClient,
  SecurityPolicy,
} from 'node-opcua'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { MessageTap } from '../support/message-tap.ts'
import { asUser, monitor, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

let test: RoomUnderTest
let tap: MessageTap
let client: OPCUAClient

beforeEach(async () => {
  test = await startRoom()
  tap = await MessageTap.start(Number(new URL(test.endpointUrl.replace('opc.tcp', 'http')).port))
  client = OPCUAClient.create({
    endpointMustExist: false,
    securityPolicy: SecurityPolicy.Basic256Sha256,
    securityMode: MessageSecurityMode.SignAndEncrypt,
    defaultSecureTokenLifetime: 60_000,
    tokenRenewalInterval: 1_000,
  })
})
afterEach(async () => {
  await client.disconnect()
  tap.close()
  await test.end()
})

it('a Publish request from before the renewal of its channel is answered with the new token (OPC 10000-4 §5.6.2)', async () => {
  await client.connect(test.endpointUrl.replace(/:\d+\//, `:${tap.port}/`))
  const session = await client.createSession(asUser(users[0].name, users[0].password))
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 1_000,
    requestedLifetimeCount: 3_000,
    publishingEnabled: true,
  })
  const values: unknown[] = []
  await monitor(subscription, nodeId('boiler/pressure'), values as never)
  await vi.waitFor(() => expect(values).toHaveLength(1))

  await vi.waitFor(
    async () => {
      await session.read({ nodeId: 'i=2258', attributeId: AttributeIds.Value })
      expect(tap.messages.at(-1)?.tokenId).toBe(2)
    },
    { timeout: 8_000, interval: 200 },
  )
  const renewedAt = tap.messages.findIndex(({ from, tokenId }) => from === 'client' && tokenId === 2)
  test.engine.pipeline.polled(test.engine.tag('boiler/pressure'), 7.5)
  await vi.waitFor(() => expect(values).toHaveLength(2))

  const answers = tap.messages.slice(renewedAt).filter(({ from }) => from === 'server')
  expect(new Set(answers.map(({ tokenId }) => tokenId))).toEqual(new Set([2]))
})

it('a channel that is renewed again and again while values change costs its client none of them', async () => {
  await client.connect(test.endpointUrl.replace(/:\d+\//, `:${tap.port}/`))
  const session = await client.createSession(asUser(users[0].name, users[0].password))
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 1_000,
    publishingEnabled: true,
  })
  const values: DataValue[] = []
  await monitor(subscription, nodeId('boiler/pressure'), values, { queueSize: 1_000, samplingInterval: 0 })
  const tag = test.engine.tag('boiler/pressure')
  let last = 0
  const changing = setInterval(() => test.engine.pipeline.polled(tag, ++last), 5)
  await vi.waitFor(() => expect(tap.messages.at(-1)?.tokenId).toBeGreaterThanOrEqual(3), { timeout: 20_000 })
  clearInterval(changing)

  await vi.waitFor(() => expect(values.at(-1)?.value.value).toBe(last))
  const numbers = values.map(({ value }) => value.value as number).filter((number) => number > 0)
  const first = numbers[0] ?? 0
  expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, at) => first + at))
})
