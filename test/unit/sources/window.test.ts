import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import type { ModbusDeviceConfig } from '../../../src/core/plant.ts'
import { GatedSink } from '../../../src/sources/gated-sink.ts'
import { PolledDevice } from '../../../src/sources/polled-device.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import type { Delivery } from '../../../src/sources/source.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../support/modbus-plant.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const MINUTE = 60_000
const TIMEOUT = 1_000

/** Each tag is a request of its own, which the device answers after 100 ms, however many others are under way. */
describe('a line that bears several requests at once', () => {
  let clock: ManualClock
  let bus: ScriptedBus
  let context: RecordingContext
  let polled: PolledSource<Block, ModbusDeviceConfig>

  const begin = (units: number, tagsEach: number, window: number) => {
    bus.window = window
    const devices = Array.from({ length: units }, (_, unit) =>
      device(`d${unit}`, {
        unitId: unit + 1,
        tags: Array.from({ length: tagsEach }, (_, n) =>
          tag(`d${unit}-${n}`, { type: 'Double', address: 'holding:0', access: 'readWrite' }),
        ),
      }),
    )
    const config = source(devices, { window })
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: bus,
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
  }
  const write = (of: string, key: string, value: number): Promise<Delivery> =>
    polled.outlet.send(
      { id: 1, device: of, order: { kind: 'write', tag: key, value }, deadline: clock.now() + MINUTE },
      new AbortController().signal,
    )

  beforeEach(() => {
    clock = new ManualClock()
    bus = new ScriptedBus(clock)
    bus.latencyMs = 100
    context = new RecordingContext(clock)
  })
  afterEach(() => polled.stop())

  it.each([
    [1, 1, 1_000],
    [4, 4, 300],
    [16, 10, 100],
  ])(
    'with a window of %i has %i requests of a device with ten under way, and is done after %i ms',
    async (window, most, ms) => {
      begin(1, 10, window)
      await clock.advance(ms - 1)
      expect(context.sink.last.size).toBeLessThan(10)
      await clock.advance(1)
      expect(context.sink.last.size).toBe(10)
      expect(bus.mostPending).toBe(most)
    },
  )

  it('reads more in a period than one request after another could, and leaves nothing out', async () => {
    begin(1, 20, 4)
    await clock.advance(10_000)
    bus.reads.length = 0
    const skipped = context.counted('skippedCycles')
    await clock.advance(60_000)
    expect(bus.reads).toHaveLength(20 * 60)
    expect(context.counted('skippedCycles')).toBe(skipped)
    expect(polled.polling()?.load).toBeCloseTo(0.5, 1)
  })

  it('never asks for the same twice at once, and leaves out a cycle whose requests are still under way', async () => {
    bus.latencyMs = 950
    begin(1, 4, 2)
    await clock.advance(MINUTE)
    const last = new Map<string, number>()
    for (const { at, tags } of bus.reads) {
      const [key = ''] = tags
      expect(at - (last.get(key) ?? Number.NEGATIVE_INFINITY)).toBeGreaterThanOrEqual(950)
      last.set(key, at)
    }
    expect(context.counted('skippedCycles')).toBeGreaterThan(20)
    expect(bus.mostPending).toBe(2)
  })

  it('takes requests that were missed together for one miss of the device', async () => {
    begin(2, 6, 6)
    await clock.advance(2_000)
    bus.mute.add('d0')
    await clock.advance(TIMEOUT + 500)
    bus.mute.clear()
    await clock.advance(5_000)
    expect([...context.devices.values()].map(({ state }) => state)).toEqual(['online', 'online'])
    expect(new Set([...context.sink.last.values()].map(({ status }) => status))).toEqual(new Set(['Good']))
    expect(context.states.some(({ state }) => state === 'degraded')).toBe(false)
  })

  it('has one probe of a dead device under way at a time, and reads the others in their period', async () => {
    for (let unit = 0; unit < 8; unit++) bus.mute.add(`d${unit}`)
    begin(12, 2, 4)
    await clock.advance(5 * MINUTE)
    for (let unit = 8; unit < 12; unit++) {
      const read = bus.timesOf(`d${unit}`).filter((at) => at >= MINUTE)
      expect(read.length, `d${unit}`).toBeGreaterThanOrEqual((2 * 4 * 60) / 1.05)
    }
    bus.mute.clear()
    await clock.advance(2 * MINUTE)
    expect(new Set([...context.devices.values()].map(({ state }) => state))).toEqual(new Set(['online']))
  })

  it('writes when nothing is under way, and asks for nothing else until it was read back', async () => {
    begin(3, 6, 8)
    await clock.advance(5_000)
    bus.reads.length = 0
    let pendingAtWrite = -1
    const held = bus.held.set.bind(bus.held)
    bus.held.set = (key, value) => {
      pendingAtWrite = bus.pending
      return held(key, value)
    }
    await clock.advance(950)
    const sending = write('d0', 'd0-3', 77)
    await clock.advance(1_000)
    expect(await sending).toEqual({ state: 'confirmed', reason: '' })
    expect(pendingAtWrite).toBe(0)
    const [written] = bus.writes
    const after = bus.reads.filter(({ at }) => at > written!.at)
    // Its answer after 100 ms, then the value itself, alone, for another 100 ms.
    expect(after[0]).toEqual({ at: written!.at + 100, device: 'd0', tags: ['d0-3'] })
    expect(after[1]!.at).toBeGreaterThanOrEqual(written!.at + 200)
    const polls = context.sink.polls.get(3) ?? []
    expect(polls).toContain(77)
    expect(polls.slice(polls.indexOf(77))).toEqual(polls.slice(polls.indexOf(77)).map(() => 77))
  })

  it('loses every tag at once when the connection breaks with a full window, and reads all again', async () => {
    begin(2, 8, 8)
    await clock.advance(5_000)
    bus.latencyMs = 400
    await clock.advance(1_200)
    expect(bus.pending).toBe(8)
    bus.drop()
    await clock.advance(0)
    expect(bus.pending).toBe(0)
    expect(context.sink.losses.at(-1)).toHaveLength(16)
    await clock.advance(3_000)
    expect(new Set([...context.sink.last.values()].map(({ status }) => status))).toEqual(new Set(['Good']))
    expect(context.counted('connects')).toBe(2)
  })

  it('follows a change of devices while requests of them are under way', async () => {
    begin(2, 4, 8)
    await clock.advance(1_950)
    polled.live.withdraw(new Set(['d0']))
    const polls = context.sink.polls.get(0)?.length
    await clock.advance(3_000)
    expect(context.sink.polls.get(0)?.length).toBe(polls)
    expect(bus.timesOf('d1').length).toBeGreaterThan(4 * 3)
    bus.drop()
    await clock.advance(3_000)
    expect(bus.timesOf('d1').at(-1)).toBeGreaterThan(6_000)
  })

  it('ends at once with a full window', async () => {
    begin(1, 8, 8)
    await clock.advance(50)
    expect(bus.pending).toBe(8)
    await polled.stop()
    expect([bus.pending, clock.pendingTimers]).toEqual([0, 0])
  })

  it('is connected anew where nobody answers any more, with nothing left behind', async () => {
    begin(2, 4, 4)
    await clock.advance(MINUTE)
    bus.mute.add('d0').add('d1')
    await clock.advance(5 * MINUTE)
    expect(context.counted('connects')).toBeGreaterThan(1)
    bus.mute.clear()
    await clock.advance(2 * MINUTE)
    expect(new Set([...context.sink.last.values()].map(({ status }) => status))).toEqual(new Set(['Good']))
    bus.refusals.push(new PenstockError('CONNECTION_LOST', 'refused'))
    bus.drop()
    await clock.advance(MINUTE)
    expect(context.state).toBe('connected')
  })

  it('has no two requests for the same tag under way, of which the older might be answered last', () => {
    const { device: config, tags } = devicesOf(
      source([
        device('d', {
          tags: [
            tag('fast', { type: 'Double', address: 'holding:0', pollMs: 100 }),
            tag('slow', { type: 'Double', address: 'holding:1' }),
          ],
        }),
      ]),
    )[0]!
    const [fast, slow] = [tags[0]!, tags[1]!]
    const both = { device: 'd', tags: [fast, slow], riders: [slow] }
    const alone = { device: 'd', tags: [slow] }
    const polledDevice = new PolledDevice<Block>({
      config,
      plans: [
        { period: 100, tags: [fast], blocks: [both] },
        { period: 1_000, tags: [slow], blocks: [alone] },
      ],
      sink: new GatedSink(context.sink, 'nothing'),
      random: () => 0.5,
    })
    polledDevice.reconnected(0)
    const first = polledDevice.next(0, true)!
    expect(first.block).toBe(both)
    polledDevice.sent(first)
    expect(polledDevice.next(1, true)).toBeUndefined()
    polledDevice.answered(first, { kind: 'read' }, 20)
    expect(polledDevice.next(20, true)).toBeUndefined()
    polledDevice.takeDue(150)
    const again = polledDevice.next(150, true)!
    polledDevice.sent(again)
    polledDevice.missed(again, 1_150, 150)
    polledDevice.takeDue(2_500)
    expect(polledDevice.next(2_500, true)?.block).toBe(alone)
  })
})
