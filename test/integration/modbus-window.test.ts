import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ModbusNetworkSourceConfig } from '../../src/core/plant.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { type Asked, type Behaviour, FaultServer, faults, frame, registersAdu } from '../support/modbus-fault-server.ts'
import { PymodbusServer } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'
import { WritableServer } from '../support/modbus-writable-server.ts'
import { randomFrom } from '../support/seeded-random.ts'
import { WritingSource } from '../support/writing-source.ts'

/** Several requests under way over Modbus TCP, to servers that answer them in every order, twice, late or not at all. */
const WINDOW = 8
const TIMEOUT_MS = 200
const REGISTERS = Array.from({ length: 16 }, (_, n) => 10 * n + 3)
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** Far from each other, so that each is a request of its own. */
const plc = device('plc', {
  pollMs: 50,
  maxGap: 0,
  tags: REGISTERS.map((address) => tag(`r${address}`, { type: 'UInt16', address: `holding:${address}` })),
})

/** A source with that device; answers what its tags were given. */
async function polled(port: number, fields: Partial<ModbusNetworkSourceConfig> = {}): Promise<RecordingContext> {
  const context = new RecordingContext(systemClock)
  const config = source([plc], { port, window: WINDOW, timeoutMs: TIMEOUT_MS, ...fields })
  const created = await modbusSource.create(config, devicesOf(config), context)
  ends.push(() => created.stop())
  created.start()
  return context
}

async function served(behave: Behaviour): Promise<FaultServer> {
  const server = await FaultServer.start(behave)
  ends.push(() => server.stop())
  return server
}

const wrongIn = ({ sink }: RecordingContext): string[] =>
  [...sink.polls].flatMap(([index, values]) =>
    values.filter((value) => value !== REGISTERS[index]).map((value) => `${REGISTERS[index]} reads ${value}`),
  )
const allGood = async (context: RecordingContext) => {
  const statuses = () => REGISTERS.map((_, index) => context.sink.last.get(index)?.status)
  await expect.poll(() => new Set(statuses()), { timeout: 10_000 }).toEqual(new Set(['Good']))
}
const readingsOf = ({ sink }: RecordingContext) => [...sink.polls.values()].reduce((sum, { length }) => sum + length, 0)

/** Answers when a whole window has come, in an order of its own and as often as told. */
const shuffled = (answer: (asked: Asked, position: number) => readonly Buffer[]): Behaviour => {
  const random = randomFrom(7)
  let waiting: Asked[] = []
  return (asked) => {
    waiting.push(asked)
    if (waiting.length < WINDOW) return
    const order = waiting.toSorted(() => random() - 0.5)
    waiting = []
    order.forEach((each, position) => {
      for (const bytes of answer(each, position)) each.socket.write(bytes)
    })
  }
}

describe('a window of requests over Modbus TCP', () => {
  it('is read right in whatever order answers come', async () => {
    const context = await polled((await served(shuffled(({ right }) => [right]))).port)
    await expect.poll(() => readingsOf(context), { timeout: 10_000 }).toBeGreaterThan(20 * REGISTERS.length)
    expect(wrongIn(context)).toEqual([])
    expect(context.counted('strays')).toBe(0)
  })

  it('takes an answer that comes twice, or with the id of nobody, once or never', async () => {
    const twice = shuffled(({ right, transactionId, unitId, functionCode, start, count }) => [
      frame(transactionId + 1, registersAdu(unitId, functionCode, start + 1, count)),
      right,
      right,
    ])
    const context = await polled((await served(twice)).port)
    await expect.poll(() => readingsOf(context), { timeout: 10_000 }).toBeGreaterThan(20 * REGISTERS.length)
    expect(wrongIn(context)).toEqual([])
    expect(context.counted('strays')).toBeGreaterThan(20 * REGISTERS.length)
    expect(context.counted('timeouts')).toBe(0)
  })

  it('loses the half of it that is not answered, and has it all again afterwards', async () => {
    const server = await served(faults.right)
    const context = await polled(server.port)
    await allGood(context)
    let position = 0
    server.behave = (asked) => (position++ % 2 === 0 ? undefined : faults.right(asked))
    await expect.poll(() => context.counted('timeouts'), { timeout: 10_000 }).toBeGreaterThan(8)
    server.behave = faults.right
    await allGood(context)
    expect(wrongIn(context)).toEqual([])
    expect(context.counted('connects')).toBe(1)
  })

  it('gives no value of an answer that comes after its time', async () => {
    let late = 0
    const server = await served(({ socket, transactionId, unitId, functionCode, start, count, right }) => {
      if (late-- <= 0) return void socket.write(right)
      // Well-formed, and of a register that holds something else: a mix-up would show.
      const adu = registersAdu(unitId, functionCode, start + 1, count)
      setTimeout(() => socket.writable && socket.write(frame(transactionId, adu)), 1.5 * TIMEOUT_MS)
    })
    const context = await polled(server.port)
    await allGood(context)
    late = 2 * WINDOW
    await expect.poll(() => context.counted('strays'), { timeout: 10_000 }).toBeGreaterThan(WINDOW)
    late = 0
    await allGood(context)
    expect(wrongIn(context)).toEqual([])
  })

  it('is settled as a whole in the moment in which the connection breaks', async () => {
    const server = await served(faults.right)
    const context = await polled(server.port, { timeoutMs: 60_000 })
    await allGood(context)
    const waiting: Asked[] = []
    server.behave = (asked) => void waiting.push(asked)
    await expect.poll(() => waiting.length).toBe(WINDOW)
    server.behave = faults.right
    waiting[0]!.socket.resetAndDestroy()
    await expect.poll(() => context.sink.losses.length).toBe(1)
    expect(context.sink.losses[0]).toHaveLength(REGISTERS.length)
    await allGood(context)
    expect(wrongIn(context)).toEqual([])
  })

  it('is read right of pymodbus', async () => {
    const server = await PymodbusServer.start()
    ends.push(() => server.stop())
    for (const address of REGISTERS) await server.bytes({ area: 'holding', address }, hexOf(address))
    const context = await polled(server.port, { timeoutMs: 2_000 })
    await expect.poll(() => readingsOf(context), { timeout: 10_000 }).toBeGreaterThan(10 * REGISTERS.length)
    expect(wrongIn(context)).toEqual([])
    expect([context.counted('strays'), context.counted('timeouts')]).toEqual([0, 0])
  })
})

const hexOf = (word: number): string => word.toString(16).padStart(4, '0')

it('no poll brings back what a register held before it was written, however answers overtake each other', async () => {
  const server = await WritableServer.start()
  ends.push(() => server.stop())
  const random = randomFrom(11)
  server.latencyOf = () => 40 * random()
  const tags = REGISTERS.map((address) =>
    tag(`r${address}`, { type: 'UInt16', address: `holding:${address}`, access: 'readWrite' }),
  )
  const config = source([{ ...plc, tags }], { port: server.port, window: WINDOW })
  const writing = await WritingSource.start(config)
  ends.push(() => writing.stop())
  for (let value = 1; value <= 30; value++) {
    expect(await writing.write('r33', value)).toEqual({ state: 'confirmed', reason: '' })
    await delay(10)
  }
  const values = writing.context.sink.polls.get(REGISTERS.indexOf(33)) as number[]
  expect(values).toEqual(values.toSorted((one, other) => one - other))
  expect(new Set(values).size).toBe(31)
  expect(server.mostUnderWay).toBe(WINDOW)
})
