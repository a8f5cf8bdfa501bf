import { createSocket } from 'node:dgram'
import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { PenstockError } from '../../src/core/errors.ts'
import type { ModbusNetworkSourceConfig, ModbusSourceConfig } from '../../src/core/plant.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { ModbusConnection } from '../../src/sources/modbus/connection.ts'
import { exchangeOf } from '../../src/sources/modbus/exchange/exchange-of.ts'
import { Unanswered } from '../../src/sources/modbus/exchange/unanswered.ts'
import { openWire } from '../../src/sources/modbus/transport/open-wire.ts'
import type { Wire } from '../../src/sources/modbus/transport/wire.ts'
import { makeAuthority, makeIdentity } from '../support/certificates.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { source } from '../support/modbus-plant.ts'
import { FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { SerialPair } from '../support/serial-pair.ts'

/**
 * What is pending when a connection breaks is settled in the very turn of the event loop in which the gateway learns of
 * it: no timer, no I/O and nothing else happens in between. The clock of the requests stands still, so that no deadline
 * can have settled them.
 */
const WINDOW = 8
/** Of Modbus TCP. */
const REQUEST_BYTES = 12
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** In the order of events. */
let log: string[]

function breaks(): void {
  if (log.includes('broken')) return
  log.push('broken')
  // Ticks come after all promises that are due, and before anything else.
  queueMicrotask(() => process.nextTick(() => log.push('next turn')))
}

const watched = (wire: Wire): Wire => ({
  endpoint: wire.endpoint,
  write: (bytes) => wire.write(bytes),
  close: () => wire.close(),
  listen: ({ data, lost }) =>
    wire.listen({
      data,
      lost: (cause) => {
        breaks()
        lost(cause)
      },
    }),
})

const note = (read: Promise<unknown>): void =>
  void read.then(
    () => log.push('answered'),
    (error: PenstockError) => log.push(error.code),
  )

/** A connection with `reads` pending reads, whose clock stands still. */
async function pending(config: ModbusSourceConfig, reads: number): Promise<ModbusConnection> {
  log = []
  const clock = new ManualClock()
  const real = { clock: systemClock, secret: () => undefined }
  const wire = watched(await openWire(config, real, new AbortController().signal))
  const connection = new ModbusConnection({
    exchange: (onEnd) =>
      exchangeOf({
        config,
        wire,
        clock,
        random: () => 0.5,
        unanswered: new Unanswered(clock),
        onStray: () => log.push('stray'),
        onEnd,
      }),
    endpoint: wire.endpoint,
    timeoutMs: 60_000,
    window: WINDOW,
  })
  ends.push(() => connection.close())
  // The silence before the first request of a serial line.
  await clock.advance(100)
  for (let read = 0; read < reads; read++) note(connection.read(1, 'holding', read, 1))
  await clock.advance(0)
  return connection
}

const settledInTheSameTurn = (reads: number) => [
  'broken',
  ...Array.from({ length: reads }, () => 'CONNECTION_LOST'),
  'next turn',
]
const eventually = (assertion: () => void) => vi.waitFor(assertion, { timeout: 10_000, interval: 10 })
const expectAllAtOnce = (reads: number) => eventually(() => expect(log).toEqual(settledInTheSameTurn(reads)))

/** A peer that listens, says nothing, and breaks off as it is told once it has heard so many bytes. */
async function mutePeer(
  bytes: number,
  breakOff: (socket: Socket) => void,
  make: (serve: (socket: Socket) => void) => Server = createServer,
): Promise<number> {
  const server = make((socket) => {
    let heard = 0
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      heard += chunk.length
      if (heard >= bytes) breakOff(socket)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const network = (port: number, fields: Partial<ModbusNetworkSourceConfig> = {}) => source([], { port, ...fields })

describe('every pending request is settled in the turn in which', () => {
  it.each([
    ['a FIN', (socket: Socket) => void socket.end()],
    ['an RST', (socket: Socket) => void socket.resetAndDestroy()],
    ['half a frame and a FIN', (socket: Socket) => void socket.end(Buffer.of(0, 1, 0, 0, 0, 5, 1))],
  ])('%s ends a Modbus TCP connection', async (_, breakOff) => {
    const port = await mutePeer(WINDOW * REQUEST_BYTES, breakOff)
    await pending(network(port), WINDOW)
    await expectAllAtOnce(WINDOW)
  })

  it('an RST ends a connection whose requests wait for the pause between them', async () => {
    let socket: Socket | undefined
    const port = await mutePeer(REQUEST_BYTES, (asked) => {
      socket = asked
    })
    const connection = await pending(network(port, { delayBetweenRequestsMs: 500 }), 1)
    await eventually(() => expect(socket).toBeDefined())
    for (let read = 1; read < WINDOW; read++) note(connection.read(1, 'holding', read, 1))
    socket?.resetAndDestroy()
    await expectAllAtOnce(WINDOW)
  })

  it.each(['rtu-over-tcp', 'ascii-over-tcp'] as const)('an RST ends a connection of %s', async (transport) => {
    const port = await mutePeer(8, (socket) => socket.resetAndDestroy())
    await pending(network(port, { transport }), 1)
    await expectAllAtOnce(1)
  })

  it('a TLS connection is destroyed', async () => {
    const authority = makeAuthority('Plant CA')
    const { cert, key } = makeIdentity(authority, ['127.0.0.1'])
    const folder = await mkdtemp(join(tmpdir(), 'penstock-tls-'))
    ends.push(() => rm(folder, { recursive: true }))
    const caFile = join(folder, 'ca.pem')
    await writeFile(caFile, authority.cert)
    const tls = (serve: (socket: Socket) => void) => createTlsServer({ cert, key }, serve)
    const port = await mutePeer(WINDOW * REQUEST_BYTES, (socket) => socket.destroy(), tls)
    await pending(network(port, { transport: 'tls', tls: { caFile } }), WINDOW)
    await expectAllAtOnce(WINDOW)
  })

  it('a datagram is refused', async () => {
    const server = createSocket('udp4').bind(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address()
    let heard = 0
    const closed = new Promise<void>((resolve) => {
      server.on('message', () => {
        if (++heard === WINDOW - 1) server.close(resolve)
      })
    })
    const connection = await pending(network(port, { transport: 'udp' }), WINDOW - 1)
    await closed
    note(connection.read(1, 'holding', 100, 1))
    await expectAllAtOnce(WINDOW)
  })

  it('the adapter of a serial line is pulled out', async () => {
    const line = await SerialPair.start()
    ends.push(() => line.stop())
    const { host: _host, port: _port, ...common } = network(0)
    const serial = { path: line.ours, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const
    await pending({ ...common, transport: 'rtu', serial }, 1)
    await line.pullOut()
    await expectAllAtOnce(1)
  })

  it.each(['fin', 'rst'] as const)('a %s ends the connection to an S7 CPU', async (how) => {
    log = []
    const sockets = channel('net.client.socket')
    // The first is the session's own; the proxy makes another one to the CPU.
    const watch = (message: unknown) => {
      sockets.unsubscribe(watch)
      const { socket } = message as { socket: Socket }
      for (const event of ['end', 'error', 'close']) socket.once(event, breaks)
    }
    const plc = new SimulatedPlc({ blocks: new Map([[1, Buffer.alloc(2_400)]]), largestPdu: 240 })
    const proxy = await FaultProxy.start(await plc.listen())
    ends.push(() => plc.close())
    ends.push(() => proxy.close())
    const tags = Array.from({ length: 120 }, (_, n) => s7Tag(`t${n}`, { type: 'Int32', address: `DB1,DINT${n * 20}` }))
    const config = s7SourceConfig([s7Device('line', tags)], { port: proxy.port })
    sockets.subscribe(watch)
    const reading = await ReadingSession.connect(config, new ManualClock())
    ends.push(() => reading.close())
    let replies = 0
    proxy.fault = () => (++replies < 3 ? 'mute' : how)
    const { session, blocks, context } = reading
    for (const block of blocks) note(session.read(block, context.sink))
    await expectAllAtOnce(blocks.length)
    expect(replies).toBeGreaterThanOrEqual(3)
  })
})
