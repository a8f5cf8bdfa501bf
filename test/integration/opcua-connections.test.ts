import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { AttributeIds } from 'node-opcua'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { defaultLimits } from '../../src/config/opcua-choices.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { nodeId, type RoomUnderTest, startRoom } from '../support/opcua-room.ts'
import { shared } from '../support/shared.ts'

let clock: ManualClock
let test: RoomUnderTest
let sockets: Socket[]

shared(
  async () => {
    clock = new ManualClock()
    test = await startRoom({ clock, settings: { limits: { ...defaultLimits, connections: 4 } } })
  },
  async () => test?.end(),
)
beforeEach(() => {
  sockets = []
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await test.leave()
})

/** A Hello message (OPC 10000-6 §7.1.2.3) for the server under test, asking for buffers of 1 MiB. */
function hello(url = test.endpointUrl): Buffer {
  const bytes = Buffer.alloc(32 + url.length)
  bytes.write('HELF', 0, 'latin1')
  bytes.writeUInt32LE(bytes.length, 4)
  bytes.writeUInt32LE(0, 8)
  bytes.writeUInt32LE(1 << 20, 12)
  bytes.writeUInt32LE(1 << 20, 16)
  bytes.writeInt32LE(url.length, 28)
  bytes.write(url, 32, 'latin1')
  return bytes
}

async function dial(): Promise<{ socket: Socket; received: Buffer[]; closed: () => boolean }> {
  const socket = connect(Number(new URL(test.endpointUrl.replace('opc.tcp', 'http')).port), '127.0.0.1')
  sockets.push(socket)
  const received: Buffer[] = []
  let closed = false
  socket.on('data', (bytes) => received.push(bytes))
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    closed = true
  })
  await once(socket, 'connect')
  return { socket, received, closed: () => closed }
}

/** The server still serves: a client can connect and read. */
async function expectToServe(): Promise<void> {
  const session = await test.session()
  const value = await session.read({ nodeId: nodeId('boiler/pressure'), attributeId: AttributeIds.Value })
  expect(value.statusCode.name).toBe('BadWaitingForInitialData')
  await session.close()
}

describe('a connection', () => {
  it('that says Hello properly, even in pieces, is acknowledged with buffers of at most 64 KiB', async () => {
    const { socket, received } = await dial()
    const message = hello()
    for (const piece of [message.subarray(0, 3), message.subarray(3, 20), message.subarray(20)]) {
      socket.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }

    await vi.waitFor(() => expect(Buffer.concat(received).length).toBe(28))
    const acknowledge = Buffer.concat(received)
    expect(acknowledge.toString('latin1', 0, 4)).toBe('ACKF')
    expect(acknowledge.readUInt32LE(12)).toBe(65_536)
    expect(acknowledge.readUInt32LE(16)).toBe(65_536)
    expect(acknowledge.readUInt32LE(20)).toBeLessThanOrEqual(4 * 1024 * 1024)
  })

  it.each<[string, () => Buffer]>([
    ['anything but Hello', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['bytes before the handshake is finished', () => Buffer.concat([hello(), Buffer.alloc(64, 0xff)])],
    ['a second Hello before the handshake is finished', () => Buffer.concat([hello(), hello()])],
    ['a Hello longer than the specification allows', () => hello(`opc.tcp://${'x'.repeat(5_000)}`)],
    [
      'a Hello whose lengths contradict each other',
      () => {
        const bytes = hello()
        bytes.writeInt32LE(7, 28)
        return bytes
      },
    ],
  ])('that sends %s is closed, and the server goes on', async (_what, bytes) => {
    const { socket, received, closed } = await dial()

    socket.write(bytes())

    await vi.waitFor(() => expect(closed()).toBe(true))
    expect(received).toEqual([])
    await expectToServe()
  })

  it.each<[string, () => Buffer]>([
    ['random bytes', () => Buffer.alloc(500, 0xa5)],
    ['a second Hello', () => hello()],
    ['a message that announces far more than it may', () => Buffer.from('4f504e46ffffff7f00000000', 'hex')],
    ['a message shorter than its header', () => Buffer.from('4f504e460400000000000000', 'hex')],
  ])('that sends %s after it was acknowledged does not harm the server', async (_what, bytes) => {
    const { socket, received } = await dial()
    socket.write(hello())
    await vi.waitFor(() => expect(Buffer.concat(received).length).toBe(28))

    socket.write(bytes())
    socket.end()

    await expectToServe()
  })

  it('that says nothing is closed after ten seconds', async () => {
    const { closed } = await dial()
    await vi.waitFor(() => expect(clock.pendingTimers).toBeGreaterThan(0))

    await vi.waitFor(async () => {
      await clock.advance(10_000)
      expect(closed()).toBe(true)
    })
    await expectToServe()
  })

  it('that says Hello and then opens no channel is closed after ten seconds', async () => {
    const { socket, received, closed } = await dial()
    socket.write(hello())
    await vi.waitFor(() => expect(Buffer.concat(received).length).toBe(28))

    await vi.waitFor(async () => {
      await clock.advance(10_000)
      expect(closed()).toBe(true)
    })
  })

  it('that comes while sessions hold every connection is refused, and the sessions stay', async () => {
    for (let taken = 0; taken < 4; taken++) await test.session()

    const { socket, closed } = await dial()
    socket.write(hello())

    await vi.waitFor(() => expect(closed()).toBe(true))
    expect(test.room.health().sessions).toBe(4)
  })

  it('of many that say nothing does not keep a client out', async () => {
    for (let idle = 0; idle < 60; idle++) await dial()

    await expectToServe()
  })
})
