import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { ModbusDeviceConfig, TagConfig } from '../../../../src/core/plant.ts'
import { planGroups } from '../../../../src/sources/modbus/read-plan.ts'
import { ModbusSession } from '../../../../src/sources/modbus/session.ts'
import { PolledSource } from '../../../../src/sources/poller.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { RecordingContext } from '../../../support/modbus-context.ts'
import { device, devicesOf, source, tag } from '../../../support/modbus-plant.ts'
import { Registers } from '../../../support/modbus-registers.ts'
import { noWrites } from '../../../support/no-writes.ts'

const MINUTE = 60_000
const register = (address: number, pollMs?: number) =>
  tag(`r${address}`, { type: 'UInt16', address: `holding:${address}`, ...(pollMs && { pollMs }) })

describe('a tag of a slower group of a device', () => {
  let clock: ManualClock
  let context: RecordingContext
  let polled: PolledSource<ReturnType<typeof planGroups>[number][number], ModbusDeviceConfig>
  let plc: Registers
  let asked: { readonly at: number; readonly start: number; readonly count: number }[]
  let keys: string[]
  /** Requests of this many registers are not answered. */
  let mute: number
  /** Added to every register from `noisyFrom` on. */
  let noise: number
  let noisyFrom: number
  let end: (cause: PenstockError) => void

  const begin = async (tags: readonly TagConfig[], fields: Partial<ModbusDeviceConfig> = {}) => {
    const config = source([device('plc', { pollMs: 1_000, ...fields, tags })])
    keys = tags.map(({ key }) => key)
    const read: Registers['read'] = async (unitId, area, start, count) => {
      asked.push({ at: clock.monotonic(), start, count })
      if (count === mute) {
        await new Promise<void>((done) => void clock.after(1_000, done))
        throw new PenstockError('TIMEOUT', 'No answer within 1000 ms')
      }
      const data = await plc.read(unitId, area, start, count)
      for (let n = Math.max(0, noisyFrom - start); n < count; n++) data.writeUInt16BE(start + n + noise, 2 * n)
      return data
    }
    polled = new PolledSource({
      config,
      devices: devicesOf(config),
      driver: {
        ...noWrites,
        plan: planGroups,
        connect: async () => {
          const { promise, resolve } = Promise.withResolvers<PenstockError>()
          end = resolve
          const close = async () => resolve(new PenstockError('STOPPED', 'closed'))
          return new ModbusSession({ ended: promise, ...noWrites, close, read }, context.report)
        },
      },
      pollMsOf: (of, each) => each.tag.pollMs ?? of.pollMs,
      context,
    })
    polled.start()
    await clock.advance(2_000)
  }
  const spansIn = async (time: number) => {
    const before = asked.length
    await clock.advance(time)
    return asked.slice(before).map(({ start, count }) => `${start}+${count}`)
  }
  const times = (spans: readonly string[]) =>
    Object.fromEntries([...Map.groupBy(spans, (span) => span)].map(([span, same]) => [span, same.length]))
  const seen = (key: string) => {
    const last = context.sink.last.get(keys.indexOf(key))
    return last?.status === 'Good' ? last.value : last?.status
  }

  const renew = () => {
    clock = new ManualClock()
    context = new RecordingContext(clock)
    plc = new Registers()
    asked = []
    mute = 0
    noise = 0
    noisyFrom = 65_536
  }
  beforeEach(renew)
  afterEach(() => polled.stop())

  it('that lies in what a faster one reads comes along with each read, and is not read a second time', async () => {
    await begin([register(0), register(20), register(10, 10_000), register(11, MINUTE)])
    expect(times(await spansIn(MINUTE))).toEqual({ '0+21': 60 })
    expect(context.sink.polls.get(2)?.length).toBeGreaterThanOrEqual(60)
    expect([...context.sink.expected.values()]).toEqual([5_000, 5_000, 30_000, 180_000])
    expect(context.counted('skippedCycles')).toBe(0)
  })

  it('is read once, not twice, over a new connection too', async () => {
    await begin([register(0), register(10, 10_000), register(12)])
    asked.length = 0
    end(new PenstockError('CONNECTION_LOST', 'reset'))
    expect(times(await spansIn(2_000))).toEqual({ '0+13': expect.any(Number) })
    expect(seen('r10')).toBe(10)
  })

  it('beside it comes along where a longer read costs less than one of its own', async () => {
    await begin([register(0), register(5, 5_000)])
    expect(times(await spansIn(MINUTE))).toEqual({ '0+6': 60 })
  })

  it('is read by itself where it would make the faster reads too long for that', async () => {
    await begin([register(0), register(50, MINUTE)])
    expect(times(await spansIn(MINUTE))).toEqual({ '0+1': 60, '50+1': 1 })
  })

  it.each([
    ['oneTagPerRequest', { oneTagPerRequest: true }],
    ['forbidden', { forbidden: ['holding:3'] }],
    ['maxGap', { maxGap: 3 }],
    ['maxRegisters', { maxRegisters: 5 }],
  ])('is read by itself where %s says so', async (_, fields) => {
    await begin([register(0), register(5, 10_000)], fields)
    await clock.advance(20_000)
    expect(times(await spansIn(MINUTE))).toEqual({ '0+1': 60, '5+1': 6 })
  })

  it('is read by itself where the device refuses the shared request, and again with it once that is tried', async () => {
    for (const address of [2, 3]) plc.missing.add(address)
    await begin([register(0), register(5, 5_000)])
    expect(times(await spansIn(MINUTE))).toEqual({ '0+1': 60, '5+1': 12 })
    expect([seen('r0'), seen('r5')]).toEqual([0, 5])
    plc.missing.clear()
    await clock.advance(60 * MINUTE)
    expect(times(await spansIn(MINUTE))).toEqual({ '0+6': 60 })
  })

  it('is alone in being refused where it is what does not exist', async () => {
    plc.missing.add(5)
    await begin([register(0), register(5, 5_000)])
    expect(new Set(await spansIn(MINUTE))).toContain('0+1')
    expect([seen('r0'), seen('r5')]).toEqual([0, 'BadConfigurationError'])
    plc.missing.clear()
    await clock.advance(3 * MINUTE)
    expect(seen('r5')).toBe(5)
  })

  it('is read by itself, and stays believable, while the shared request is not answered', async () => {
    await begin([register(0), register(5, 5_000)])
    mute = 6
    await clock.advance(20_000)
    context.sink.losses.length = 0
    const spans = times(await spansIn(MINUTE))
    expect(spans['5+1']).toBeGreaterThanOrEqual(11)
    expect(context.sink.losses.flat()).not.toContain(1)
    expect(seen('r5')).toBe(5)
    expect(context.devices.get('plc')).toEqual({ state: 'online', reason: 'It does not answer for holding:0' })
  })

  it('is told the truth about within its period, whatever the device refuses', async () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 25 })
    const periods = fc.array(fc.constantFrom(1_000, 5_000, 10_000), { minLength: 25, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(some, periods, fc.subarray(Array.from({ length: 91 }, (_, n) => n)), async (at, each, gone) => {
        renew()
        for (const address of gone) plc.missing.add(address)
        await begin(at.map((address, n) => register(address, each[n])))
        await clock.advance(15_000)
        const truth = at.map((address) => (gone.includes(address) ? 'BadConfigurationError' : address))
        expect(at.map((address) => seen(`r${address}`))).toEqual(truth)
        const before = at.map((_, n) => context.sink.polls.get(n)?.length ?? 0)
        await clock.advance(MINUTE)
        for (const [n, address] of at.entries()) {
          if (gone.includes(address)) continue
          const times = (context.sink.polls.get(n)?.length ?? 0) - (before[n] ?? 0)
          expect(times, `r${address}`).toBeGreaterThanOrEqual(MINUTE / (each[n] ?? 0) - 1)
        }
        plc.missing.clear()
        await clock.advance(3 * MINUTE)
        expect(at.map((address) => seen(`r${address}`))).toEqual(at)
        await polled.stop()
      }),
      { numRuns: 60 },
    )
  })

  it('keeps its own period when the faster group is read ever more rarely, and does not keep that from it', async () => {
    noisyFrom = 5
    await begin([register(0), register(5, 10_000)], { adaptive: { slowestMs: MINUTE } })
    const polledAt: number[] = []
    let known = 0
    for (let at = 0; at < 10 * MINUTE; at += 100) {
      noise++
      await clock.advance(100)
      const now = context.sink.polls.get(1)?.length ?? 0
      if (now > known) polledAt.push(at)
      known = now
    }
    const gaps = polledAt.slice(1).map((at, n) => at - (polledAt[n] as number))
    expect(Math.max(...gaps)).toBeLessThanOrEqual(10_200)
    expect((await spansIn(MINUTE)).length).toBeLessThanOrEqual(8)
  })
})
