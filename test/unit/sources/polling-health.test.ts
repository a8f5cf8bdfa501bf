import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ModbusDeviceConfig } from '../../../src/core/plant.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { AD_HOC } from '../../../src/core/tag-index.ts'
import type { FieldSession, ReadBlock } from '../../../src/sources/driver.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../support/modbus-plant.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const MINUTE = 60_000
const tags = (...keys: string[]) => keys.map((key) => tag(key, { type: 'Double', address: 'holding:0' }))

let clock: ManualClock
let bus: ScriptedBus
let context: RecordingContext
let polled: PolledSource<Block, ModbusDeviceConfig>

const begin = (...devices: ModbusDeviceConfig[]) => {
  const config = source(devices)
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

describe('the health of a polled line', () => {
  it('tells how much of its time polling takes, how late cycles begin and how long answers take', async () => {
    bus.latencyMs = 50
    begin(device('meter', { tags: tags('a', 'b') }), device('pump', { unitId: 2, tags: tags('c'), pollMs: 500 }))
    expect(polled.polling()).toMatchObject({ load: 0, latenessP50Ms: null, roundTripP99Ms: null })
    await clock.advance(MINUTE)
    const health = polled.polling()
    expect(health?.load).toBeCloseTo(0.2)
    expect(health?.roundTripP50Ms).toBe(50)
    expect(health?.latenessP50Ms).toBeLessThanOrEqual(50)
    await polled.stop()
    expect(polled.polling()).toBeUndefined()
  })

  it('tells operators of a line that has to read more than it can, and when that has passed', async () => {
    bus.latencyMs = 450
    begin(device('meter', { tags: tags('a', 'b') }))
    await clock.advance(MINUTE)
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: expect.stringMatching(/^Poll load 90 %/) })
    expect(polled.polling()?.load).toBeGreaterThan(0.8)
    bus.latencyMs = 10
    await clock.advance(2 * MINUTE)
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: '' })
  })

  it('does not complain of one slow answer', async () => {
    bus.latencyMs = 900
    begin(device('meter', { tags: tags('a') }))
    await clock.advance(5_000)
    bus.latencyMs = 10
    await clock.advance(2 * MINUTE)
    expect(context.states.filter(({ reason }) => reason !== '')).toEqual([])
  })

  it('shows how the breaker of each device stands and when a dead one is asked next', async () => {
    begin(device('pump', { tags: tags('a') }), device('tank', { unitId: 2, tags: tags('b') }))
    await clock.advance(3_000)
    expect(polled.polling()?.breakers).toEqual({
      pump: { state: 'closed', failures: 0, nextProbeAt: null },
      tank: { state: 'closed', failures: 0, nextProbeAt: null },
    })
    bus.mute.add('pump')
    await clock.advance(2_100)
    expect(polled.polling()?.breakers.pump).toMatchObject({ state: 'doubted' })
    await clock.advance(5 * MINUTE)
    const { pump, tank } = polled.polling()?.breakers ?? {}
    expect(tank?.state).toBe('closed')
    expect(pump?.failures).toBeGreaterThanOrEqual(3)
    expect(pump?.nextProbeAt).toBeGreaterThanOrEqual(clock.now())
    const seen = new Set<string | undefined>()
    for (let second = 0; second < 120; second++) {
      await clock.advance(100)
      seen.add(polled.polling()?.breakers.pump?.state)
      await clock.advance(900)
    }
    expect(seen).toContain('open')
    bus.mute.clear()
    await clock.advance(2 * MINUTE)
    expect(polled.polling()?.breakers.pump).toEqual({ state: 'closed', failures: 0, nextProbeAt: null })
  })
})

describe('an ad-hoc request', () => {
  /** When its turn came. */
  const readA = async (_session: FieldSession<ReadBlock>) => clock.monotonic()

  it('goes as soon as the request under way is answered, before all polls that are due', async () => {
    bus.latencyMs = 100
    begin(device('pump', { tags: tags('a', 'b', 'c', 'd', 'e', 'f') }))
    await clock.advance(50)
    const done = polled.lane.run('pump', readA)
    await clock.advance(60)
    await expect(done).resolves.toBe(100)
    expect(bus.pending).toBeLessThanOrEqual(1)
  })

  it('does not wait for the next cycle where nothing is due', async () => {
    begin(device('pump', { tags: tags('a'), pollMs: MINUTE }))
    await clock.advance(1_000)
    const done = polled.lane.run('pump', readA)
    await clock.advance(0)
    await expect(done).resolves.toBe(1_000)
  })

  it('leaves polling its turns, however many come', async () => {
    begin(device('pump', { tags: tags('a', 'b', 'c'), pollMs: 100 }))
    await clock.advance(10)
    const wait = () => new Promise<void>((resolve) => void clock.after(10, resolve))
    const jobs = Array.from({ length: 20 }, () => polled.lane.run('pump', wait))
    await clock.advance(400)
    await Promise.all(jobs)
    expect(bus.reads.length).toBeGreaterThanOrEqual(9)
  })

  it('fails as the device fails it, without harm to polling', async () => {
    begin(device('pump', { tags: tags('a') }))
    await clock.advance(10)
    const done = Promise.allSettled([polled.lane.run('pump', () => Promise.reject(new Error('refused')))])
    await clock.advance(5_000)
    expect(await done).toEqual([{ status: 'rejected', reason: new Error('refused') }])
    expect(context.state).toBe('connected')
    expect(bus.reads.length).toBeGreaterThanOrEqual(5)
  })

  it('is refused for a device that is not read, and while there is no connection', async () => {
    begin(device('pump', { tags: tags('a') }), device('off', { unitId: 2, disabled: true }))
    await expect(polled.lane.run('pump', readA)).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    await clock.advance(10)
    await expect(polled.lane.run('off', readA)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  })

  it('ends when the connection breaks or the source stops before its turn', async () => {
    bus.latencyMs = 500
    begin(device('pump', { tags: tags('a', 'b') }))
    await clock.advance(10)
    const endOf = (job: Promise<unknown>) => job.catch((error: unknown) => error)
    const broken = endOf(polled.lane.run('pump', readA))
    bus.drop()
    await clock.advance(5_000)
    expect(await broken).toMatchObject({ code: 'CONNECTION_LOST' })
    const stopped = endOf(polled.lane.run('pump', readA))
    await polled.stop()
    expect(await stopped).toMatchObject({ code: 'STOPPED' })
  })
})

describe('an address that is read once', () => {
  const wanted = (of: ModbusDeviceConfig) => {
    const read = tag('read-once', { type: 'Double', address: 'holding:9' })
    const [only] = devicesOf(source([{ ...of, tags: [read] }]))
    return { device: of, tags: (only?.tags ?? []).map((each) => ({ ...each, index: AD_HOC })) }
  }

  it('is told to who asked and to nobody else, also where the device has no tags yet', async () => {
    bus.valueOf = () => 21.5
    const [pump, bare] = [device('pump', { tags: tags('a') }), device('bare', { unitId: 2 })]
    begin(pump, bare)
    await clock.advance(10)
    for (const each of [pump, bare]) {
      const done = polled.lane.read(wanted(each))
      await clock.advance(20)
      expect(await done).toEqual({ value: 21.5, status: StatusCode.Good, took: 10 })
    }
    expect(context.sink.last.has(AD_HOC)).toBe(false)
  })

  it('that the device does not answer harms no polling', async () => {
    const pump = device('pump', { tags: tags('a') })
    begin(pump)
    await clock.advance(10)
    bus.mute.add('read-once')
    const done = Promise.allSettled([polled.lane.read(wanted(pump))])
    await clock.advance(5_000)
    expect(await done).toEqual([{ status: 'rejected', reason: expect.objectContaining({ code: 'TIMEOUT' }) }])
    expect(polled.polling()?.breakers.pump).toEqual({ state: 'closed', failures: 0, nextProbeAt: null })
  })
})

describe('a device with an adaptive period', () => {
  it('is read ever more rarely while nothing changes, and as configured from the first change on', async () => {
    let value = 1
    bus.valueOf = () => value
    begin(device('tank', { tags: tags('a'), adaptive: { slowestMs: 8_000 } }))
    await clock.advance(20_000)
    expect(context.sink.expected.get(0)).toBeGreaterThan(5_000)
    await clock.advance(5 * MINUTE)
    const before = bus.reads.length
    await clock.advance(80_000)
    expect(bus.reads.length - before).toBe(10)
    expect(context.sink.expected.get(0)).toBe(24_000)
    value = 2
    const asked = bus.reads.length
    while (bus.reads.length === asked) await clock.advance(100)
    expect(context.sink.expected.get(0)).toBe(5_000)
    const changed = bus.reads.length
    await clock.advance(5_000)
    expect(bus.reads.length - changed).toBeGreaterThanOrEqual(4)
    expect(context.counted('skippedCycles')).toBe(0)
  })

  it('keeps its period while a value changes, and without the setting', async () => {
    begin(
      device('tank', { tags: tags('a'), adaptive: { slowestMs: 60_000 } }),
      device('pump', { unitId: 2, tags: tags('b') }),
    )
    await clock.advance(2 * MINUTE)
    for (const key of ['tank', 'pump']) expect(bus.timesOf(key).length, key).toBeGreaterThanOrEqual(119)
  })
})
