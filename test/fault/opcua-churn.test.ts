import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  ActivateSessionRequest,
  AttributeIds,
  BinaryStream,
  CloseSessionRequest,
  CreateSessionRequest,
  CreateSessionResponse,
  decodeExpandedNodeId,
  MessageSecurityMode,
  type NodeId,
  OPCUACertificateManager,
  OPCUAClient,
  ReadRequest,
  SecurityPolicy,
} from 'node-opcua'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { silentLogger } from '../../src/core/logger.ts'
import { routeNodeOpcuaLog } from '../../src/opcua/node-opcua-log.ts'
import { bodyOf, helloTo, openChannel, RawChannel } from '../support/opcua-raw-channel.ts'
import { asUser } from '../support/opcua-room.ts'
import { OpcuaServerProcess } from '../support/opcua-server-process.ts'

/** As many connections as a gateway was seen to get in a day: `CHURN=4250`. */
const { CHURN } = process.env
const connections = Number(CHURN ?? 200)
const AT_ONCE = 8
const MEGABYTE = 1024 * 1024
/** What memory may differ by of which nothing is kept: caches fill, and collections come when they come. */
const MOST_GROWTH = 6 * MEGABYTE
const VALUE = { nodeId: 'ns=4;s=boiler/t1', attributeId: AttributeIds.Value }

let server: OpcuaServerProcess
let folder: string

beforeAll(async () => {
  routeNodeOpcuaLog(silentLogger)
  folder = mkdtempSync(join(tmpdir(), 'penstock-churn-'))
  server = await OpcuaServerProcess.start({ allowUnencrypted: true, allowAnonymous: true })
})
afterAll(async () => {
  await server.end()
  rmSync(folder, { recursive: true, force: true })
})

/** The body of the answer to a request, behind its headers. */
async function request(channel: RawChannel, body: Buffer): Promise<BinaryStream> {
  const from = channel.received.length
  channel.send(body)
  await channel.answers(from + 8)
  if (channel.closed) throw new Error('the server closed the connection')
  const length = channel.received.readUInt32LE(from + 4)
  await channel.answers(from + length)
  const stream = new BinaryStream(channel.received.subarray(from + 24, from + length))
  decodeExpandedNodeId(stream)
  return stream
}

/** A session that ends soon when nobody uses it. */
async function createSession(channel: RawChannel): Promise<NodeId> {
  const { endpointUrl } = server
  const create = new CreateSessionRequest({ endpointUrl, requestedSessionTimeout: 1_000 })
  const created = new CreateSessionResponse()
  created.decode(await request(channel, bodyOf(create as never)))
  return created.authenticationToken
}

/** A session on a channel without security, activated as anonymous, that has read a value. */
async function openSession(): Promise<{ channel: RawChannel; authenticationToken: NodeId }> {
  const channel = await RawChannel.open(server.endpointUrl)
  const authenticationToken = await createSession(channel)
  const requestHeader = { authenticationToken }
  await request(channel, bodyOf(new ActivateSessionRequest({ requestHeader }) as never))
  await request(channel, bodyOf(new ReadRequest({ requestHeader, nodesToRead: [VALUE] }) as never))
  return { channel, authenticationToken }
}

/** Every way in which connections end. */
const ways: readonly (() => Promise<RawChannel>)[] = [
  async () => RawChannel.dial(server.port),
  async () => {
    const channel = await RawChannel.dial(server.port)
    channel.socket.write(helloTo(server.endpointUrl).subarray(0, 20))
    return channel
  },
  async () => {
    const channel = await RawChannel.dial(server.port)
    channel.socket.write(helloTo(server.endpointUrl))
    await channel.answers(28)
    channel.socket.write(openChannel().subarray(0, 40))
    return channel
  },
  async () => RawChannel.open(server.endpointUrl),
  async () => {
    const channel = await RawChannel.open(server.endpointUrl)
    await createSession(channel)
    return channel
  },
  async () => (await openSession()).channel,
  async () => {
    const { channel } = await openSession()
    channel.socket.resetAndDestroy()
    return channel
  },
  async () => {
    const { channel, authenticationToken } = await openSession()
    const close = new CloseSessionRequest({ requestHeader: { authenticationToken }, deleteSubscriptions: true })
    await request(channel, bodyOf(close as never))
    return channel
  },
]

async function churn(count: number): Promise<void> {
  let next = 0
  const one = async () => {
    while (next < count) {
      const channel = await ways[next++ % ways.length]?.()
      channel?.end()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  // All that is left is the client that reads.
  await vi.waitFor(async () => expect(await server.call('health')).toMatchObject({ sessions: 1 }), 60_000)
}

it(`${connections} connections that end in every way leave nothing behind, and a client reads throughout`, async () => {
  const certificates = new OPCUACertificateManager({ rootFolder: folder, automaticallyAcceptUnknownCertificate: true })
  await certificates.initialize()
  const client = OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    clientCertificateManager: certificates,
    securityPolicy: SecurityPolicy.Basic256Sha256,
    securityMode: MessageSecurityMode.SignAndEncrypt,
  })
  await client.connect(server.endpointUrl)
  const session = await client.createSession(asUser('olga', 'observer-password'))
  const lost = vi.fn()
  client.on('connection_lost', lost)
  let isChurning = true
  let reads = 0
  const reading = (async () => {
    while (isChurning) {
      expect((await session.read(VALUE)).value.value).toBe(7.25)
      reads++
    }
  })()

  const tenth = Math.floor(connections / 10)
  await churn(tenth)
  const early = (await server.call('memory')).heap
  await churn(connections - tenth)
  const late = (await server.call('memory')).heap
  isChurning = false
  await reading

  const figures = `heap ${(early / MEGABYTE).toFixed(1)} MB after ${tenth}, ${(late / MEGABYTE).toFixed(1)} MB after all; ${reads} reads`
  expect(late, figures).toBeLessThan(early + MOST_GROWTH)
  expect(reads, figures).toBeGreaterThan(connections / 10)
  expect(lost).not.toHaveBeenCalled()
  expect(server.isWell, server.output).toBe(true)
  if (CHURN) console.info(figures)
  await client.disconnect()
}, 600_000)
