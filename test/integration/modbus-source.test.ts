import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/core/clock.ts'
import type { ByteOrder, ModbusDeviceConfig, ModbusNetworkSourceConfig, TagConfig } from '../../src/core/plant.ts'
import { TagIndexing } from '../../src/core/tag-index.ts'
import { EnergyMeter } from '../../src/demo/modbus/energy-meter.ts'
import { ModbusSimulator } from '../../src/demo/modbus/modbus-simulator.ts'
import { PumpController } from '../../src/demo/modbus/pump-controller.ts'
import type { SimulatedUnit } from '../../src/demo/modbus/register-map.ts'
import { modbusSource } from '../../src/sources/modbus/source-type.ts'
import type { Source } from '../../src/sources/source.ts'
import { RecordingContext } from '../support/modbus-context.ts'
import { FaultServer, faults, tells } from '../support/modbus-fault-server.ts'
import { PymodbusServer, startLibmodbus } from '../support/modbus-peers.ts'
import { device, devicesOf, source, tag } from '../support/modbus-plant.ts'

const orders: readonly ByteOrder[] = ['big', 'little']

/** Runs sources and ends them after each test. */
const running: Source[] = []

async function run(devices: readonly ModbusDeviceConfig[], fields: Partial<ModbusNetworkSourceConfig>) {
  const config = source(devices, { timeoutMs: 300, ...fields })
  const context = new RecordingContext(systemClock)
  const tags = new TagIndexing({ sources: [config] })
  expect(modbusSource.validate(config)).toEqual([])
  const made = await modbusSource.create(config, devicesOf(config), context)
  running.push(made)
  made.start()
  return {
    context,
    source: made,
    /** What a tag holds, or its status where that is not Good. */
    value: (id: string) => {
      const last = context.sink.last.get(tags.byId(id)?.index ?? -1)
      return last?.status === 'Good' ? last.value : last?.status
    },
    status: (id: string) => context.sink.last.get(tags.byId(id)?.index ?? -1)?.status,
    polls: (id: string) => context.sink.polls.get(tags.byId(id)?.index ?? -1)?.length ?? 0,
    device: (key: string) => context.devices.get(key)?.state,
  }
}

const fast = (tags: readonly TagConfig[], fields: Partial<ModbusDeviceConfig> = {}) =>
  device('plc', { tags, pollMs: 50, ...fields })

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()))
})

describe('a Modbus source reading pymodbus', () => {
  let server: PymodbusServer

  beforeAll(async () => {
    server = await PymodbusServer.start()
  })
  afterAll(() => server.stop())

  const samples = [
    ['SByte', 'int16', -7],
    ['Byte', 'uint16', 250],
    ['Int16', 'int16', -12_345],
    ['UInt16', 'uint16', 54_321],
    ['Int32', 'int32', -123_456_789],
    ['UInt32', 'uint32', 4_000_000_001],
    ['Int64', 'int64', -9_007_199_254_740_993n],
    ['UInt64', 'uint64', 18_446_744_073_709_551_557n],
    ['Float', 'float32', 3.25],
    ['Double', 'float64', 0.1],
    ['Double', 'int16', -12_345],
    ['Int64', 'uint32', 4_000_000_001n],
  ] as const
  const layouts = orders.flatMap((byteOrder) => orders.map((wordOrder) => ({ byteOrder, wordOrder })))

  it.each(['input', 'holding'] as const)(
    'takes every type in every byte and word order from %s registers',
    async (area) => {
      const tags: TagConfig[] = []
      const expected: Record<string, unknown> = {}
      let address = 0
      for (const [type, encoding, value] of samples) {
        for (const { byteOrder, wordOrder } of layouts) {
          const key = `${type}-${encoding}-${byteOrder}-${wordOrder}`
          const orders = encoding.endsWith('16') ? { byteOrder } : { byteOrder, wordOrder }
          tags.push(tag(key, { type, encoding, ...orders, address: `${area}:${address}` }))
          await server.put({ area, address, encoding, byteOrder, wordOrder, value })
          expected[key] = type === 'Int64' || type === 'UInt64' ? BigInt(value) : value
          address += 4
        }
      }
      const plc = await run([fast(tags)], { port: server.port })
      await expect
        .poll(() => Object.fromEntries(tags.map(({ key }) => [key, plc.value(`plc/${key}`)])))
        .toEqual(expected)
    },
  )

  it('takes strings, bits of registers, coils and discrete inputs', async () => {
    await server.put({ area: 'holding', address: 500, encoding: 'string', value: 'PC7-2203-114    ' })
    await server.put({ area: 'holding', address: 510, encoding: 'uint16', value: 0b1000_0000_0000_1000 })
    await server.bits({ area: 'coil', address: 17 }, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1)
    await server.bits({ area: 'discrete', address: 3 }, 0, 1)
    const plc = await run(
      [
        fast([
          tag('serial', { type: 'String', address: 'holding:500', length: 16 }),
          ...[0, 3, 14, 15].map((bit) => tag(`bit${bit}`, { type: 'Boolean', address: `holding:510.${bit}` })),
          ...[17, 18, 21, 26].map((at) => tag(`coil${at}`, { type: 'Boolean', address: `coil:${at}` })),
          ...[3, 4].map((at) => tag(`discrete${at}`, { type: 'Boolean', address: `discrete:${at}` })),
        ]),
      ],
      { port: server.port },
    )
    await expect.poll(() => plc.value('plc/serial')).toBe('PC7-2203-114')
    await expect.poll(() => [0, 3, 14, 15].map((bit) => plc.value(`plc/bit${bit}`))).toEqual([false, true, false, true])
    await expect.poll(() => [17, 18, 21, 26].map((at) => plc.value(`plc/coil${at}`))).toEqual([true, false, true, true])
    await expect.poll(() => [3, 4].map((at) => plc.value(`plc/discrete${at}`))).toEqual([false, true])
  })

  it('brings a register that changed on the device as a new value', async () => {
    await server.put({ area: 'holding', address: 600, encoding: 'float32', value: 1.5 })
    const plc = await run([fast([tag('t', { type: 'Float', address: 'holding:600' })])], { port: server.port })
    await expect.poll(() => plc.value('plc/t')).toBe(1.5)
    await server.put({ area: 'holding', address: 600, encoding: 'float32', value: 2.75 })
    await expect.poll(() => plc.value('plc/t')).toBe(2.75)
    await server.put({ area: 'holding', address: 600, encoding: 'float32', value: 'nan' })
    await expect.poll(() => plc.value('plc/t')).toBe('BadSensorFailure')
    await server.put({ area: 'holding', address: 600, encoding: 'float32', value: -1 })
    await expect.poll(() => plc.value('plc/t')).toBe(-1)
  })

  it('gives one address that does not exist as BadConfigurationError and all its neighbours as values', async () => {
    for (let address = 700; address < 720; address++) {
      if (address !== 707) await server.put({ area: 'input', address, encoding: 'uint16', value: address })
    }
    const tags = Array.from({ length: 20 }, (_, i) => tag(`r${i}`, { type: 'UInt16', address: `input:${700 + i}` }))
    const plc = await run([fast(tags)], { port: server.port })
    const expected = tags.map((_, i) => (i === 7 ? 'BadConfigurationError' : 700 + i))
    await expect.poll(() => tags.map(({ key }) => plc.value(`plc/${key}`))).toEqual(expected)
    await expect.poll(() => plc.polls('plc/r19')).toBeGreaterThan(4)
    expect(plc.context.state).toBe('connected')
    expect(plc.device('plc')).toBe('online')
  })

  it('goes on reading the other units at their pace while one behind the same connection is dead', async () => {
    for (const unit of [21, 22, 23]) {
      await server.put({ unit, area: 'holding', address: 0, encoding: 'uint16', value: unit })
    }
    const units = [20, 21, 22, 23].map((unitId) =>
      device(`unit${unitId}`, { unitId, pollMs: 100, tags: [tag('id', { type: 'UInt16', address: 'holding:0' })] }),
    )
    const line = await run(units, { port: server.port, timeoutMs: 150 })
    await expect.poll(() => line.device('unit20'), { timeout: 10_000 }).toBe('offline')
    const before = line.polls('unit23/id')
    await expect.poll(() => line.polls('unit23/id'), { timeout: 10_000 }).toBeGreaterThan(before + 10)
    expect([21, 22, 23].map((unit) => line.value(`unit${unit}/id`))).toEqual([21, 22, 23])
    expect(line.value('unit20/id')).toBe('BadNoCommunication')
    expect(line.context.states.at(-1)).toEqual({ state: 'degraded', reason: expect.stringContaining('"unit20"') })
    expect(line.context.counted('connects')).toBe(1)
    await server.put({ unit: 20, area: 'holding', address: 0, encoding: 'uint16', value: 20 })
    await expect.poll(() => line.value('unit20/id'), { timeout: 15_000 }).toBe(20)
    expect(line.context.state).toBe('connected')
  })

  it('keeps the last values as uncertain while the device is gone, and reads on when it is back', async () => {
    const mortal = await PymodbusServer.start()
    await mortal.put({ area: 'holding', address: 0, encoding: 'int16', value: 42 })
    const plc = await run([fast([tag('t', { type: 'Int16', address: 'holding:0' })])], { port: mortal.port })
    await expect.poll(() => plc.value('plc/t')).toBe(42)
    await mortal.stop()
    await expect.poll(() => plc.status('plc/t')).toBe('UncertainNoCommunicationLastUsableValue')
    await expect.poll(() => plc.context.state).toBe('backoff')
    expect(plc.context.states.at(-1)?.reason).toContain(`127.0.0.1`)
    expect(plc.device('plc')).toBe('offline')
  })
})

describe('a Modbus source reading libmodbus', () => {
  it('takes its floats in the four orders that it writes itself, and its other tables', async () => {
    const server = await startLibmodbus()
    try {
      const layouts = [
        ['abcd', 'big', 'big'],
        ['cdab', 'big', 'little'],
        ['badc', 'little', 'big'],
        ['dcba', 'little', 'little'],
      ] as const
      const plc = await run(
        [
          fast([
            ...layouts.map(([key, byteOrder, wordOrder], i) =>
              tag(key, { type: 'Float', address: `holding:${2 * i}`, byteOrder, wordOrder }),
            ),
            tag('text', { type: 'String', address: 'holding:20', length: 16 }),
            tag('input', { type: 'UInt16', address: 'input:199' }),
            tag('on', { type: 'Boolean', address: 'coil:198' }),
            tag('off', { type: 'Boolean', address: 'discrete:199' }),
            tag('outside', { type: 'UInt16', address: 'input:200' }),
          ]),
        ],
        { port: server.port },
      )
      const float = Math.fround(123.456)
      await expect.poll(() => layouts.map(([key]) => plc.value(`plc/${key}`))).toEqual([float, float, float, float])
      await expect.poll(() => plc.value('plc/text')).toBe('libmodbus 3')
      await expect.poll(() => plc.value('plc/input')).toBe(1_199)
      await expect.poll(() => [plc.value('plc/on'), plc.value('plc/off')]).toEqual([true, false])
      await expect.poll(() => plc.value('plc/outside')).toBe('BadConfigurationError')
    } finally {
      await server.stop()
    }
  })
})

describe('a Modbus source on a line full of faults', () => {
  it('never brings a wrong value, and settles down as soon as the line does', async () => {
    const server = await FaultServer.start(faults.right)
    // Never three failed cycles in a row, or the breaker would spare us the rest; the deadly one comes last.
    const survived = [
      'duplicated',
      'byte by byte',
      'late',
      'another unit',
      'another function',
      'too many registers',
    ] as const
    const script = [...survived.flatMap((fault) => [faults.right, faults[fault]]), faults['a reset (RST)']]
    let requests = 0
    server.behave = (asked) => (script[requests++ % script.length] ?? faults.right)(asked)
    const tags = [3, 4, 5].map((at) => tag(`r${at}`, { type: 'UInt16', address: `holding:${at}` }))
    const plc = await run([fast(tags)], { port: server.port, timeoutMs: 60 })
    await expect.poll(() => requests, { timeout: 30_000 }).toBeGreaterThan(script.length)
    server.behave = faults.right
    await expect.poll(() => plc.context.state, { timeout: 30_000 }).toBe('connected')
    await expect.poll(() => plc.device('plc'), { timeout: 30_000 }).toBe('online')
    await expect.poll(() => tags.map(({ key }) => plc.value(`plc/${key}`))).toEqual([3, 4, 5])
    tags.forEach((_, i) => {
      expect(new Set(plc.context.sink.polls.get(i))).toEqual(new Set([3 + i]))
    })
    await plc.source.stop()
    await expect.poll(() => server.connections).toBe(0)
    await server.stop()
  })

  it('waits for a device that answers slowly, without reading it twice at a time', async () => {
    let open = 0
    let most = 0
    const server = await FaultServer.start(async ({ socket, right }) => {
      most = Math.max(most, ++open)
      await delay(120)
      open--
      socket.write(right)
    })
    const plc = await run([fast([tag('t', { type: 'UInt16', address: 'holding:9' })])], { port: server.port })
    await expect.poll(() => plc.polls('plc/t'), { timeout: 10_000 }).toBeGreaterThan(3)
    expect(most).toBe(1)
    expect(plc.context.counted('skippedCycles')).toBeGreaterThan(0)
    await server.stop()
  })
})

describe('a Modbus line', () => {
  /** Units in hand: who was asked, and who is dead. */
  const line = async () => {
    const asked = new Map<number, number>()
    const dead = new Set<number>()
    const sockets = new Set<unknown>()
    const server = await FaultServer.start(({ socket, unitId, right }) => {
      sockets.add(socket)
      asked.set(unitId, (asked.get(unitId) ?? 0) + 1)
      if (!dead.has(unitId)) socket.write(right)
    })
    return { server, asked, dead, sockets }
  }
  const units = (count: number, tags = [tag('id', { type: 'UInt16', address: 'holding:7' })]) =>
    Array.from({ length: count }, (_, i) => device(`unit${i + 1}`, { unitId: i + 1, pollMs: 100, tags }))

  it('of ten units, five of them dead, asks the others as often as if they were alone', async () => {
    const { server, asked, dead } = await line()
    for (const unitId of [1, 2, 3, 4, 5]) dead.add(unitId)
    const gateway = await run(units(10), { port: server.port, timeoutMs: 300 })
    await expect.poll(() => gateway.device('unit5'), { timeout: 30_000 }).toBe('offline')
    const counts = () => Array.from({ length: 10 }, (_, i) => asked.get(i + 1) ?? 0)
    const before = counts()
    await expect.poll(() => (counts()[9] ?? 0) - (before[9] ?? 0), { timeout: 60_000 }).toBeGreaterThan(80)
    const since = counts().map((count, i) => count - (before[i] ?? 0))
    expect(Math.min(...since.slice(5))).toBeGreaterThan(75)
    expect(Math.max(...since.slice(0, 5))).toBeLessThan(10)
    expect(gateway.value('unit10/id')).toBe(tells(10, 3, 7))
    await gateway.source.stop()
    await server.stop()
  })

  it('follows the change of one tag without a new connection, and reads its other units on', async () => {
    const { server, asked, sockets } = await line()
    const before = units(3)
    const gateway = await run(before, { port: server.port })
    await expect.poll(() => gateway.polls('unit3/id')).toBeGreaterThan(3)
    const config = source(
      before.map((each, i) =>
        i > 0 ? each : { ...each, tags: [tag('id', { type: 'UInt16', address: 'holding:8' })] },
      ),
      { port: server.port, timeoutMs: 300 },
    )
    gateway.source.live?.withdraw(new Set(['unit1']))
    gateway.source.live?.follow(config, devicesOf(config))
    const asksOfThree = asked.get(3) ?? 0
    await expect.poll(() => gateway.value('unit1/id')).toBe(8)
    await expect.poll(() => asked.get(3)).toBeGreaterThan(asksOfThree + 3)
    expect(sockets.size).toBe(1)
    expect(gateway.context.counted('connects')).toBe(1)
    expect(gateway.context.sink.losses).toEqual([])
    await gateway.source.stop()
    await server.stop()
  })
})

describe('the simulated devices of the demo', () => {
  it('are read as a meter and a pump controller behind one gateway', async () => {
    const simulator = new ModbusSimulator(
      new Map<number, SimulatedUnit>([
        [1, new EnergyMeter(systemClock)],
        [2, new PumpController(systemClock)],
      ]),
    )
    const port = await simulator.listen()
    const meter = device('meter', {
      pollMs: 100,
      tags: [
        tag('u1', { type: 'Float', address: 'input:0' }),
        tag('power', { type: 'Float', address: 'input:12' }),
        tag('energy', { type: 'UInt64', address: 'input:100' }),
        tag('reactive', { type: 'Int64', address: 'input:104' }),
        tag('serial', { type: 'String', address: 'holding:20', length: 16 }),
      ],
    })
    const pump = device('pump', {
      unitId: 2,
      pollMs: 100,
      tags: [
        tag('run', { type: 'Boolean', address: 'coil:0' }),
        tag('runs', { type: 'Boolean', address: 'discrete:0' }),
        tag('level', { type: 'UInt16', address: 'input:0' }),
        tag('volume', { type: 'Int32', address: 'input:10', wordOrder: 'little' }),
        tag('automatic', { type: 'Boolean', address: 'holding:5.1' }),
        tag('serial', { type: 'String', address: 'holding:20', length: 16 }),
      ],
    })
    const ghost = device('ghost', {
      unitId: 3,
      pollMs: 100,
      tags: [tag('x', { type: 'Boolean', address: 'coil:0' })],
    })
    const line = await run([meter, pump, ghost], { port, timeoutMs: 1_000 })
    await expect.poll(() => line.value('meter/serial')).toBe('EM340-0017')
    await expect.poll(() => line.value('pump/serial')).toBe('PC7-2203-114')
    expect(line.value('meter/u1')).toSatisfy((volts) => Number(volts) > 220 && Number(volts) < 240)
    expect(line.value('meter/energy')).toBeTypeOf('bigint')
    expect(line.value('meter/reactive')).toSatisfy((energy) => (energy as bigint) < 0n)
    await expect.poll(() => line.value('pump/level')).toSatisfy((level) => Number(level) > 500 && Number(level) < 700)
    expect(line.value('pump/volume')).toSatisfy((litres) => Number(litres) >= 1_284_000 && Number(litres) < 1_290_000)
    expect([line.value('pump/run'), line.value('pump/runs'), line.value('pump/automatic')]).toEqual([true, true, true])
    await expect.poll(() => line.value('ghost/x')).toBe('BadNoCommunication')
    await expect.poll(() => line.context.devices.get('ghost')?.reason).toContain('exception 11')
    await simulator.close()
    await simulator.close()
    await expect.poll(() => line.context.state).toBe('backoff')
  })

  it('say so when their port is taken', async () => {
    const first = new ModbusSimulator(new Map())
    const port = await first.listen()
    await expect(new ModbusSimulator(new Map()).listen(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await first.close()
  })
})
