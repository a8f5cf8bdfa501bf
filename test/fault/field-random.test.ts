import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import { PenstockError } from '../../src/core/errors.ts'
import type { ModbusNetworkSourceConfig } from '../../src/core/plant.ts'
import { SimulatedPlc } from '../../src/demo/s7/simulated-plc.ts'
import { AskedLine, emptyTally, type Tally } from '../support/asked-line.ts'
import { FaultServer, faults, frame, registersAdu, TELLING_ADDRESSES, tells } from '../support/modbus-fault-server.ts'
import { source } from '../support/modbus-plant.ts'
import { randomFaults, refusalOf } from '../support/modbus-random-faults.ts'
import { type Fault, FaultProxy } from '../support/s7-fault-proxy.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../support/s7-plant.ts'
import { ReadingSession } from '../support/s7-session.ts'
import { randomFrom } from '../support/seeded-random.ts'
import { holds, lineFaults, NO_REGISTERS, SerialFaultDevice } from '../support/serial-fault-device.ts'

/**
 * Field devices to which everything happens, each at its own share of FIELD_FAULT_REQUESTS requests. The same seed
 * lets the same faults happen again. Every register says whose it is, so that any mix-up shows.
 */
const { FIELD_FAULT_SEED, FIELD_FAULT_REQUESTS } = process.env
const seed = Number(FIELD_FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31))
const REQUESTS = Number(FIELD_FAULT_REQUESTS ?? 30_000)
/** Side by side, so that one may wait for a deadline while others are answered. */
const LINES = 16
const TIMEOUT_MS = 60
const again = `(FIELD_FAULT_SEED=${seed})`
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

const network = (fields: Partial<ModbusNetworkSourceConfig>) => source([], { timeoutMs: TIMEOUT_MS, ...fields })

/** A random of its own for everything that draws, so that no draw depends on what the network did before. */
function* randoms(salt: number): Generator<() => number, never> {
  for (let nth = 0; ; nth++) yield randomFrom(seed + salt * 1_000_003 + nth * 7_919)
}

const settledOf = ({ right, failed }: Tally): number => [...failed.values()].reduce((sum, each) => sum + each, right)

/** What a run must have been to prove anything: `settled` questions (of an S7 CPU, readings) that all came to an end. */
function prove(name: string, tally: Tally, settled: number): void {
  const failed = Object.fromEntries(tally.failed)
  console.log(
    `${name} ${again}: ${tally.right} right, ${JSON.stringify(failed)}, ${tally.strays} strays, ` +
      `${tally.connections} connections`,
  )
  expect(tally.wrong).toEqual([])
  expect(tally.unsettled).toBe(0)
  expect([...tally.failed.keys()].filter((code) => !EXPECTED_FAILURES.includes(code))).toEqual([])
  expect(settledOf(tally)).toBe(settled)
  expect(tally.right).toBeGreaterThan(settled / 3)
  expect(tally.failed.get('TIMEOUT')).toBeGreaterThan(0)
  expect(tally.strays).toBeGreaterThan(0)
}

/** STOPPED: a connection on which nothing was answered for some time was made anew. */
const EXPECTED_FAILURES = ['TIMEOUT', 'PROTOCOL_VIOLATION', 'CONNECTION_LOST', 'STOPPED']

describe('no value is wrong and no request stays unsettled', { timeout: 600_000 }, () => {
  it.each([
    [1, 0.25],
    [8, 0.2],
    [16, 0.15],
  ])(`of a Modbus TCP device to which everything happens, %i requests at once ${again}`, async (window, share) => {
    const draw = randoms(window)
    const tally = emptyTally()
    const each = Math.ceil((share * REQUESTS) / LINES)
    await Promise.all(
      Array.from({ length: LINES }, async () => {
        const server = await FaultServer.start(faults.right)
        ends.push(() => server.stop())
        server.behave = randomFaults(server, draw.next().value)
        // What waits behind the others in a large window has a right to its time, too.
        const config = network({ port: server.port, timeoutMs: TIMEOUT_MS * Math.max(1, window / 8) })
        const random = draw.next().value
        const refuses = (address: number) => refusalOf(address)
        await new AskedLine({
          config,
          window,
          random,
          holds: tells,
          refuses,
          addresses: TELLING_ADDRESSES,
          tally,
        }).ask(each)
      }),
    )
    prove(`Modbus TCP, window ${window}`, tally, each * LINES)
    expect(tally.connections).toBeGreaterThan(LINES)
  })

  it.each(['rtu', 'ascii'] as const)(`of a serial line behind a gateway, %s over TCP ${again}`, async (framing) => {
    const draw = randoms(framing === 'rtu' ? 20 : 21)
    const tally = emptyTally()
    const each = Math.ceil((0.05 * REQUESTS) / LINES)
    await Promise.all(
      Array.from({ length: LINES }, async () => {
        const random = draw.next().value
        const server = createServer((socket) => {
          const device = new SerialFaultDevice({
            framing,
            clock: systemClock,
            send: (bytes) => {
              if (!socket.writable) return
              const dice = random()
              if (dice < 0.002) socket.resetAndDestroy()
              else if (dice < 0.004) socket.end(bytes.subarray(0, 4))
              else socket.write(bytes)
            },
            next: () => (random() < 0.92 ? 'right' : (lineFaults[Math.floor(random() * lineFaults.length)] ?? 'right')),
            random,
            latestMs: 4 * TIMEOUT_MS,
          })
          socket.on('error', () => socket.destroy())
          socket.on('data', (bytes) => device.receive(bytes))
        }).listen(0, '127.0.0.1')
        await once(server, 'listening')
        ends.push(() => server.close())
        const { port } = server.address() as AddressInfo
        const line = new AskedLine({
          config: network({ transport: `${framing}-over-tcp`, port }),
          window: 1,
          random: draw.next().value,
          holds,
          refuses: (address, count) => (address + count > NO_REGISTERS ? 2 : undefined),
          addresses: NO_REGISTERS + 500,
          tally,
        })
        await line.ask(each)
      }),
    )
    prove(`${framing} over TCP`, tally, each * LINES)
  })

  it.each([1, 8])(`of a device that is asked by datagrams, %i at once ${again}`, async (window) => {
    const draw = randoms(30 + window)
    const tally = emptyTally()
    const each = Math.ceil((0.05 * REQUESTS) / LINES)
    await Promise.all(
      Array.from({ length: LINES }, async () => {
        const port = await startDatagramFaults(draw.next().value)
        const line = new AskedLine({
          config: network({ transport: 'udp', port }),
          window,
          random: draw.next().value,
          holds: tells,
          refuses: () => undefined,
          addresses: TELLING_ADDRESSES,
          tally,
        })
        await line.ask(each)
      }),
    )
    prove(`Modbus over UDP, window ${window}`, tally, each * LINES)
  })

  it.each([240, 960])(`of an S7 CPU with a PDU of %i bytes to which everything happens ${again}`, async (pdu) => {
    const draw = randoms(pdu)
    const each = Math.ceil((0.1 * REQUESTS) / LINES)
    const tally = emptyTally()
    await Promise.all(Array.from({ length: LINES }, () => readCpu(pdu, each, draw.next().value, tally)))
    prove(`S7, PDU ${pdu}`, tally, settledOf(tally))
  })
})

/** Datagrams that are lost, repeated, late, out of order, of others or no Modbus. Answers the port. */
async function startDatagramFaults(random: () => number): Promise<number> {
  const server = createSocket('udp4')
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => server.close())
  let held: Buffer[] = []
  server.on('message', (request, { port, address }) => {
    const [unitId, functionCode] = [request.readUInt8(6), request.readUInt8(7)]
    const [start, count] = [request.readUInt16BE(8), request.readUInt16BE(10)]
    const transactionId = request.readUInt16BE(0)
    const adu = registersAdu(unitId, functionCode, start, count)
    const right = frame(transactionId, adu)
    const send = (bytes: Buffer) => server.send(bytes, port, address)
    const dice = random()
    if (dice < 0.01) return
    if (dice < 0.02) {
      held.push(right)
      return
    }
    if (dice < 0.03) send(Buffer.from(Array.from({ length: 300 }, () => Math.floor(random() * 256))))
    else if (dice < 0.04) send(right.subarray(0, 8))
    else if (dice < 0.05) send(frame(transactionId, registersAdu(unitId + 1, functionCode, start, count)))
    else if (dice < 0.06) send(frame(transactionId, adu, 1))
    else if (dice < 0.07) send(frame(transactionId - 1, adu))
    else if (dice < 0.1) send(right)
    send(right)
    for (const late of held) send(late)
    held = []
  })
  return server.address().port
}

const TAGS = 60
const S7_FAULTS: readonly Fault[] = [
  'bytewise',
  'segmented',
  'late',
  'doubled',
  'wrong-reference',
  'wrong-function',
  'wrong-count',
  'wrong-length',
  'wrong-kind',
  'shortened',
  'truncated',
  'garbage',
  'rst',
  'fin',
  'mute',
]

/** Each DINT holds `generation · 1000 + its number`, and the generation grows before every reading. */
async function readCpu(pdu: number, requests: number, random: () => number, tally: Tally): Promise<void> {
  const memory = Buffer.alloc(TAGS * 20)
  const plc = new SimulatedPlc({ blocks: new Map([[1, memory]]), largestPdu: pdu })
  const proxy = await FaultProxy.start(await plc.listen())
  ends.push(() => plc.close())
  ends.push(() => proxy.close())
  const tags = Array.from({ length: TAGS }, (_, n) => s7Tag(`t${n}`, { type: 'Int32', address: `DB1,DINT${n * 20}` }))
  const config = s7SourceConfig([s7Device('line', tags)], { port: proxy.port, timeoutMs: TIMEOUT_MS })
  let asked = 0
  for (let generation = 1; asked < requests; ) {
    proxy.fault = () => undefined
    const reading = await ReadingSession.connect(config, systemClock)
    proxy.fault = () => (random() < 0.9 ? undefined : S7_FAULTS[Math.floor(random() * S7_FAULTS.length)])
    tally.connections++
    const { context, session, blocks } = reading
    const sofar = asked
    for (let alive = true; alive && asked < requests; generation++) {
      for (let n = 0; n < TAGS; n++) memory.writeInt32BE(generation * 1_000 + n, n * 20)
      context.sink.polls.clear()
      const outcomes = await Promise.allSettled(blocks.map((block) => session.read(block, context.sink)))
      for (const [tag, values] of context.sink.polls) {
        if (values.length !== 1 || values[0] !== generation * 1_000 + tag) tally.wrong.push(`t${tag}: ${values.join()}`)
      }
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue
        const code = outcome.reason instanceof PenstockError ? outcome.reason.code : String(outcome.reason)
        tally.failed.set(code, (tally.failed.get(code) ?? 0) + 1)
        alive &&= code !== 'CONNECTION_LOST'
      }
      if (outcomes.every(({ status }) => status === 'fulfilled') && context.sink.polls.size === TAGS) tally.right++
      asked = sofar + context.counted('requests')
    }
    await reading.close()
    tally.strays += context.counted('strays')
  }
}
