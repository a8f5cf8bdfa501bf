import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { PenstockError } from '../../src/core/errors.ts'
import { ModbusDriver } from '../../src/sources/modbus/driver.ts'
import { encodeRtu } from '../../src/sources/modbus/framing/rtu.ts'
import { planReads } from '../../src/sources/modbus/read-plan.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'

/** Peers that send without end, whatever they are asked. */
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const CHUNK = 64 * 1024
const many = (unit: Buffer): Buffer => Buffer.alloc(CHUNK - (CHUNK % unit.length), unit)

function flood(socket: Socket, unit: Buffer): void {
  const bytes = many(unit)
  const pour = () => {
    while (socket.writable && socket.write(bytes));
  }
  socket.on('drain', pour)
  pour()
}

async function listen(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** The most there can be of a Modbus TCP frame, of a transaction that nobody has asked for. */
const longest = Buffer.alloc(260)
longest.writeUInt16BE(254, 4)

describe('a Modbus device that sends without end', () => {
  it.each([
    ['tcp', 'answers that nobody asked for', Buffer.of(0, 1, 0, 0, 0, 3, 1, 0x83, 2)],
    ['tcp', 'long answers that nobody asked for', longest],
    ['rtu-over-tcp', 'what may become a frame', Buffer.of(3, 3, 255)],
    ['rtu-over-tcp', 'zeros', Buffer.of(0)],
    ['rtu-over-tcp', 'frames of another unit', encodeRtu(Buffer.of(9, 3, 2, 0, 1))],
    ['ascii-over-tcp', 'digits', Buffer.from('0')],
    ['ascii-over-tcp', 'beginnings of frames', Buffer.from(':')],
  ] as const)('over %s: %s, is left, in words, before it costs the others their time', async (transport, _, unit) => {
    const port = await listen((socket) => socket.once('data', () => flood(socket, unit)))
    const config = source([device('plc', { tags: [tag('level', { type: 'UInt16', address: 'holding:0' })] })], {
      transport,
      port,
      timeoutMs: 60_000,
    })
    const context = new RecordingContext(systemClock)
    const driver = new ModbusDriver(config, context)
    const [plc] = devicesOf(config)
    const [block] = planReads(plc!, plc!.tags)
    const session = await driver.connect(new AbortController().signal)
    const read = session.read(block!, context.sink).catch((error: PenstockError) => error)
    expect(await read).toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('sends without end what nobody asked for'),
    })
    expect(await session.ended).toMatchObject({ code: 'CONNECTION_LOST' })
    expect(context.sink.polls.size).toBe(0)
  })
})

/** A connection confirm (RFC 905 §13.4), and a setup that grants 8 jobs and 480 bytes. */
const CONFIRM = Buffer.from('0300001611d00001000100c0010ac1020100c2020102', 'hex')
const SETUP = Buffer.from('0300001b02f080320300000001000800000000f0000008000801e0', 'hex')

describe('an S7 CPU that sends without end', () => {
  it.each([
    ['replies that nobody asked for', '0300001302f080320300007777000000000000', 'sends without end'],
    ['pieces of a PDU with nothing in them', '0300000702f000', 'had to be ended'],
  ])('%s, is left, in words, before it costs the others their time', async (_, unit, words) => {
    const port = await listen((socket) => {
      socket.once('data', () => {
        socket.write(CONFIRM)
        socket.once('data', () => {
          socket.write(SETUP)
          socket.once('data', () => flood(socket, Buffer.from(unit, 'hex')))
        })
      })
    })
    const tags = [s7Tag('level', { type: 'Int32', address: 'DB1,DINT0' })]
    const config = s7SourceConfig([s7Device('line', tags)], { port, timeoutMs: 60_000 })
    const { session, blocks, context } = await ReadingSession.connect(config, systemClock)
    await expect(session.read(blocks[0]!, context.sink)).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining(words),
    })
    expect(context.sink.polls.size).toBe(0)
  })
})
