import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import type { ModbusDeviceConfig, ModbusSourceConfig, Plant } from '../../../src/core/plant.ts'
import { changeBetween } from '../../../src/core/plant-change.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, source, tag } from '../../support/modbus-plant.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const double = (key: string, pollMs?: number) => tag(key, { type: 'Double', address: 'holding:0', pollMs })
const pump = (...keys: string[]) => device('pump', { tags: keys.map((key) => double(key)) })
const tank = device('tank', { unitId: 2, tags: [double('level')] })

describe('a polled source whose devices change while it runs', () => {
  let clock: ManualClock
  let bus: ScriptedBus
  let context: RecordingContext
  let polled: PolledSource<Block, ModbusDeviceConfig>
  let plant: Plant
  let indexing: TagIndexing

  const devicesOf = (config: ModbusSourceConfig) =>
    config.devices.map((each) => ({ device: each, tags: indexing.ofDevice(each.key) }))
  const begin = (...devices: ModbusDeviceConfig[]) => {
    const config = source(devices)
    plant = { sources: [config] }
    indexing = new TagIndexing(plant)
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: bus,
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
  }
  /** What the engine does: withdraws what changes, lets everything else follow, then the source. */
  const change = async (
    devices: readonly ModbusDeviceConfig[],
    between: () => Promise<void> = async () => undefined,
  ) => {
    const config = source(devices)
    const after = { sources: [config] }
    const difference = changeBetween(plant, after)
    const gone = [...difference.removedDevices, ...difference.devices.map((placed) => placed.device.key)]
    polled.live.withdraw(new Set(gone))
    await between()
    plant = after
    indexing.apply(difference, after)
    polled.live.follow(config, devicesOf(config))
  }
  const indexOf = (id: string) => indexing.byId(id)?.index ?? -1
  const lastOf = (id: string) => context.sink.last.get(indexOf(id))

  beforeEach(() => {
    clock = new ManualClock()
    bus = new ScriptedBus(clock)
    context = new RecordingContext(clock)
  })
  afterEach(() => polled.stop())

  it('reads a new tag at once, over the connection that there is, and the other devices in their rhythm', async () => {
    begin(pump('a'), tank)
    await clock.advance(10_300)
    const before = bus.timesOf('tank').length
    await change([pump('a', 'b'), tank])
    await clock.advance(100)
    expect(lastOf('pump/b')?.status).toBe('Good')
    await clock.advance(10_000)
    const times = bus.timesOf('tank').slice(1)
    expect(times.length).toBeGreaterThanOrEqual(before + 9)
    expect(new Set(times.map((at) => at % 1_000)).size).toBeLessThanOrEqual(2)
    expect(context.counted('connects')).toBe(1)
    expect(context.sink.losses).toEqual([])
    expect(context.states.filter(({ state }) => state !== 'connected')).toEqual([{ state: 'starting', reason: '' }])
  })

  it('reads a new device at once, even where nothing else is due for an hour', async () => {
    const hourly = device('tank', { unitId: 2, tags: [double('level', 3_600_000)] })
    begin(hourly)
    await clock.advance(20_000)
    await change([hourly, pump('a')])
    await clock.advance(100)
    expect(lastOf('pump/a')?.status).toBe('Good')
    expect(context.devices.get('pump')).toEqual({ state: 'online', reason: '' })
  })

  it('does not hear the answer that a device gives after it was withdrawn', async () => {
    bus.latencyMs = 100
    begin(pump('a'))
    await clock.advance(50)
    expect(bus.pending).toBe(1)
    await change([tank], () => clock.advance(1_000))
    await clock.advance(5_000)
    expect(context.sink.last.has(0)).toBe(false)
    expect(context.devices.get('pump')).toEqual({ state: 'unknown', reason: '' })
    expect(lastOf('tank/level')?.status).toBe('Good')
  })

  it('does not hold the silence of a device that was withdrawn against the one that takes its place', async () => {
    begin(pump('a'), tank)
    bus.mute.add('pump')
    await clock.advance(20_000)
    expect(context.states.at(-1)?.state).toBe('degraded')
    bus.mute.clear()
    await change([pump('a', 'b'), tank])
    await clock.advance(100)
    expect(context.devices.get('pump')).toEqual({ state: 'online', reason: '' })
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: '' })
  })

  it('is whole again when the device that did not answer is taken out of the plant', async () => {
    begin(pump('a'), tank)
    bus.mute.add('pump')
    await clock.advance(20_000)
    await change([tank])
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: '' })
    const asked = bus.timesOf('pump').length
    await clock.advance(120_000)
    expect(bus.timesOf('pump').length).toBe(asked)
  })

  it('reads nothing of a device that is disabled, and all of it when it is enabled again', async () => {
    begin(pump('a'), tank)
    await clock.advance(5_000)
    await change([{ ...pump('a'), disabled: true }, tank])
    const asked = bus.timesOf('pump').length
    await clock.advance(5_000)
    expect(bus.timesOf('pump').length).toBe(asked)
    expect(context.devices.get('pump')?.state).toBe('disabled')
    await change([pump('a'), tank])
    await clock.advance(5_000)
    expect(bus.timesOf('pump').length).toBeGreaterThan(asked + 4)
    expect(context.devices.get('pump')?.state).toBe('online')
  })

  it('gives new tags as lost while there is no connection, and reads them when it is back', async () => {
    begin(pump('a'))
    await clock.advance(60_000)
    bus.refusals = [1, 2, 3, 4, 5].map(() => new PenstockError('CONNECTION_LOST', 'refused'))
    bus.drop()
    await clock.advance(1_500)
    await change([pump('a'), tank])
    expect(lastOf('tank/level')).toEqual({ value: undefined, status: 'BadNoCommunication' })
    expect(context.devices.get('tank')).toEqual({ state: 'offline', reason: expect.stringContaining('No connection') })
    await clock.advance(30_000)
    expect(lastOf('tank/level')?.status).toBe('Good')
    expect(context.devices.get('tank')).toEqual({ state: 'online', reason: '' })
  })

  it('follows while it is stopped, and is what it shall be when it starts again', async () => {
    begin(pump('a'))
    await clock.advance(1_000)
    await polled.stop()
    await change([tank])
    await clock.advance(1_000)
    expect(clock.pendingTimers).toBe(0)
    polled.start()
    await clock.advance(1_000)
    expect(lastOf('tank/level')?.status).toBe('Good')
    expect(bus.reads.at(-1)?.device).toBe('tank')
  })
})
