import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ModbusDeviceConfig } from '../../../src/core/plant.ts'
import { PolledSource } from '../../../src/sources/poller.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { RecordingContext } from '../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../support/modbus-plant.ts'
import { type Block, ScriptedBus } from '../../support/scripted-bus.ts'

const MINUTE = 60_000
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `d${from + i}`)

/** Units that are read once a second, each answering in 20 ms. */
describe('a line with dead devices on it', () => {
  let clock: ManualClock
  let bus: ScriptedBus
  let context: RecordingContext
  let polled: PolledSource<Block, ModbusDeviceConfig>

  const begin = (units: number, fields: Partial<ModbusDeviceConfig> = {}) => {
    const tags = [tag('a', { type: 'Double', address: 'holding:0' })]
    const config = source(names(0, units).map((key, i) => device(key, { unitId: i + 1, tags, ...fields })))
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: bus,
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
  }
  const readsOf = (key: string, from: number, to: number) =>
    bus.timesOf(key).filter((at) => at >= from && at < to).length

  beforeEach(() => {
    clock = new ManualClock()
    bus = new ScriptedBus(clock)
    bus.latencyMs = 20
    context = new RecordingContext(clock)
  })
  afterEach(() => polled.stop())

  it.each([
    [10, 1, MINUTE / 4],
    [10, 5, MINUTE / 4],
    [30, 20, MINUTE / 2],
    [60, 40, MINUTE],
  ])('%i units, %i of them dead from the start: the others keep their period', async (units, dead, settled) => {
    for (const key of names(0, dead)) bus.mute.add(key)
    begin(units)
    await clock.advance(10 * MINUTE)
    const expected = (10 * MINUTE - settled) / 1_000
    for (const key of names(dead, units)) {
      expect(readsOf(key, settled, 10 * MINUTE), key).toBeGreaterThanOrEqual(expected / 1.05)
    }
  })

  it.each([1, 5])('%i of 10 units die while they are read: the others keep their period', async (dead) => {
    begin(10)
    await clock.advance(MINUTE)
    for (const key of names(0, dead)) bus.mute.add(key)
    await clock.advance(10 * MINUTE)
    for (const key of names(dead, 10)) {
      expect(readsOf(key, MINUTE, 11 * MINUTE), key).toBeGreaterThanOrEqual(600 / 1.05)
    }
    expect(context.states.at(-1)).toEqual({ state: 'degraded', reason: expect.stringContaining(`${dead} of 10`) })
  })

  it('asks every dead unit again and again, and reads those that come back without delay', async () => {
    for (const key of names(0, 40)) bus.mute.add(key)
    begin(60)
    await clock.advance(10 * MINUTE)
    for (const key of names(0, 40)) expect(readsOf(key, 5 * MINUTE, 10 * MINUTE), key).toBeGreaterThanOrEqual(1)
    bus.mute.clear()
    await clock.advance(1.5 * MINUTE)
    for (const key of names(0, 60)) expect(context.devices.get(key)?.state, key).toBe('online')
    expect(context.states.at(-1)).toEqual({ state: 'connected', reason: expect.stringMatching(/^Poll load 120 %/) })
  })

  it('after a night in which no unit had power, reads all that are back within two minutes of the first', async () => {
    begin(10)
    await clock.advance(MINUTE)
    for (const key of names(0, 10)) bus.mute.add(key)
    await clock.advance(120 * MINUTE)
    for (const key of names(0, 8)) bus.mute.delete(key)
    await clock.advance(2 * MINUTE)
    const states = names(0, 10).map((key) => context.devices.get(key)?.state)
    expect(states).toEqual([...Array(8).fill('online'), 'offline', 'offline'])
  })

  it('finds a unit that is far slower than the others and was dead at first', async () => {
    bus.mute.add('d0')
    begin(10)
    await clock.advance(MINUTE)
    bus.latencyOf.set('d0', 700)
    bus.mute.clear()
    await clock.advance(10 * MINUTE)
    expect(context.devices.get('d0')?.state).toBe('online')
  })

  it('asks a device that missed one request again with its next cycle', async () => {
    begin(10)
    await clock.advance(MINUTE)
    bus.mute.add('d3')
    await clock.advance(1_500)
    bus.mute.clear()
    await clock.advance(2_500)
    expect(context.sink.last.get(3)?.status).toBe('Good')
    expect(context.devices.get('d3')?.state).toBe('online')
  })

  it('still asks a dead unit now and then where the others leave the line no rest', async () => {
    bus.latencyMs = 150
    bus.mute.add('d0')
    begin(10)
    await clock.advance(10 * MINUTE)
    expect(readsOf('d0', 5 * MINUTE, 10 * MINUTE)).toBeGreaterThanOrEqual(3)
    bus.mute.clear()
    await clock.advance(2 * MINUTE)
    expect(context.devices.get('d0')?.state).toBe('online')
  })

  it('behind a gateway that waits long for a dead unit: the others are not taken for dead with it', async () => {
    bus.gatewayTimeoutMs = 1_500
    begin(10)
    await clock.advance(MINUTE)
    bus.mute.add('d0')
    await clock.advance(10 * MINUTE)
    const lost = context.sink.losses.flat().filter((index) => index !== 0)
    expect(lost.length).toBeLessThanOrEqual(1)
    for (const key of names(1, 10)) expect(context.devices.get(key)?.state, key).toBe('online')
  })

  it('comes back whole from whatever happened to it', async () => {
    const unit = fc.record({
      blocks: fc.array(fc.constantFrom(500, 1_000, 10_000, 3_600_000), { minLength: 1, maxLength: 4 }),
      latency: fc.constantFrom(5, 20, 300),
    })
    const fault = fc.record({
      after: fc.integer({ min: 0, max: 40_000 }),
      what: fc.oneof(
        fc.constantFrom('drop', 'heal'),
        fc.record({ unit: fc.nat(5), block: fc.option(fc.nat(3), { nil: undefined }) }),
      ),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(unit, { minLength: 1, maxLength: 6 }),
        fc.array(fault, { maxLength: 8 }),
        fc.constantFrom(1, 1, 2, 4, 16),
        async (units, faults, window) => {
          clock = new ManualClock()
          bus = new ScriptedBus(clock)
          bus.window = window
          context = new RecordingContext(clock)
          const config = source(
            units.map(({ blocks }, i) => {
              const tags = blocks.map((pollMs, k) =>
                tag(`d${i}-${k}`, { type: 'Double', address: 'holding:0', pollMs }),
              )
              return device(`d${i}`, { unitId: i + 1, tags })
            }),
            { window },
          )
          for (const [i, { latency }] of units.entries()) bus.latencyOf.set(`d${i}`, latency)
          polled = new PolledSource({
            config,
            devices: devicesOf(config),
            driver: bus,
            pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
            context,
          })
          polled.start()
          for (const { after, what } of faults) {
            await clock.advance(after)
            if (what === 'drop') bus.drop()
            else if (what === 'heal') bus.mute.clear()
            else bus.mute.add(what.block === undefined ? `d${what.unit}` : `d${what.unit}-${what.block}`)
          }
          bus.mute.clear()
          await clock.advance(4 * MINUTE)
          const tagCount = units.reduce((sum, { blocks }) => sum + blocks.length, 0)
          const statuses = Array.from({ length: tagCount }, (_, index) => context.sink.last.get(index)?.status)
          expect(new Set(statuses)).toEqual(new Set(['Good']))
          expect(context.states.at(-1)).toEqual({
            state: 'connected',
            reason: expect.stringMatching(/^(Poll load .*)?$/),
          })
          for (const key of names(0, units.length)) {
            expect(context.devices.get(key)).toEqual({ state: 'online', reason: '' })
          }
          await polled.stop()
          expect(clock.pendingTimers).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })
})
