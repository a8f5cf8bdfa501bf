import { expect, it } from 'vitest'
import type { TagValue } from '../../../src/core/data-type.ts'
import { historyPolicyOf } from '../../../src/core/history-policy.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { withTemplate } from '../../../src/core/template.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

const SECOND = 1_000
const MINUTE = 60_000

/** A tag of which is noted what goes to history, with the seconds since the beginning. */
function aHistory(tag: Partial<TagConfig>) {
  const clock = new ManualClock()
  const begin = clock.now()
  const pipeline = new Pipeline(indexed([aTag('t', tag)]), clock)
  const kept: [value: TagValue | undefined, second: number][] = []
  pipeline.recordTo({
    record: (_tag, value, _status, sourceTime) => kept.push([value, (sourceTime - begin) / SECOND]),
  })
  /** Polls this value every second, so often. */
  const poll = (value: TagValue, times: number) => {
    for (let n = 0; n < times; n++) {
      pipeline.polled(0, value)
      clock.jump(SECOND)
    }
  }
  return { clock, pipeline, kept, poll, begin }
}

it('with an interval a value is kept each interval at most, whether it has changed or not', () => {
  const { kept, poll } = aHistory({ history: 'interval', historyIntervalMs: 10 * SECOND })
  poll(1, 3)
  poll(2, 12)
  poll(2, 10)
  expect(kept).toEqual([
    [1, 0],
    [2, 10],
    [2, 20],
  ])
})

it('an interval that is not said is a minute', () => {
  const { kept, poll } = aHistory({ history: 'interval' })
  poll(1, 130)
  expect(kept.map(([, second]) => second)).toEqual([0, 60, 120])
})

it('with an interval a quality that differs is kept at once, and so is a late event', () => {
  const { pipeline, kept, clock, begin } = aHistory({ history: 'interval', historyIntervalMs: MINUTE })
  pipeline.event(0, 1, clock.now())
  clock.jump(SECOND)
  pipeline.failed(0, StatusCode.BadSensorFailure)
  pipeline.failed(0, StatusCode.BadSensorFailure)
  pipeline.event(0, 5, begin - 10 * SECOND)
  expect(kept).toEqual([
    [1, 0],
    [undefined, 1],
    [5, -10],
  ])
})

it('a heartbeat keeps an unchanged value again when the last is as old, by what the device says then', () => {
  const { kept, poll, clock } = aHistory({ history: 'change', historyHeartbeatMs: 20 * SECOND })
  poll(1, 25)
  poll(2, 5)
  // Nothing is said for a while, so there is nothing to be kept.
  clock.jump(100 * SECOND)
  poll(2, 1)
  expect(kept).toEqual([
    [1, 0],
    [1, 20],
    [2, 25],
    [2, 130],
  ])
})

it('a value within the deadband is kept as it is when the heartbeat asks for it', () => {
  const { kept, poll } = aHistory({ history: 'change', historyHeartbeatMs: 10 * SECOND, deadband: 1 })
  poll(20, 5)
  poll(20.5, 6)
  expect(kept).toEqual([
    [20, 0],
    [20.5, 10],
  ])
})

it('a clock that is set back does not keep values from history until it is as late again', () => {
  const { kept, poll, clock } = aHistory({ history: 'interval', historyIntervalMs: MINUTE })
  poll(1, 1)
  clock.jump(-3_600 * SECOND)
  poll(1, 1)
  expect(kept).toHaveLength(2)
})

it('a template says how the history of its tags is kept, unless the tag or the device does', () => {
  const [known] = indexed([aTag('t')])
  const template = {
    key: 'climate',
    name: 'Climate',
    history: 'interval',
    historyIntervalMs: MINUTE,
    historyHeartbeatMs: 10 * MINUTE,
    tags: [aTag('own', { history: 'off' }), aTag('other')],
  } as const
  if (!known) throw new Error('no tag')
  const device = withTemplate({ ...known.device, historyHeartbeatMs: SECOND, tags: [] }, template)
  const policies = device.tags.map((tag) => historyPolicyOf({ ...known, tag, device }))
  expect(policies).toEqual(['off', 'interval'])
  expect(device.tags[1]).toMatchObject({ historyIntervalMs: MINUTE, historyHeartbeatMs: SECOND })
})
