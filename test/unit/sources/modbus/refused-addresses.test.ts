import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { ModbusDeviceConfig, TagConfig } from '../../../../src/core/plant.ts'
import { ModbusException } from '../../../../src/sources/modbus/exception.ts'
import { type ModbusBlock, planGroups } from '../../../../src/sources/modbus/read-plan.ts'
import { ModbusSession } from '../../../../src/sources/modbus/session.ts'
import { PolledSource } from '../../../../src/sources/poller.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { RecordingContext } from '../../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../../support/modbus-plant.ts'
import { Registers } from '../../../support/modbus-registers.ts'
import { noWrites } from '../../../support/no-writes.ts'

const MINUTE = 60_000
const LATENCY = 10
const register = (address: number, device = '') =>
  tag(`${device}r${address}`, { type: 'UInt16', address: `holding:${address}` })
const registers = (count: number) => Array.from({ length: count }, (_, i) => register(i))

/** A line of Modbus units in memory, polled once a second, each request 10 ms. */
describe('a Modbus device that refuses some of its addresses', () => {
  let clock: ManualClock
  let context: RecordingContext
  let polled: PolledSource<ModbusBlock, ModbusDeviceConfig>
  let units: Map<number, Registers>
  let order: number[]
  let end: (cause: PenstockError) => void
  let byKey: Map<string, number>

  const begin = (devices: readonly ModbusDeviceConfig[]) => {
    const config = source(devices)
    const tags = devicesOf(config)
    byKey = new Map(tags.flatMap((each) => each.tags).map(({ tag: { key }, index }) => [key, index]))
    polled = new PolledSource({
      config,
      devices: tags,
      driver: {
        ...noWrites,
        plan: planGroups,
        connect: async () => {
          const { promise, resolve } = Promise.withResolvers<PenstockError>()
          end = resolve
          const line = {
            ended: promise,
            ...noWrites,
            close: async () => resolve(new PenstockError('STOPPED', 'closed')),
            read: async (...request: Parameters<Registers['read']>) => {
              const [unitId] = request
              order.push(unitId)
              const answer = (units.get(unitId) as Registers).read(...request)
              await answer.catch(() => undefined)
              const answered = new Promise<void>((done) => void clock.after(LATENCY, done))
              const cause = await Promise.race([answered, promise])
              if (cause) throw cause
              return answer
            },
          }
          return new ModbusSession(line, context.report)
        },
      },
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
  }
  const plc = (tags: readonly TagConfig[], fields: Partial<ModbusDeviceConfig> = {}) => {
    begin([device('plc', { tags, ...fields })])
    return units.get(1) as Registers
  }
  const seen = (key: string) => {
    const last = context.sink.last.get(byKey.get(key) ?? -1)
    return last?.status === 'Good' ? last.value : last?.status
  }

  beforeEach(() => {
    clock = new ManualClock()
    context = new RecordingContext(clock)
    units = new Map([1, 2, 3].map((unitId) => [unitId, new Registers()]))
    order = []
  })
  afterEach(() => polled.stop())

  it('has the guilty tag found, and the others as values, within its first cycle', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(5)
    plc(registers(8))
    await clock.advance(500)
    expect(registers(8).map(({ key }) => seen(key))).toEqual([0, 1, 2, 3, 4, 'BadConfigurationError', 6, 7])
  })

  it('says which, and why, while it is online, until it has them', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(5)
    plc(registers(8))
    await clock.advance(500)
    expect(context.devices.get('plc')).toMatchObject({
      state: 'online',
      reason: expect.stringMatching(/^It refuses holding:5: .*illegal data address/),
    })

    meter.missing.clear()
    await clock.advance(10 * MINUTE)
    expect(context.devices.get('plc')).toMatchObject({ state: 'online', reason: '' })
  })

  it('is asked only for what exists from then on', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(5)
    plc(registers(8))
    await clock.advance(5_000)
    meter.asked.length = 0
    await clock.advance(1_000)
    expect(meter.asked).toEqual([
      [0, 4],
      [4, 1],
      [6, 2],
    ])
    expect(seen('r5')).toBe('BadConfigurationError')
  })

  it('keeps all its tags where only the hole between them does not exist', async () => {
    const meter = units.get(1) as Registers
    for (let address = 10; address < 40; address++) meter.missing.add(address)
    plc([8, 9, 40, 41].map((address) => register(address)))
    await clock.advance(5_000)
    expect([8, 9, 40, 41].map((address) => seen(`r${address}`))).toEqual([8, 9, 40, 41])
  })

  it('is learned to answer fewer registers at once than it was configured for', async () => {
    const meter = units.get(1) as Registers
    meter.most = 30
    plc(registers(100))
    await clock.advance(3_000)
    expect(registers(100).map(({ key }) => seen(key))).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })

  it.each([
    ['registers', registers(125)],
    [
      'coils',
      Array.from({ length: 2_000 }, (_, i) => tag(`c${i}`, { type: 'Boolean' as const, address: `coil:${i}` })),
    ],
  ])('takes one turn at a time on its line while every one of its %s is refused', async (_what, tags) => {
    const odd = units.get(1) as Registers
    odd.fault = new ModbusException(2, 1, 'plc:502')
    begin([
      device('odd', { tags }),
      device('two', { unitId: 2, tags: [register(0, 'two')] }),
      device('three', { unitId: 3, tags: [register(0, 'three')] }),
    ])
    await clock.advance(MINUTE)
    for (const unitId of [2, 3]) {
      expect(units.get(unitId)?.asked.length, `unit ${unitId}`).toBeGreaterThanOrEqual(60)
    }
    expect(new Set(tags.map(({ key }) => seen(key)))).toEqual(new Set(['BadConfigurationError']))
    const refusals = odd.asked.length
    await clock.advance(60 * MINUTE)
    expect((odd.asked.length - refusals) / (60 * 60)).toBeLessThanOrEqual(5)
  })

  it('keeps the values that it had until it is clear which tag is refused', async () => {
    const meter = plc(registers(64))
    await clock.advance(5_000)
    const polls = context.sink.polls.get(63)?.length ?? 0
    meter.missing.add(5)
    await clock.advance(3_000)
    expect(seen('r5')).toBe('BadConfigurationError')
    expect(context.sink.losses).toEqual([])
    expect(registers(64).filter(({ key }) => seen(key) === 'BadConfigurationError')).toHaveLength(1)
    expect(context.sink.polls.get(63)?.length).toBeGreaterThanOrEqual(polls + 2)
  })

  it('is asked for a refused address again after about a minute, and then ever more rarely', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(1)
    plc([register(0), register(1), register(2)])
    await clock.advance(1_000)
    meter.asked.length = 0
    await clock.advance(60 * MINUTE)
    const again = meter.asked.filter(([start]) => start === 1).length
    expect(again).toBeGreaterThanOrEqual(4)
    expect(again).toBeLessThanOrEqual(7)
  })

  it('has the tags of a refusal that passed back as values within two minutes, in as few requests as before', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(1)
    plc([register(0), register(1), register(2)])
    await clock.advance(1_000)
    meter.missing.clear()
    await clock.advance(2 * MINUTE)
    expect(seen('r1')).toBe(1)
    meter.asked.length = 0
    await clock.advance(1_000)
    expect(meter.asked).toEqual([[0, 3]])
  })

  it('is known after few requests, and stays known over a new connection', async () => {
    const meter = units.get(1) as Registers
    const tags = Array.from({ length: 200 }, (_, i) => register(i * 3 + 20 * Math.floor(i / 10)))
    // Each hole of 20 does not exist, of which the plan cannot know.
    for (let n = 0; n < 20; n++) for (let at = 28; at < 49; at++) meter.missing.add(50 * n + at)
    plc(tags, { pollMs: 10_000 })
    await clock.advance(1_500)
    const learning = meter.asked.length
    expect(learning).toBeLessThanOrEqual(42)
    expect(tags.map(({ key }) => seen(key))).toEqual(tags.map(({ key }) => Number(key.slice(1))))
    await clock.advance(15_000)
    meter.asked.length = 0
    await clock.advance(10_000)
    const settled = new Set(meter.asked.map(String))
    expect(settled.size).toBe(25)
    end(new PenstockError('CONNECTION_LOST', 'reset'))
    meter.asked.length = 0
    await clock.advance(1_500)
    expect(new Set(meter.asked.map(String))).toEqual(settled)
  })

  it('is asked as planned again after an hour, and as it answers if it still refuses', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(5)
    plc([register(0), register(10)])
    await clock.advance(59 * MINUTE)
    expect(meter.asked.filter(([, count]) => count === 11)).toHaveLength(1)
    await clock.advance(2 * MINUTE)
    expect(meter.asked.filter(([, count]) => count === 11)).toHaveLength(2)
    expect([seen('r0'), seen('r10')]).toEqual([0, 10])
    expect(meter.asked.at(-1)?.[1]).toBe(1)
    meter.missing.clear()
    await clock.advance(60 * MINUTE)
    expect(meter.asked.at(-1)).toEqual([0, 11])
    expect(context.sink.losses).toEqual([])
  })

  it('is asked for a refused address again over a new connection', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(1)
    plc([register(0), register(1), register(2)])
    await clock.advance(5_000)
    meter.missing.clear()
    end(new PenstockError('CONNECTION_LOST', 'reset'))
    await clock.advance(5_000)
    expect(context.counted('connects')).toBe(2)
    expect([0, 1, 2].map((address) => seen(`r${address}`))).toEqual([0, 1, 2])
  })

  it('starts over when it refused everything only while it started', async () => {
    const meter = units.get(1) as Registers
    meter.fault = new ModbusException(2, 1, 'plc:502')
    plc(registers(4))
    await clock.advance(2_000)
    expect(new Set(registers(4).map(({ key }) => seen(key)))).toEqual(new Set(['BadConfigurationError']))
    meter.fault = undefined
    await clock.advance(2_500)
    expect(registers(4).map(({ key }) => seen(key))).toEqual([0, 1, 2, 3])
    meter.asked.length = 0
    await clock.advance(1_000)
    expect(meter.asked).toEqual([[0, 4]])
  })

  it('is not taken for alive without being asked, even where every tag is refused', async () => {
    const meter = units.get(1) as Registers
    meter.missing.add(0).add(1)
    plc([register(0), register(1)])
    await clock.advance(10_000)
    expect(context.devices.get('plc')?.state).toBe('online')
    meter.fault = new PenstockError('TIMEOUT', 'no answer')
    await clock.advance(10_000)
    expect(context.devices.get('plc')?.state).toBe('offline')
  })

  it('has every tag told the truth within two minutes, whatever it refuses and however that changes', async () => {
    const addresses = fc.uniqueArray(fc.nat(150), { minLength: 1, maxLength: 40 })
    const missing = fc.array(fc.nat(150), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(addresses, missing, missing, fc.nat(30_000), async (some, first, then, after) => {
        clock = new ManualClock()
        context = new RecordingContext(clock)
        const meter = new Registers()
        units = new Map([[1, meter]])
        for (const address of first) meter.missing.add(address)
        plc(some.map((address) => register(address)))
        await clock.advance(after)
        for (const address of then) meter.missing.add(address)
        await clock.advance(10_000)
        for (const address of some) {
          const expected = meter.missing.has(address) ? 'BadConfigurationError' : address
          expect(seen(`r${address}`), `register ${address}`).toBe(expected)
        }
        meter.missing.clear()
        await clock.advance(2 * MINUTE)
        for (const address of some) expect(seen(`r${address}`)).toBe(address)
        expect(context.sink.losses).toEqual([])
        await polled.stop()
      }),
      { numRuns: 40 },
    )
  })
})
