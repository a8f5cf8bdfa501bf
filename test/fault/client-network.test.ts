import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ClientSession,
  ClientSubscription,
  DataChangeNotification,
  type DataValue,
  MessageSecurityMode,
  type NotificationMessage,
  OPCUACertificateManager,
  OPCUAClient,
  RepublishRequest,
  type RepublishResponse,
  SecurityPolicy,
} from 'node-opcua'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { ask } from '../support/opcua-requests.ts'
import { asUser, monitor, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'
import { TcpProxy } from '../support/tcp-proxy.ts'

/** What the network between does to an OPC UA client. `NETWORK_FLAP_SECONDS=10` lets each outage last that long. */
const { NETWORK_FLAP_SECONDS } = process.env
const OUTAGE_MS = 1_000 * Number(NETWORK_FLAP_SECONDS ?? 1)
const OUTAGES = 2
/** So that those of an outage have room in the queue of an item, which is 100 values at most. */
const CHANGE_EVERY_MS = Math.max(20, OUTAGE_MS / 75)
const SHORTEST_SESSION_MS = 10_000

let test: RoomUnderTest
let folder: string
const ends: (() => Promise<unknown>)[] = []
/** Sessions of an attempt at the first test that failed. */
let before = 0

beforeAll(async () => {
  test = await startRoom()
  folder = mkdtempSync(join(tmpdir(), 'penstock-network-'))
})
afterAll(async () => {
  for (const end of ends.reverse()) await end()
  await test.end()
  rmSync(folder, { recursive: true, force: true })
})

/** A client with a way of its own to the server, and its session, which ends after so long without a word. */
async function connect(requestedSessionTimeout: number): Promise<{ way: TcpProxy; session: ClientSession }> {
  const way = await TcpProxy.start(Number(new URL(test.endpointUrl.replace('opc.tcp', 'http')).port))
  const certificates = new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true })
  await certificates.initialize()
  const client = OPCUAClient.create({
    endpointMustExist: false,
    securityPolicy: SecurityPolicy.Basic256Sha256,
    securityMode: MessageSecurityMode.SignAndEncrypt,
    clientCertificateManager: certificates,
    connectionStrategy: { maxRetry: -1, initialDelay: 50, maxDelay: 200 },
    requestedSessionTimeout,
  })
  // Without its way a client that waits for an answer gives up at once.
  ends.push(
    () => client.disconnect(),
    () => way.close(),
  )
  await client.connect(test.endpointUrl.replace(/:\d+\//, `:${way.port}/`))
  return { way, session: await client.createSession(asUser(users[0].name, users[0].password)) }
}

/** What a message tells of the value, in order. */
const numbersOf = ({ notificationData }: NotificationMessage): number[] =>
  (notificationData ?? [])
    .flatMap((data) => (data instanceof DataChangeNotification ? (data.monitoredItems ?? []) : []))
    .map(({ value }) => value.value.value as number)
    .filter((number) => number > 0)

it(`a network that goes for ${OUTAGE_MS} ms, again and again, costs a client no change: what was sent in vain is sent again`, {
  timeout: 60_000 + 2 * OUTAGES * OUTAGE_MS,
}, async () => {
  before = test.room.health().sessions
  // Its machine goes off without a word; the other test sees what becomes of it.
  const gone = await connect(SHORTEST_SESSION_MS)
  gone.way.weather = { blackHole: true }
  const { way, session } = await connect(60_000 + OUTAGE_MS)
  const sessionId = session.sessionId.toString()
  expect(test.room.health().sessions).toBe(before + 2)
  const subscription = ClientSubscription.create(session, {
    requestedPublishingInterval: 50,
    requestedMaxKeepAliveCount: 20,
    requestedLifetimeCount: 5_000,
    publishingEnabled: true,
  })
  const values: DataValue[] = []
  await monitor(subscription, nodeId('boiler/pressure'), values, { queueSize: 100, samplingInterval: 0 })
  const received = new Map<number, number[]>()
  subscription.on('raw_notification', (message) => {
    if (numbersOf(message).length > 0) received.set(message.sequenceNumber, numbersOf(message))
  })
  const tag = test.engine.tag('boiler/pressure')
  let last = 0
  const changing = setInterval(() => test.engine.pipeline.polled(tag, ++last), CHANGE_EVERY_MS)
  const isSeen = (number: number) =>
    vi.waitFor(() => expect(values.at(-1)?.value.value).toBeGreaterThanOrEqual(number), {
      timeout: 30_000 + OUTAGE_MS,
    })
  try {
    for (let outage = 0; outage < OUTAGES; outage++) {
      await isSeen(last + 10)
      await way.refuse()
      way.cut(outage % 2 ? 'FIN' : 'RST')
      await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS))
      await way.accept()
      await isSeen(last)
    }
  } finally {
    clearInterval(changing)
  }
  await isSeen(last)
  // The client goes on with Publish while it asks for what was sent in vain, and then forgets some; the server has them.
  const { subscriptionId } = subscription
  const newest = Math.max(...received.keys())
  for (let sequence = Math.min(...received.keys()); sequence < newest; sequence++) {
    if (received.has(sequence)) continue
    const request = new RepublishRequest({ subscriptionId, retransmitSequenceNumber: sequence })
    received.set(sequence, numbersOf((await ask<RepublishResponse>(session, request)).notificationMessage))
  }
  const numbers = [...received.keys()].toSorted((one, other) => one - other).flatMap((at) => received.get(at) ?? [])
  const [first = 0] = numbers
  expect(numbers).toEqual(Array.from({ length: last - first + 1 }, (_, at) => first + at))
  expect(values.some(({ statusCode }) => statusCode.hasOverflowBit)).toBe(false)
  expect(session.sessionId.toString()).toBe(sessionId)
})

it('a client whose machine went off without a word keeps its place until its session ends, and no longer', async () => {
  await vi.waitFor(() => expect(test.room.health().sessions).toBe(before + 1), { timeout: 30_000 })
})
