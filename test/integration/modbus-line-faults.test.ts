import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { SerialPort } from 'serialport'
import { describe, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { PenstockError } from '../../src/core/errors.ts'
import type { ModbusNetworkSourceConfig, ModbusSourceConfig } from '../../src/core/plant.ts'
import { ModbusDriver } from '../../src/sources/modbus/driver.ts'
import { planReads } from '../../src/sources/modbus/read-plan.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { frame, registersAdu } from '../support/modbus-fault-server.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'
import { randomFrom } from '../support/seeded-random.ts'
import { holds, type LineFault, lineFaults, SerialFaultDevice } from '../support/serial-fault-device.ts'
import { SerialPair } from '../support/serial-pair.ts'

const TIMEOUT_MS = 40
const TURNS = 150

/** Reads the same registers of many addresses, one after the other, over a new connection whenever one is lost. */
async function readMuch(config: ModbusSourceConfig, expected: (address: number) => number) {
  const context = new RecordingContext(systemClock)
  const driver = new ModbusDriver(config, context)
  const [line] = devicesOf(config)
  const blocks = line!.tags.flatMap((each) => planReads(line!, [each]))
  const found = { right: 0, wrong: 0, missed: 0, lost: 0 }
  const { signal } = new AbortController()
  let session = await driver.connect(signal)
  for (let turn = 0; turn < TURNS; turn++) {
    const block = blocks[turn % blocks.length]!
    const index = block.tags[0]!.index
    context.sink.last.delete(index)
    try {
      await session.read(block, context.sink)
      const last = context.sink.last.get(index)
      if (last?.status === 'Good' && last.value === expected(block.start)) found.right++
      else found.wrong++
    } catch (error) {
      if (!(error instanceof PenstockError)) throw error
      found.missed++
      if (error.code !== 'CONNECTION_LOST') continue
      found.lost++
      await session.close()
      session = await driver.connect(signal)
    }
  }
  await session.close()
  return { ...found, strays: context.counted('strays') }
}

const manyTags = Array.from({ length: 20 }, (_, i) => tag(`r${i}`, { type: 'UInt16', address: `holding:${100 * i}` }))
const network = (fields: Partial<ModbusNetworkSourceConfig>) =>
  source([device('plc', { tags: manyTags })], { timeoutMs: TIMEOUT_MS, ...fields })

/** Half of all requests are answered rightly, the others in every way we know. */
function faultDevice(framing: 'rtu' | 'ascii', send: (bytes: Buffer) => void): SerialFaultDevice {
  const random = randomFrom(7)
  const next = (): LineFault =>
    random() < 0.5 ? 'right' : (lineFaults[Math.floor(random() * lineFaults.length)] ?? 'right')
  return new SerialFaultDevice({ framing, clock: systemClock, send, next, random, latestMs: 5 * TIMEOUT_MS })
}

/** All at once, since what they do is to wait for what does not come. */
describe.concurrent('no value is wrong on a line on which everything happens', () => {
  it.for(['rtu', 'ascii'] as const)('with %s over a serial line', { timeout: 120_000 }, async (transport, test) => {
    const { expect, onTestFinished } = test
    const pair = await SerialPair.start()
    onTestFinished(() => pair.stop())
    const theirs = new SerialPort({ path: pair.theirs, baudRate: 115_200 })
    await once(theirs, 'open')
    onTestFinished(() => new Promise((resolve) => theirs.close(() => resolve())))
    const device = faultDevice(transport, (bytes) => theirs.isOpen && theirs.write(bytes))
    theirs.on('data', (bytes: Buffer) => device.receive(bytes))
    const { host: _host, port: _port, ...common } = network({})
    const serial = { path: pair.ours, baudRate: 115_200, dataBits: 8, parity: 'none', stopBits: 1 } as const
    const found = await readMuch({ ...common, transport, serial }, (address) => holds(1, 3, address))
    expect(found).toMatchObject({ wrong: 0, lost: 0, right: expect.toSatisfy((count) => count > TURNS / 5) })
    expect(found.strays).toBeGreaterThan(10)
  })

  it.for(['rtu', 'ascii'] as const)('with %s over TCP', { timeout: 120_000 }, async (framing, test) => {
    const { expect, onTestFinished } = test
    const server = createServer((socket) => {
      const device = faultDevice(framing, (bytes) => socket.writable && socket.write(bytes))
      socket.on('error', () => socket.destroy())
      socket.on('data', (bytes) => device.receive(bytes))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const found = await readMuch(network({ transport: `${framing}-over-tcp`, port }), (at) => holds(1, 3, at))
    expect(found).toMatchObject({ wrong: 0, right: expect.toSatisfy((count) => count > TURNS / 5) })
  })
})

describe.concurrent('datagrams', () => {
  it('that are lost, repeated, late, out of order or no Modbus never bring a wrong value', async ({
    expect,
    onTestFinished,
  }) => {
    const server = createSocket('udp4')
    server.bind(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const random = randomFrom(11)
    const held: Buffer[] = []
    server.on('message', (request, { port, address }) => {
      const adu = registersAdu(
        request.readUInt8(6),
        request.readUInt8(7),
        request.readUInt16BE(8),
        request.readUInt16BE(10),
      )
      const right = frame(request.readUInt16BE(0), adu)
      const send = (bytes: Buffer) => server.send(bytes, port, address)
      const fault = Math.floor(random() * 12)
      if (fault === 0) return
      if (fault === 1) held.push(right)
      else if (fault === 2) send(Buffer.from('garbage that is no frame'))
      else if (fault === 3) send(right.subarray(0, 8))
      else {
        if (fault === 4) for (const late of held.splice(0)) send(late)
        if (fault === 5) send(frame(request.readUInt16BE(0), adu, 1))
        if (fault === 6) send(frame(request.readUInt16BE(0) - 1, adu))
        send(right)
        if (fault === 7) send(right)
      }
    })
    const { port } = server.address() as AddressInfo
    const found = await readMuch(network({ transport: 'udp', port }), (address) => address)
    expect(found).toMatchObject({ wrong: 0, lost: 0, right: expect.toSatisfy((count) => count > TURNS / 2) })
    expect(found.missed).toBeGreaterThan(0)
    expect(found.strays).toBeGreaterThan(10)
  })
})
