import { describe, expect, it } from 'vitest'
import type { TagValue } from '../../../src/core/data-type.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import { StatusCode, statusName } from '../../../src/core/status-code.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

function aPipeline(tag: Partial<TagConfig> = {}) {
  const clock = new ManualClock()
  const pipeline = new Pipeline(indexed([aTag('t', tag)]), clock)
  pipeline.start()
  const changes: string[] = []
  pipeline.listen({ changed: (index) => changes.push(statusName(pipeline.table.status[index] as number)) })
  const status = () => statusName(pipeline.table.status[0] as number)
  return { clock, pipeline, changes, status, value: () => pipeline.table.value(0) }
}

describe('before anything was received', () => {
  it('a tag waits for initial data and has no source time', () => {
    const { pipeline, status } = aPipeline()
    expect(status()).toBe('BadWaitingForInitialData')
    expect(pipeline.table.sourceTime[0]).toBeNaN()
  })

  it('a disabled tag is out of service whatever its source says', () => {
    const { pipeline, status } = aPipeline({ disabled: true })
    pipeline.polled(0, 5)
    pipeline.lost([0])
    expect(status()).toBe('BadOutOfService')
  })

  it('a lost source makes a tag that never had a value BadNoCommunication at once', () => {
    const { pipeline, status } = aPipeline()
    pipeline.lost([0])
    expect(status()).toBe('BadNoCommunication')
  })
})

describe('a polled value', () => {
  it('is Good with the time it was read', () => {
    const { clock, pipeline, status, value } = aPipeline()
    pipeline.polled(0, 21.5)
    expect([status(), value(), pipeline.table.sourceTime[0]]).toEqual(['Good', 21.5, clock.now()])
  })

  it('that did not change tells nobody, but is known to be as new as its last reading', async () => {
    const { clock, pipeline, changes } = aPipeline()
    pipeline.polled(0, 21.5)
    await clock.advance(1_000)
    pipeline.polled(0, 21.5)
    expect(changes).toEqual(['Good'])
    expect(pipeline.table.sourceTime[0]).toBe(clock.now())
  })

  it('that does not fit the type is BadDecodingError, never a coerced number', () => {
    const { pipeline, status, value } = aPipeline({ type: 'Int16' })
    pipeline.polled(0, 7)
    pipeline.polled(0, 40_000)
    expect([status(), value()]).toEqual(['BadDecodingError', 7])
  })

  it('outside its range is UncertainEngineeringUnitsExceeded and keeps the number', () => {
    const { pipeline, status, value } = aPipeline({ range: { low: 0, high: 100 } })
    pipeline.polled(0, 101)
    expect([status(), value()]).toEqual(['UncertainEngineeringUnitsExceeded', 101])
  })

  it('keeps 64-bit integers exact', () => {
    const { pipeline, value } = aPipeline({ type: 'UInt64' })
    pipeline.polled(0, 18_446_744_073_709_551_615n)
    expect(value()).toBe(18_446_744_073_709_551_615n)
  })
})

describe('staleness', () => {
  it('is pushed when it happens, with value and source time kept', async () => {
    const { clock, pipeline, changes, value } = aPipeline({ staleAfterMs: 5_000 })
    pipeline.polled(0, 3)
    const readAt = clock.now()
    await clock.advance(4_999)
    expect(changes).toEqual(['Good'])
    await clock.advance(500)
    expect(changes).toEqual(['Good', 'UncertainLastUsableValue'])
    expect([value(), pipeline.table.sourceTime[0]]).toEqual([3, readAt])
  })

  it('ends with the next reading, even of an equal value', async () => {
    const { clock, pipeline, changes } = aPipeline({ staleAfterMs: 1_000 })
    pipeline.polled(0, 3)
    await clock.advance(2_000)
    pipeline.polled(0, 3)
    expect(changes).toEqual(['Good', 'UncertainLastUsableValue', 'Good'])
  })

  it('follows what the source learned, unless the tag has its own setting', async () => {
    const learned = aPipeline()
    learned.pipeline.expectEvery([0], 2_000)
    learned.pipeline.polled(0, 1)
    await learned.clock.advance(2_250)
    expect(learned.status()).toBe('UncertainLastUsableValue')

    const own = aPipeline({ staleAfterMs: 60_000 })
    own.pipeline.expectEvery([0], 2_000)
    own.pipeline.polled(0, 1)
    await own.clock.advance(2_250)
    expect(own.status()).toBe('Good')
  })

  it('counts from the time of an event, so an old replay is stale on arrival', () => {
    const { clock, pipeline, status } = aPipeline({ staleAfterMs: 60_000 })
    pipeline.event(0, 3, clock.now() - 3_600_000)
    expect(status()).toBe('UncertainLastUsableValue')
  })

  it('does not begin by itself when the wall clock jumps', async () => {
    const { clock, pipeline, status } = aPipeline({ staleAfterMs: 60_000 })
    pipeline.polled(0, 3)
    clock.jump(3_600_000)
    await clock.advance(1_000)
    expect(status()).toBe('Good')
  })
})

describe('a lost source', () => {
  it('leaves the last value Uncertain, then Bad after its time, and Good again with the next reading', async () => {
    const { clock, pipeline, changes } = aPipeline({ badAfterMs: 10_000 })
    pipeline.polled(0, 3)
    pipeline.lost([0])
    await clock.advance(10_250)
    pipeline.polled(0, 3)
    expect(changes).toEqual(['Good', 'UncertainNoCommunicationLastUsableValue', 'BadNoCommunication', 'Good'])
  })

  it('does not start its time again when the loss is reported again', async () => {
    const { clock, pipeline, status } = aPipeline({ badAfterMs: 10_000 })
    pipeline.polled(0, 3)
    pipeline.lost([0])
    await clock.advance(9_000)
    pipeline.lost([0])
    await clock.advance(1_250)
    expect(status()).toBe('BadNoCommunication')
  })

  it('restored, gives an event value back what its age makes it', async () => {
    const fresh = aPipeline({ staleAfterMs: 60_000 })
    fresh.pipeline.event(0, 3, fresh.clock.now())
    fresh.pipeline.lost([0])
    fresh.pipeline.restored([0])
    expect(fresh.status()).toBe('Good')

    const old = aPipeline({ staleAfterMs: 60_000 })
    old.pipeline.event(0, 3, old.clock.now())
    old.pipeline.lost([0])
    await old.clock.advance(120_000)
    old.pipeline.restored([0])
    expect(old.status()).toBe('UncertainLastUsableValue')
  })

  it('restored, leaves a tag that never had a value waiting', () => {
    const { pipeline, status } = aPipeline()
    pipeline.lost([0])
    pipeline.restored([0])
    expect(status()).toBe('BadWaitingForInitialData')
  })
})

describe('an event', () => {
  it('of which its source is not sure is Uncertain, also within its range, until the next that is sure', () => {
    const { clock, pipeline, status, value } = aPipeline({ range: { low: 5, high: 10 } })
    pipeline.event(0, 0, clock.now() - 2_000, StatusCode.UncertainDataSubNormal)
    expect([status(), value()]).toEqual(['UncertainDataSubNormal', 0])
    pipeline.event(0, 7, clock.now() - 2_000)
    expect([status(), value()]).toEqual(['Good', 7])
    pipeline.event(0, 'x', clock.now() - 1_000, StatusCode.UncertainDataSubNormal)
    expect(status()).toBe('BadDecodingError')
  })

  it('that is older than the last value does not move it', () => {
    const { clock, pipeline, value } = aPipeline()
    const now = clock.now()
    expect(pipeline.event(0, 2, now)).toBe(true)
    expect(pipeline.event(0, 1, now - 1)).toBe(false)
    expect([value(), pipeline.table.sourceTime[0]]).toEqual([2, now])
  })

  it('with an equal value and a newer time is news', async () => {
    const { clock, pipeline, changes } = aPipeline()
    pipeline.event(0, 2, clock.now())
    await clock.advance(1_000)
    pipeline.event(0, 2, clock.now())
    expect(changes).toEqual(['Good', 'Good'])
  })

  it('from the future is taken as now', () => {
    const { clock, pipeline } = aPipeline()
    pipeline.event(0, 2, clock.now() + 3_600_000)
    expect(pipeline.table.sourceTime[0]).toBe(clock.now())
  })

  it('from less than a second ahead keeps its time: no two clocks are the same', () => {
    const { clock, pipeline } = aPipeline()
    pipeline.event(0, 2, clock.now() + 999)
    expect(pipeline.table.sourceTime[0]).toBe(clock.now() + 999)
  })

  it('of a wrong type is BadDecodingError at its own time and heals with the next', async () => {
    const { clock, pipeline, changes } = aPipeline()
    pipeline.event(0, 'n/a', clock.now())
    await clock.advance(10)
    pipeline.event(0, 5, clock.now())
    expect(changes).toEqual(['BadDecodingError', 'Good'])
  })
})

describe('a value restored from disk', () => {
  it('is Uncertain with its own source time until the source speaks', () => {
    const { clock, pipeline, status, value } = aPipeline()
    pipeline.restore(0, 42, StatusCode.Good, clock.now() - 5_000, clock.now() - 4_000)
    expect([status(), value(), pipeline.table.sourceTime[0]]).toEqual([
      'UncertainLastUsableValue',
      42,
      clock.now() - 5_000,
    ])
    pipeline.polled(0, 42)
    expect(status()).toBe('Good')
  })

  it('stays Uncertain when only the connection is back', () => {
    const { clock, pipeline, status } = aPipeline()
    pipeline.restore(0, 42, StatusCode.Good, clock.now() - 5_000, clock.now() - 4_000)
    pipeline.lost([0])
    expect(status()).toBe('UncertainNoCommunicationLastUsableValue')
    pipeline.restored([0])
    expect(status()).toBe('UncertainLastUsableValue')
  })

  it('is confirmed by the replay of the same event', () => {
    const { clock, pipeline, status } = aPipeline({ staleAfterMs: 60_000 })
    pipeline.restore(0, 42, StatusCode.Good, clock.now() - 5_000, clock.now() - 4_000)
    expect(pipeline.event(0, 42, clock.now() - 5_000)).toBe(true)
    expect(status()).toBe('Good')
  })

  it('that was Bad is not restored', () => {
    const { clock, pipeline, status } = aPipeline()
    pipeline.restore(0, 42, StatusCode.BadDecodingError, clock.now(), clock.now())
    expect(status()).toBe('BadWaitingForInitialData')
  })
})

it('a failure reported by the device is that tag’s status, with the time it was reported', () => {
  const { clock, pipeline, status } = aPipeline()
  pipeline.polled(0, 1)
  pipeline.failed(0, StatusCode.BadConfigurationError)
  expect([status(), pipeline.table.sourceTime[0]]).toEqual(['BadConfigurationError', clock.now()])
})

describe('the history of a tag', () => {
  type Kept = [value: TagValue | undefined, status: string, age: number]

  /** What goes to history, with how old it was when it was received. */
  function aHistory(tag: Partial<TagConfig>) {
    const own = aPipeline(tag)
    const kept: Kept[] = []
    own.pipeline.recordTo({
      record: (_tag, value, status, sourceTime, serverTime) =>
        kept.push([value, statusName(status), serverTime - sourceTime]),
    })
    return { ...own, kept }
  }

  it('is empty where it is off, which it is for polled devices unless said otherwise', () => {
    for (const history of ['off', undefined] as const) {
      const { clock, pipeline, kept } = aHistory({ history })
      pipeline.polled(0, 1)
      pipeline.event(0, 2, clock.now())
      pipeline.event(0, 1, clock.now() - 1)
      pipeline.failed(0, StatusCode.BadDeviceFailure)
      pipeline.lost([0])
      expect(kept).toEqual([])
    }
  })

  it('has every event with its own time, late ones too, and what was no usable value', () => {
    const { clock, pipeline, kept, value } = aHistory({ history: 'every', type: 'Int16' })
    const now = clock.now()
    pipeline.event(0, 2, now - 10)
    pipeline.event(0, 2, now - 5)
    pipeline.event(0, 1, now - 20)
    pipeline.event(0, 'n/a', now - 30)
    pipeline.failed(0, StatusCode.BadSensorFailure, now - 40)
    pipeline.event(0, 99_999, now - 1)
    expect(kept).toEqual([
      [2, 'Good', 10],
      [2, 'Good', 5],
      [1, 'Good', 20],
      [undefined, 'BadDecodingError', 30],
      [undefined, 'BadSensorFailure', 40],
      [undefined, 'BadDecodingError', 1],
    ])
    expect(value()).toBe(2)
  })

  it('has the quality of each value', () => {
    const { clock, pipeline, kept } = aHistory({ history: 'every', range: { low: 0, high: 10 } })
    pipeline.event(0, 11, clock.now())
    expect(kept).toEqual([[11, 'UncertainEngineeringUnitsExceeded', 0]])
  })

  it('of changes leaves out what merely confirms', () => {
    const { pipeline, kept } = aHistory({ history: 'change' })
    for (const value of [0, 0, 1, 1, 0]) pipeline.polled(0, value)
    pipeline.failed(0, StatusCode.BadDeviceFailure)
    pipeline.failed(0, StatusCode.BadDeviceFailure)
    pipeline.polled(0, 0)
    expect(kept).toEqual([
      [0, 'Good', 0],
      [1, 'Good', 0],
      [0, 'Good', 0],
      [undefined, 'BadDeviceFailure', 0],
      [0, 'Good', 0],
    ])
  })

  it('of changes has every late event: what stood before it is not at hand', () => {
    const { clock, pipeline, kept } = aHistory({ history: 'change' })
    pipeline.event(0, 1, clock.now())
    pipeline.event(0, 1, clock.now() - 10)
    expect(kept).toHaveLength(2)
  })

  it('of a polled device shows when it was lost, once, and when it was heard again', () => {
    const { pipeline, kept } = aHistory({ history: 'change' })
    pipeline.polled(0, 1)
    pipeline.lost([0])
    pipeline.lost([0])
    pipeline.polled(0, 1)
    expect(kept).toEqual([
      [1, 'Good', 0],
      [undefined, 'BadNoCommunication', 0],
      [1, 'Good', 0],
    ])
  })

  it('of events has no loss of the connection, since a replay tells what happened meanwhile', () => {
    const { clock, pipeline, kept } = aHistory({ history: 'every' })
    pipeline.event(0, 1, clock.now())
    pipeline.lost([0])
    expect(kept).toHaveLength(1)
  })

  it('goes on after a restart with the first value, though it be the last one from before', () => {
    const { clock, pipeline, kept } = aHistory({ history: 'change' })
    pipeline.restore(0, 5, StatusCode.Good, clock.now() - 10, clock.now() - 10)
    pipeline.polled(0, 5)
    expect(kept).toEqual([[5, 'Good', 0]])
  })

  it('has nothing of a disabled tag', () => {
    const { clock, pipeline, kept } = aHistory({ history: 'every', disabled: true })
    pipeline.polled(0, 1)
    pipeline.event(0, 1, clock.now())
    expect(kept).toEqual([])
  })
})
