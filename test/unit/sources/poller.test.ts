import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import type { ModbusDeviceConfig, ModbusSourceConfig } from '../../../src/core/plant.ts'
import type { FieldDriver } from '../../../src/sources/driver.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../support/modbus-plant.ts'
import { noWrites } from '../../support/no-writes.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const tags = (...keys: string[]) => keys.map((key) => tag(key, { type: 'Double', address: 'holding:0' }))

describe('PolledSource', () => {
  let clock: ManualClock
  let bus: ScriptedBus
  let context: RecordingContext
  let polled: PolledSource<Block, ModbusDeviceConfig>

  const begin = (config: ModbusSourceConfig) => {
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: bus,
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
  }

  beforeEach(() => {
    clock = new ManualClock()
    bus = new ScriptedBus(clock)
    context = new RecordingContext(clock)
  })

  afterEach(() => polled.stop())

  it('reads every tag at once after connecting and then on its grid, without drift', async () => {
    bus.latencyMs = 30
    begin(source([device('meter', { tags: tags('a'), pollMs: 1_000 })]))
    await clock.advance(60_000)
    const [first, ...grid] = bus.timesOf('meter')
    expect(first).toBe(0)
    expect(grid.length).toBeGreaterThanOrEqual(59)
    expect(new Set(grid.map((at) => at % 1_000)).size).toBe(1)
    expect(context.counted('skippedCycles')).toBe(0)
    expect(context.state).toBe('connected')
    expect(context.devices.get('meter')).toEqual({ state: 'online', reason: '' })
  })

  it('keeps the grid when the wall clock jumps', async () => {
    begin(source([device('meter', { tags: tags('a') })]))
    await clock.advance(10_000)
    clock.jump(-3_600_000)
    await clock.advance(10_000)
    expect(
      new Set(
        bus
          .timesOf('meter')
          .slice(1)
          .map((at) => at % 1_000),
      ).size,
    ).toBe(1)
    expect(bus.reads.length).toBeGreaterThanOrEqual(20)
  })

  it('leaves out and counts a cycle that is due while the one before still runs', async () => {
    bus.latencyMs = 700
    begin(source([device('meter', { tags: tags('a', 'b'), pollMs: 1_000 })]))
    await clock.advance(60_000)
    const reads = bus.reads.length
    expect(reads).toBeGreaterThan(50)
    expect(reads).toBeLessThanOrEqual(62)
    expect(context.counted('skippedCycles')).toBeGreaterThanOrEqual(25)
    expect(bus.pending).toBeLessThanOrEqual(1)
  })

  it('gives tags with their own period their own cycles, and tells the sink when each gets stale', async () => {
    const fast = tag('fast', { type: 'Double', address: 'holding:0', pollMs: 500 })
    const slow = tag('slow', { type: 'Double', address: 'holding:1', pollMs: 10_000 })
    begin(source([device('meter', { tags: [fast, slow] })]))
    await clock.advance(30_000)
    const count = (key: string) => bus.reads.filter((read) => read.tags.includes(key)).length
    expect(count('fast')).toBeGreaterThanOrEqual(59)
    expect(count('slow')).toBeGreaterThanOrEqual(3)
    expect(count('slow')).toBeLessThanOrEqual(5)
    expect([...context.sink.expected.values()]).toEqual([5_000, 30_000])
  })

  it('lets the devices of one line take turns, request by request', async () => {
    begin(
      source([device('one', { tags: tags('a', 'b', 'c') }), device('two', { tags: tags('d', 'e', 'f'), unitId: 2 })]),
    )
    await clock.advance(60)
    expect(bus.reads.slice(0, 6).map((read) => read.device)).toEqual(['one', 'two', 'one', 'two', 'one', 'two'])
    expect(bus.reads.map((read) => read.at).slice(0, 6)).toEqual([0, 10, 20, 30, 40, 50])
  })

  it('turns the tags of a missed read uncertain, and all of the device once it is offline', async () => {
    begin(source([device('meter', { tags: tags('a', 'b', 'c') })]))
    await clock.advance(2_000)
    bus.mute.add('meter')
    await clock.advance(1_999)
    expect(context.sink.losses[0]).toHaveLength(1)
    expect(context.devices.get('meter')?.state).toBe('online')
    await clock.advance(3_000)
    expect(context.devices.get('meter')?.state).toBe('offline')
    expect(context.sink.losses.at(-1)).toEqual([0, 1, 2])
  })

  it('takes a device off the line after three misses and says why', async () => {
    begin(source([device('pump', { tags: tags('a') }), device('tank', { tags: tags('b'), unitId: 2 })]))
    bus.mute.add('pump')
    await clock.advance(10_000)
    expect(context.devices.get('pump')).toEqual({ state: 'offline', reason: expect.stringContaining('No answer') })
    expect(context.devices.get('tank')?.state).toBe('online')
    expect(context.states.at(-1)).toEqual({ state: 'degraded', reason: expect.stringContaining('"pump"') })
    expect(context.states.at(-1)?.reason).toContain('127.0.0.1:502')
    expect(context.counted('timeouts')).toBeGreaterThanOrEqual(3)
  })

  it('keeps the healthy devices at their period while a dead one is probed ever more rarely', async () => {
    const healthy = Array.from({ length: 9 }, (_, i) => device(`ok${i}`, { tags: tags('a'), unitId: i + 2 }))
    begin(source([device('dead', { tags: tags('a') }), ...healthy]))
    bus.mute.add('dead')
    await clock.advance(300_000)
    const probes = bus.timesOf('dead').filter((at) => at > 120_000)
    expect(probes.length).toBeLessThanOrEqual(5)
    expect(bus.timesOf('ok3').filter((at) => at > 120_000).length).toBeGreaterThanOrEqual(170)
    expect(context.counted('connects')).toBe(1)
  })

  it('reads every tag of a device again as soon as one probe is answered', async () => {
    const hourly = tag('hourly', { type: 'Double', address: 'holding:1', pollMs: 3_600_000 })
    begin(source([device('pump', { tags: [...tags('a'), hourly] }), device('tank', { tags: tags('b'), unitId: 2 })]))
    await clock.advance(1_000)
    bus.mute.add('pump')
    await clock.advance(20_000)
    expect(context.devices.get('pump')?.state).toBe('offline')
    bus.mute.clear()
    await clock.advance(60_000)
    expect(context.devices.get('pump')).toEqual({ state: 'online', reason: '' })
    expect(context.sink.last.get(1)?.status).toBe('Good')
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: '' })
  })

  it('does not leave an hourly tag uncertain for an hour after one lost answer', async () => {
    const hourly = tag('hourly', { type: 'Double', address: 'holding:1', pollMs: 3_600_000 })
    begin(source([device('pump', { tags: [hourly] })]))
    bus.mute.add('pump')
    await clock.advance(1_500)
    expect(context.sink.last.get(0)?.status).toBe('BadNoCommunication')
    bus.mute.clear()
    await clock.advance(3_000)
    expect(context.sink.last.get(0)?.status).toBe('Good')
    expect(context.devices.get('pump')?.state).toBe('online')
  })

  it('does not let one lost answer of a fast group touch the tags of a slow one', async () => {
    const hourly = tag('hourly', { type: 'Double', address: 'holding:1', pollMs: 3_600_000 })
    begin(source([device('pump', { tags: [...tags('a'), hourly] })]))
    await clock.advance(1_500)
    bus.mute.add('a')
    await clock.advance(2_100)
    bus.mute.clear()
    await clock.advance(2_000)
    expect(context.sink.losses.flat()).not.toContain(1)
    expect(context.sink.last.get(0)?.status).toBe('Good')
  })

  it('loses every tag at once when the connection breaks, and reads again when it is back', async () => {
    begin(source([device('pump', { tags: tags('a', 'b') }), device('tank', { tags: tags('c'), unitId: 2 })]))
    await clock.advance(5_000)
    bus.refusals = [new PenstockError('CONNECTION_LOST', '127.0.0.1:502 refuses connections')]
    bus.drop()
    await clock.advance(0)
    expect(context.sink.losses).toEqual([[0, 1, 2]])
    expect(context.states.at(-1)).toEqual({ state: 'backoff', reason: expect.stringContaining('was reset') })
    expect(context.devices.get('tank')?.state).toBe('offline')
    await clock.advance(10_000)
    expect(context.state).toBe('connected')
    expect(context.devices.get('tank')?.state).toBe('online')
    expect(context.sink.last.get(2)?.status).toBe('Good')
    expect([context.counted('connects'), context.counted('connectFailures')]).toEqual([2, 1])
  })

  it('says of a device that is silent over a new connection that it is that, not the connection', async () => {
    begin(source([device('pump', { tags: tags('a') }), device('tank', { tags: tags('c'), unitId: 2 })]))
    await clock.advance(5_000)
    bus.mute.add('pump')
    bus.drop()
    await clock.advance(0)
    expect(context.devices.get('pump')?.reason).toContain('No connection')
    await clock.advance(20_000)
    expect(context.devices.get('pump')).toEqual({ state: 'offline', reason: expect.stringContaining('No answer') })
  })

  it('waits longer after each failed attempt to connect, and starts small again after half a healthy minute', async () => {
    const refused = () => new PenstockError('CONNECTION_LOST', '127.0.0.1:502 refuses connections')
    bus.refusals = Array.from({ length: 10 }, refused)
    begin(source([device('pump', { tags: tags('a') })]))
    await clock.advance(200_000)
    const waits = bus.attempts.map((at, i) => at - (bus.attempts[i - 1] ?? 0)).slice(1)
    expect(waits).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 22_500])
    const again = bus.attempts.length
    bus.drop()
    await clock.advance(1_000)
    expect(bus.attempts.length).toBe(again + 1)
  })

  it('keeps the long wait for a connection that breaks soon after each success', async () => {
    bus.refusals = Array.from({ length: 8 }, () => new PenstockError('CONNECTION_LOST', 'refused'))
    begin(source([device('pump', { tags: tags('a') })]))
    await clock.advance(90_000)
    expect(context.state).toBe('connected')
    const attempts = bus.attempts.length
    bus.drop()
    await clock.advance(20_000)
    expect(bus.attempts.length).toBe(attempts)
    await clock.advance(5_000)
    expect(bus.attempts.length).toBe(attempts + 1)
  })

  it('tries slowly where the other end refuses it', async () => {
    bus.refusals = [new PenstockError('ACCESS_DENIED', 'The PLC refuses PUT/GET')]
    begin(source([device('plc', { tags: tags('a') })]))
    await clock.advance(59_000)
    expect(context.states.at(-1)).toEqual({ state: 'refused', reason: expect.stringContaining('PUT/GET') })
    expect(bus.attempts.length).toBe(1)
    await clock.advance(2_000)
    expect(context.state).toBe('connected')
  })

  it('gives tags that were never read as lost when there is no connection', async () => {
    bus.refusals = [new PenstockError('CONNECTION_LOST', 'refused')]
    begin(source([device('plc', { tags: tags('a') })]))
    await clock.advance(100)
    expect(context.sink.last.get(0)).toEqual({ value: undefined, status: 'BadNoCommunication' })
  })

  it('makes a new connection when nobody on an old one answers any more', async () => {
    begin(source([device('one', { tags: tags('a') }), device('two', { tags: tags('b'), unitId: 2 })]))
    await clock.advance(60_000)
    bus.mute.add('one').add('two')
    await clock.advance(30_000)
    expect(context.counted('connects')).toBe(2)
    expect(context.states.at(-1)).toEqual({ state: 'degraded', reason: expect.stringContaining('2 of 2 devices') })
    bus.mute.clear()
    await clock.advance(70_000)
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: '' })
  })

  it('treats an answer that a driver cannot explain as a failure of that device alone', async () => {
    begin(source([device('odd', { tags: tags('a') }), device('fine', { tags: tags('b'), unitId: 2 })]))
    bus.plan = () => []
    await clock.advance(100)
    await polled.stop()
    const confused: FieldDriver<Block, ModbusDeviceConfig> = {
      ...noWrites,
      plan: (of, groups) => groups.map(({ tags: some }) => [{ device: of.device.key, tags: some }]),
      connect: async () => ({
        ended: new Promise<never>(() => undefined),
        ...noWrites,
        close: async () => undefined,
        read: async (block, sink) => {
          if (block.device === 'odd') throw new RangeError('offset out of range')
          await new Promise<void>((resolve) => clock.after(5, resolve))
          for (const each of block.tags) sink.polled(each.index, 1)
          return { kind: 'read' }
        },
      }),
    }
    const config = source([device('odd', { tags: tags('a') }), device('fine', { tags: tags('b'), unitId: 2 })])
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: confused,
      pollMsOf: (of) => of.pollMs,
      context,
    })
    polled.start()
    await clock.advance(10_000)
    expect(context.devices.get('odd')).toEqual({
      state: 'offline',
      reason: expect.stringContaining('offset out of range'),
    })
    expect(context.devices.get('fine')?.state).toBe('online')
  })

  it('does not poll what is disabled', async () => {
    const off = tag('off', { type: 'Double', address: 'holding:0', disabled: true })
    begin(
      source([
        device('spare', { tags: tags('a'), disabled: true }),
        device('pump', { tags: [off, ...tags('b')], unitId: 2 }),
        device('empty', { tags: [off], unitId: 3 }),
      ]),
    )
    await clock.advance(5_000)
    expect(new Set(bus.reads.flatMap((read) => read.tags))).toEqual(new Set(['b']))
    expect(context.devices.get('spare')?.state).toBe('disabled')
    expect(context.devices.get('empty')).toEqual({
      state: 'unknown',
      reason: expect.stringContaining('No enabled tag'),
    })
    bus.drop()
    await clock.advance(0)
    expect(context.sink.losses).toEqual([[2]])
  })

  it('makes no connection for a source that is disabled', async () => {
    begin(source([device('pump', { tags: tags('a') })], { disabled: true }))
    await clock.advance(5_000)
    expect(bus.attempts).toEqual([])
    expect(context.states).toEqual([{ state: 'stopped', reason: expect.stringContaining('Disabled') }])
    expect(context.devices.get('pump')?.state).toBe('disabled')
  })

  it('stops at any moment with nothing left behind, and starts again', async () => {
    for (const moment of [0, 5, 10, 500, 1_005]) {
      begin(source([device('pump', { tags: tags('a', 'b') })]))
      await clock.advance(moment)
      await polled.stop()
      await polled.stop()
      expect(clock.pendingTimers).toBe(0)
      expect([bus.pending, bus.connected]).toEqual([0, 0])
      expect(context.state).toBe('stopped')
    }
    const before = bus.reads.length
    polled.start()
    polled.start()
    await clock.advance(2_000)
    expect(bus.reads.length).toBeGreaterThan(before)
    expect(bus.connected).toBe(1)
  })

  it('stops while it waits for its next attempt', async () => {
    bus.refusals = Array.from({ length: 5 }, () => new PenstockError('CONNECTION_LOST', 'refused'))
    begin(source([device('pump', { tags: tags('a') })]))
    await clock.advance(1_000)
    await polled.stop()
    expect(clock.pendingTimers).toBe(0)
    expect(context.state).toBe('stopped')
  })
})
