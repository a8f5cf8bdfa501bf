import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import type { SampleRecorder } from '../../../src/core/sample.ts'
import { StatusCode, statusName } from '../../../src/core/status-code.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

function aPipeline(tag: Partial<TagConfig>) {
  const clock = new ManualClock()
  const pipeline = new Pipeline(indexed([aTag('t', tag)]), clock)
  pipeline.start()
  const told: [unknown, string][] = []
  pipeline.listen({
    changed: (index) => {
      told.push([pipeline.table.value(index), statusName(pipeline.table.status[index] as number)])
    },
  })
  return { clock, pipeline, told }
}

describe('a deadband', () => {
  it('keeps small steps from clients, but not a slow drift', () => {
    const { pipeline, told } = aPipeline({ deadband: 0.5 })
    for (const value of [20, 20.3, 20.5, 20.6, 20.2, 20]) pipeline.polled(0, value)
    expect(told.map(([value]) => value)).toEqual([20, 20.6, 20])
  })

  it('never hides more than its width, whatever a device says', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.array(value, { minLength: 1 }),
        (width, values) => {
          const { pipeline, told } = aPipeline({ deadband: width })
          for (const each of values) {
            pipeline.polled(0, each)
            expect(Math.abs((told.at(-1)?.[0] as number) - each)).toBeLessThanOrEqual(width)
          }
        },
      ),
    )
  })

  it('is exact for 64-bit integers', () => {
    const { pipeline, told } = aPipeline({ type: 'Int64', deadband: 1 })
    for (const value of [2n ** 60n, 2n ** 60n + 1n, 2n ** 60n + 2n]) pipeline.polled(0, value)
    expect(told.map(([value]) => value)).toEqual([2n ** 60n, 2n ** 60n + 2n])
  })

  it('lets every change of status through, with the value as it is then', () => {
    const { pipeline, told } = aPipeline({ deadband: 5, range: { low: 0, high: 100 } })
    for (const value of [99, 101, 100]) pipeline.polled(0, value)
    pipeline.failed(0, StatusCode.BadSensorFailure)
    pipeline.polled(0, 99.5)
    expect(told).toEqual([
      [99, 'Good'],
      [101, 'UncertainEngineeringUnitsExceeded'],
      [100, 'Good'],
      [100, 'BadSensorFailure'],
      [99.5, 'Good'],
    ])
  })

  it('takes a value within it as proof that the last one still holds', async () => {
    const { clock, pipeline, told } = aPipeline({ deadband: 5, staleAfterMs: 2_000 })
    pipeline.polled(0, 20)
    for (let second = 0; second < 5; second++) {
      await clock.advance(1_000)
      pipeline.polled(0, 21)
    }
    expect([told, pipeline.table.sourceTime[0]]).toEqual([[[20, 'Good']], clock.now()])
  })

  it('says the newest value when a stale tag speaks again', async () => {
    const { clock, pipeline, told } = aPipeline({ deadband: 5, staleAfterMs: 1_000 })
    pipeline.polled(0, 20)
    await clock.advance(2_000)
    pipeline.polled(0, 21)
    expect(told.at(-1)).toEqual([21, 'Good'])
  })

  it('holds back events too, and confirms them to their source', () => {
    const { clock, pipeline, told } = aPipeline({ deadband: 1 })
    const taken = [20, 20.5, 22].map((value, second) => pipeline.event(0, value, clock.now() - 10_000 + second * 1_000))
    expect([taken, told.map(([value]) => value)]).toEqual([
      [true, true, true],
      [20, 22],
    ])
  })

  it('keeps steps from a history of changes, and none from a history of every value', () => {
    const kept = (history: 'change' | 'every') => {
      const { clock, pipeline } = aPipeline({ deadband: 1, history })
      const values: unknown[] = []
      const recorder: SampleRecorder = { record: (_tag, value) => void values.push(value) }
      pipeline.recordTo(recorder)
      for (const [second, value] of [20, 20.5, 22].entries()) pipeline.event(0, value, clock.now() - 10_000 + second)
      return values
    }
    expect([kept('change'), kept('every')]).toEqual([
      [20, 22],
      [20, 20.5, 22],
    ])
  })
})

describe('a transform', () => {
  it('stands before the judgement of the range, for polled values and events alike', () => {
    const { clock, pipeline, told } = aPipeline({ transform: { scale: 0.1 }, range: { low: 0, high: 50 } })
    pipeline.polled(0, 501)
    pipeline.event(0, 499, clock.now())
    expect(told).toEqual([
      [50.1, 'UncertainEngineeringUnitsExceeded'],
      [49.9, 'Good'],
    ])
  })

  it('keeps the last value where the device says that there is none', () => {
    const { pipeline, told } = aPipeline({ transform: { noSensor: [32_767], scale: 0.1 } })
    pipeline.polled(0, 200)
    pipeline.polled(0, 32_767)
    expect(told.at(-1)).toEqual([20, 'BadSensorFailure'])
  })
})
