import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type WindowConfig, windowAggregates, windowFunctions } from '../../../../src/core/aggregate-windows.ts'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { aTag } from '../../../support/small-plant.ts'
import { meterPlant, WindowRig } from '../../../support/window-rig.ts'

const NOON = Date.UTC(2026, 6, 1, 12)
const MINUTE = 60_000
const minutes: WindowConfig = { windowMs: MINUTE, functions: windowFunctions, history: 'every' }
const aMeter = (settings: Partial<TagConfig> = {}) =>
  meterPlant([aTag('flow', { aggregates: [minutes], history: 'every', ...settings })])

const rigAt = (time: number, plant = aMeter(), written = new Map()) =>
  new WindowRig(plant, { clock: new ManualClock(time), written })

/** Reads these values, one each second. */
async function poll(rig: WindowRig, values: readonly number[]): Promise<void> {
  for (const value of values) {
    rig.pipeline.polled(rig.index('flow'), value)
    await rig.clock.advance(1_000)
  }
}

describe('a window of a tag', () => {
  it('is told when it ends, with the time at which it began, as minimum, maximum, average and count', async () => {
    const rig = rigAt(NOON)
    await poll(rig, [4, 1, 1, 10])
    expect(rig.shown('flow-1m-count')).toEqual([null, 'BadWaitingForInitialData', Number.NaN])
    await rig.clock.advance(56_000)

    expect(rig.shown('flow-1m-min')).toEqual([1, 'Good', NOON])
    expect(rig.shown('flow-1m-max')).toEqual([10, 'Good', NOON])
    expect(rig.shown('flow-1m-average')).toEqual([4, 'Good', NOON])
    expect(rig.shown('flow-1m-count')).toEqual([4, 'Good', NOON])
  })

  it('counts every reading, whatever of them history keeps', async () => {
    const rig = rigAt(NOON, aMeter({ history: 'change' }))
    await poll(rig, [4, 4, 4, 8])
    await rig.clock.advance(MINUTE)
    expect(rig.history('flow')).toHaveLength(2)
    expect(rig.history('flow-1m-average')[0]).toMatchObject({ value: 5, status: StatusCode.Good })
  })

  it('has no count either, where nothing was said in it; and of several such the first is kept', async () => {
    const rig = rigAt(NOON)
    await poll(rig, [4])
    await rig.clock.advance(4 * MINUTE)
    expect(rig.shown('flow-1m-count')).toEqual([null, 'BadNoData', NOON + MINUTE])
    await poll(rig, [5])
    await rig.clock.advance(2 * MINUTE)

    const kept = rig.history('flow-1m-count').map(({ value, sourceTime }) => [value, (sourceTime - NOON) / MINUTE])
    expect(kept).toEqual([
      [1, 0],
      [null, 1],
      [1, 4],
      [null, 5],
    ])
  })

  it('is Uncertain where a part of its values is Bad, and Bad where all are', async () => {
    const rig = rigAt(NOON)
    await poll(rig, [4])
    rig.pipeline.failed(rig.index('flow'), StatusCode.BadDeviceFailure)
    await rig.clock.advance(MINUTE)
    expect(rig.shown('flow-1m-average')).toEqual([4, 'UncertainDataSubNormal', NOON])
    rig.pipeline.failed(rig.index('flow'), StatusCode.BadDeviceFailure)
    await rig.clock.advance(MINUTE)
    expect(rig.shown('flow-1m-average')).toEqual([null, 'BadNoData', NOON + MINUTE])
  })

  it('hears of a device that is lost, and has no values while it stays so', async () => {
    const rig = rigAt(NOON)
    await poll(rig, [4])
    rig.pipeline.lost([rig.index('flow')])
    await rig.clock.advance(MINUTE)
    expect(rig.shown('flow-1m-max')).toEqual([4, 'UncertainDataSubNormal', NOON])
    await rig.clock.advance(MINUTE)
    expect(rig.shown('flow-1m-max')).toEqual([null, 'BadNoData', NOON + MINUTE])
  })

  it('is Uncertain where the gateway ran for a part of it only', async () => {
    const rig = rigAt(NOON + 30_000, aMeter({ history: 'off' }))
    await poll(rig, [4])
    await rig.clock.advance(30_000)
    expect(rig.shown('flow-1m-count')).toEqual([1, 'UncertainDataSubNormal', NOON])
    await poll(rig, [4])
    await rig.clock.advance(MINUTE)
    expect(rig.shown('flow-1m-count')).toEqual([1, 'Good', NOON + MINUTE])
  })
})

describe('what is said late', () => {
  const sensor = (settings: Partial<TagConfig> = {}) =>
    meterPlant([aTag('flow', { aggregates: [minutes], history: 'every', ...settings })], 'chirpstack')

  it('corrects the window that it falls in, and ends it where the one after is empty', async () => {
    const rig = rigAt(NOON, sensor())
    await rig.clock.advance(10 * MINUTE)
    rig.pipeline.event(rig.index('flow'), 7, NOON + 3 * MINUTE + 1)
    rig.pipeline.event(rig.index('flow'), 9, NOON + 3 * MINUTE + 2)
    await rig.clock.advance(2_000)

    const [at3, at4] = rig.history('flow-1m-average').slice(-2)
    expect(at3).toMatchObject({ sourceTime: NOON + 3 * MINUTE, value: 8, status: StatusCode.Good })
    expect(at4).toMatchObject({ sourceTime: NOON + 4 * MINUTE, value: null, status: StatusCode.BadNoData })
  })

  it('does not move the last value of the window back', async () => {
    const rig = rigAt(NOON, sensor())
    await rig.clock.advance(5 * MINUTE)
    rig.pipeline.event(rig.index('flow'), 7, rig.clock.now())
    await rig.clock.advance(MINUTE)
    const shown = rig.shown('flow-1m-max')
    rig.pipeline.event(rig.index('flow'), 99, NOON + 10)
    await rig.clock.advance(2_000)
    expect(rig.shown('flow-1m-max')).toEqual(shown)
    expect(rig.history('flow-1m-max')[0]).toMatchObject({ value: 99, sourceTime: NOON })
  })

  it('is not forgotten where the gateway ends meanwhile', async () => {
    const rig = rigAt(NOON, sensor())
    await rig.clock.advance(5 * MINUTE)
    rig.pipeline.event(rig.index('flow'), 7, NOON + 10)
    await rig.windows.stop()
    expect(rig.history('flow-1m-max')[0]).toMatchObject({ value: 7, sourceTime: NOON })
  })

  it('waits while history cannot be written, and corrects the window then', async () => {
    const rig = rigAt(NOON, sensor())
    await rig.clock.advance(5 * MINUTE)
    rig.failure = 'the disk is full'
    rig.pipeline.event(rig.index('flow'), 7, NOON + 10)
    await rig.clock.advance(10_000)
    const kept = () => rig.history('flow-1m-count').find(({ sourceTime }) => sourceTime === NOON)?.value
    expect(kept()).toBeNull()
    rig.failure = ''
    await rig.clock.advance(2_000)
    expect(kept()).toBe(1)
  })
})

describe('after a restart', () => {
  it('the window that was open is calculated from history, and what polling missed makes it Uncertain', async () => {
    const before = rigAt(NOON)
    await poll(before, [1, 3])
    await before.windows.stop()
    const within = rigAt(NOON + 30_000, aMeter(), before.written)
    await poll(within, [8])
    await within.clock.advance(32_000)
    expect(within.shown('flow-1m-average')).toEqual([4, 'UncertainDataSubNormal', NOON])
  })

  it('so is one that ended meanwhile', async () => {
    const before = rigAt(NOON)
    await poll(before, [1, 3])
    await before.windows.stop()
    const after = rigAt(NOON + 10 * MINUTE, aMeter(), before.written)
    await after.clock.advance(2_000)
    const [kept, next] = after.history('flow-1m-average')
    expect(kept).toMatchObject({ value: 2, status: StatusCode.UncertainDataSubNormal, sourceTime: NOON })
    expect(next).toMatchObject({ value: null, status: StatusCode.BadNoData, sourceTime: NOON + MINUTE })
  })
})

describe('while the configuration changes', () => {
  it('windows that stay go on, new ones begin, and those that are gone are out of service', async () => {
    const rig = rigAt(NOON)
    await poll(rig, [1, 3])
    const gone = rig.index('flow-1m-min')
    const fewer = { ...minutes, functions: ['count'] as const }
    const hours: WindowConfig = { windowMs: 10_000, functions: ['max'], history: 'off' }
    rig.change(aMeter({ aggregates: [fewer, hours] }))
    await poll(rig, [5])
    await rig.clock.advance(MINUTE)

    expect(rig.pipeline.table.status[gone]).toBe(StatusCode.BadOutOfService)
    expect(rig.history('flow-1m-count')[0]).toMatchObject({ value: 3, sourceTime: NOON })
    expect(rig.shown('flow-10s-max').slice(1)).toEqual(['BadNoData', NOON + 10_000])
    expect(rig.history('flow-10s-max')).toEqual([])
  })

  it('the windows of other tags do not notice', async () => {
    const other = aTag('level', { aggregates: [minutes], history: 'off' })
    const rig = rigAt(NOON, meterPlant([aTag('flow', { aggregates: [minutes] }), other]))
    rig.pipeline.polled(rig.index('level'), 5)
    rig.change(meterPlant([aTag('flow'), other]))
    await rig.clock.advance(MINUTE)
    expect(rig.shown('level-1m-count')).toEqual([1, 'Good', NOON])
  })

  it('a tag that reads something else begins its windows anew', async () => {
    const rig = rigAt(NOON)
    await poll(rig, [1, 3])
    await rig.clock.advance(MINUTE)
    rig.change(aMeter({ address: 'holding:7' }))
    expect(rig.shown('flow-1m-max').slice(1, 2)).toEqual(['BadWaitingForInitialData'])
  })
})

describe('when the clock jumps', () => {
  it.each([3_600_000, 10 * 365 * 86_400_000])('windows go on %d ms later', async (jump) => {
    const rig = rigAt(NOON)
    await poll(rig, [1])
    rig.clock.jump(jump)
    await rig.clock.advance(3_000)
    expect(rig.history('flow-1m-count')[0]).toMatchObject({ value: 1, sourceTime: NOON })
    await poll(rig, [2])
    await rig.clock.advance(2 * MINUTE)
    expect(rig.history('flow-1m-max').filter(({ value }) => value !== null)).toHaveLength(2)
  })

  it.each([3_600_000, 10 * 365 * 86_400_000])('windows go on %d ms earlier', async (jump) => {
    const rig = rigAt(NOON)
    await poll(rig, [1])
    await rig.clock.advance(MINUTE)
    rig.clock.jump(-jump)
    await rig.clock.advance(1_000)
    await poll(rig, [2])
    await rig.clock.advance(MINUTE + 2_000)
    const from = NOON + MINUTE - jump
    expect(rig.shown('flow-1m-max')).toEqual([2, 'UncertainDataSubNormal', from])
    expect(rig.history('flow-1m-max')[0]).toMatchObject({ value: 2, sourceTime: from })
  })
})

/** What a device says: after how long, how long ago that was, and what: a number, or how it failed. */
const statements = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 90_000 }),
    age: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
    ),
    value: fc.oneof(
      { weight: 4, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
      { weight: 1, arbitrary: fc.constantFrom(StatusCode.BadDeviceFailure) },
    ),
    isBad: fc.boolean(),
  }),
  { maxLength: 25 },
)

it('each window equals what HistoryRead Processed says of it, whenever and in whatever order values come', async () => {
  await fc.assert(
    fc.asyncProperty(statements, fc.integer({ min: 0, max: 59_000 }), async (said, offset) => {
      const windows: WindowConfig[] = [minutes, { ...minutes, windowMs: 10_000 }]
      const plant = meterPlant([aTag('flow', { aggregates: windows, history: 'every' })], 'chirpstack')
      const rig = rigAt(NOON + offset, plant)
      const flow = rig.index('flow')
      for (const { after, age, value, isBad } of said) {
        await rig.clock.advance(after)
        const time = rig.clock.now() - age
        if (isBad) rig.pipeline.failed(flow, StatusCode.BadDeviceFailure, time)
        else rig.pipeline.event(flow, value, time)
      }
      await rig.clock.advance(2 * MINUTE)
      for (const { windowMs } of windows) {
        const touched = new Set(rig.history('flow').map((each) => Math.floor(each.sourceTime / windowMs) * windowMs))
        for (const each of windowFunctions) {
          const kept = rig.history(`flow-${windowMs === MINUTE ? '1m' : '10s'}-${each}`)
          for (const from of touched) {
            const found = kept.find(({ sourceTime }) => sourceTime === from)
            const wanted = rig.processed('flow', windowAggregates[each], from, windowMs)
            expect({ value: found?.value, status: found?.status }).toEqual(wanted)
          }
          // What is not touched is empty, and said to be so where a value ends.
          for (const { sourceTime, value } of kept) if (!touched.has(sourceTime)) expect(value).toBeNull()
          for (const from of touched) {
            const isFollowed = touched.has(from + windowMs) || kept.some((next) => next.sourceTime === from + windowMs)
            expect(isFollowed || from + windowMs * 2 > rig.clock.now()).toBe(true)
          }
        }
      }
    }),
    { numRuns: 25 },
  )
}, 30_000)
