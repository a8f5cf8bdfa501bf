import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import {
  AttributeIds,
  ClientReverseConnect,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAClient,
  SecurityPolicy,
  StatusCodes,
} from 'node-opcua'
import { readCertificateChain } from 'node-opcua-crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { asUser, nodeId, type RoomUnderTest, startRoom, users } from '../support/opcua-room.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function roomThatCalls(...ports: number[]): Promise<RoomUnderTest> {
  const reverseConnect = ports.map((port) => `opc.tcp://127.0.0.1:${port}`)
  const room = await startRoom({ settings: { reverseConnect } })
  ends.push(() => room.end())
  return room
}

const howIs = (room: RoomUnderTest) => room.room.health().reverseConnections[0]

/** A client that listens for servers. */
async function listen(port: number): Promise<ClientReverseConnect> {
  const listener = new ClientReverseConnect(`opc.tcp://127.0.0.1:${port}`)
  await listener.start()
  ends.push(() => listener.stop())
  return listener
}

/** A peer that is no OPC UA client, and does this with each connection. */
async function stranger(answer: (socket: Socket) => void): Promise<{ port: number; called: Socket[] }> {
  const called: Socket[] = []
  const server: Server = createServer((socket) => {
    called.push(socket)
    socket.on('error', () => socket.destroy())
    answer(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => {
    for (const socket of called) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, called }
}

async function clientOf(room: RoomUnderTest): Promise<OPCUAClient> {
  const certificates = new OPCUACertificateManager({
    rootFolder: join(room.pkiFolder, '../reverse-client'),
    automaticallyAcceptUnknownCertificate: true,
  })
  await certificates.initialize()
  const client = OPCUAClient.create({
    endpointMustExist: false,
    securityMode: MessageSecurityMode.SignAndEncrypt,
    securityPolicy: SecurityPolicy.Basic256Sha256,
    clientCertificateManager: certificates,
    // It cannot ask for it, since it cannot reach the server.
    serverCertificate: readCertificateChain(join(room.pkiFolder, 'application/own/certs/certificate.pem')),
    connectionStrategy: { maxRetry: 0 },
  })
  ends.push(() => client.disconnect())
  return client
}

describe('OPC 10000-6 §7.1.3 reverse connect', () => {
  it('a client that cannot reach the server is called, and reads over an encrypted session', async () => {
    const listener = await listen(await freePort())
    const room = await roomThatCalls(listener.listeningPort)
    const client = await clientOf(room)

    await client.connectReverse(listener, { endpointUrl: room.endpointUrl })
    const session = await client.createSession(asUser(users[0].name, users[0].password))
    const { statusCode } = await session.read({ nodeId: nodeId('boiler/level'), attributeId: AttributeIds.Value })

    expect(statusCode).toBe(StatusCodes.BadWaitingForInitialData)
    expect(howIs(room)).toMatchObject({ state: 'connected', failures: 0, reason: '' })
    expect(room.room.sessions()).toHaveLength(1)

    await session.close()
    await client.disconnect()
    await vi.waitFor(() => expect(howIs(room)?.state).toBe('waiting'), 10_000)
  })

  it('a client that does not listen yet is called again, which is said once', async () => {
    const port = await freePort()
    const room = await roomThatCalls(port)
    await vi.waitFor(() => expect(howIs(room)).toMatchObject({ state: 'pausing', failures: 1 }), 10_000)
    expect(howIs(room)?.reason).toContain('ECONNREFUSED')

    await listen(port)

    await vi.waitFor(() => expect(howIs(room)?.state).toBe('waiting'), 10_000)
    const said = room.logged.filter(({ message }) => message.includes('opcua.reverseConnect'))
    expect(said.map(({ level, fields }) => [level, fields.url])).toEqual([['warn', `opc.tcp://127.0.0.1:${port}`]])
  })

  it('whoever answers something else than Hello is left, and called less and less often', async () => {
    const answers = [
      'HTTP/1.1 400 Bad Request\r\n\r\n',
      Buffer.alloc(100_000, 'HELF'),
      Buffer.from('HELF\xff\xff\xff\x7f'),
    ]
    const { port, called } = await stranger((socket) => socket.write(answers[called.length % answers.length] ?? ''))
    const room = await roomThatCalls(port)

    await vi.waitFor(() => expect(howIs(room)?.failures).toBe(2), 10_000)

    expect(howIs(room)).toMatchObject({ state: 'pausing', reason: expect.stringMatching(/Hello/) })
    expect(called).toHaveLength(2)
    expect(room.fatal).toEqual([])
    const session = await room.session()
    expect(session.sessionId.isEmpty()).toBe(false)
  })

  it('the server says first who it is, and which endpoint is meant', async () => {
    let received = Buffer.alloc(0)
    const { port } = await stranger((socket) => {
      socket.on('data', (bytes: Buffer) => {
        received = Buffer.concat([received, bytes])
      })
    })
    const room = await roomThatCalls(port)

    await vi.waitFor(() => expect(received.length).toBeGreaterThan(8))
    expect(received.toString('latin1', 0, 4)).toBe('RHEF')
    expect(received.readUInt32LE(4)).toBe(received.length)
    const uriLength = received.readUInt32LE(8)
    expect(received.toString('utf8', 12, 12 + uriLength)).toMatch(/^urn:/)
    expect(received.toString('utf8', 16 + uriLength)).toBe(room.endpointUrl)
    expect(howIs(room)?.state).toBe('waiting')
  })
})
