import { describe, expect, it } from 'vitest'
import { pause } from '../../../../src/core/clock.ts'
import { PenstockError } from '../../../../src/core/errors.ts'
import type { ChirpStackApi } from '../../../../src/sources/chirpstack/api.ts'
import { MetricsPoll } from '../../../../src/sources/chirpstack/metrics-poll.ts'
import { PollTarget } from '../../../../src/sources/chirpstack/poll-target.ts'
import { EventContext } from '../../../support/chirpstack-context.ts'
import { ManualClock, settle } from '../../../support/manual-clock.ts'

const PERIOD = 60_000

/** A poll of targets whose answers take some time; `asked` has when and whom it asked. */
function aPoll(takes: Readonly<Record<string, number>>, failing: (id: string) => boolean = () => false) {
  const clock = new ManualClock()
  const context = new EventContext(clock, [])
  const asked: [number, string][] = []
  const abort = new AbortController()
  const target = (id: string) =>
    new PollTarget({
      id,
      about: {},
      tags: () => [],
      listed: () => undefined,
      read: async () => {
        asked.push([clock.monotonic(), id])
        await pause(clock, takes[id] ?? 0, abort.signal)
        if (failing(id)) throw new PenstockError('CONNECTION_LOST', 'no answer')
      },
      refuse: () => undefined,
      onFault: () => undefined,
      context,
    })
  const poll = new MetricsPoll({ first: () => [], period: PERIOD, context })
  const targets = Object.keys(takes).map(target)
  poll.join(targets)
  let doubts = 0
  let changes = 0
  const done = poll.run(
    {
      api: () => ({}) as ChirpStackApi,
      provedAt: () => 0,
      doubt: () => void doubts++,
      changed: () => void changes++,
    },
    abort.signal,
  )
  const stop = async () => {
    abort.abort()
    await done
  }
  return { clock, context, asked, poll, target, targets, stop, doubts: () => doubts, changes: () => changes }
}

describe('rounds of calls', () => {
  it('begin once a period, however long they take within it, in the order of the ids', async () => {
    const { clock, asked, context, poll, stop } = aPoll({ b: 20_000, a: 30_000 })
    await clock.advance(2 * PERIOD)
    expect(asked).toEqual([0, 0, PERIOD, PERIOD, 2 * PERIOD, 2 * PERIOD].map((time, n) => [time, 'ab'[n % 2]]))
    expect([context.counted('skippedCycles'), poll.trouble]).toEqual([0, ''])
    await stop()
  })

  it('that take longer stay on the grid, and those left out are counted and said once', async () => {
    const takes = { a: 150_000 }
    const { clock, asked, context, poll, changes, stop } = aPoll(takes)
    await clock.advance(6 * PERIOD)
    expect(asked.map(([time]) => time / PERIOD)).toEqual([0, 3, 6])
    expect(context.counted('skippedCycles')).toBe(4)
    expect(poll.trouble).toMatch(/took 150 s to read, longer than their period of 60 s/)
    expect(changes()).toBe(1)
    takes.a = 1
    await clock.advance(4 * PERIOD)
    expect([poll.trouble, changes()]).toEqual(['', 2])
    await stop()
  })

  it('ask those that failed again before the next round, later and later, and no others', async () => {
    let down = true
    const { clock, asked, doubts, stop } = aPoll({ a: 0, b: 0 }, (id) => down && id === 'b')
    await clock.advance(20_000)
    const again = asked.slice(2).map(([, id]) => id)
    expect(new Set(again)).toEqual(new Set(['b']))
    expect(again.length).toBeGreaterThan(1)
    expect(doubts()).toBe(asked.length - 1)
    down = false
    await clock.advance(PERIOD - 20_001)
    const before = asked.length
    await clock.advance(1)
    expect(asked.slice(before)).toEqual([
      [PERIOD, 'a'],
      [PERIOD, 'b'],
    ])
    await stop()
  })

  it('take in who comes as soon as the calls under way are answered, and ask nobody else for that', async () => {
    const { clock, asked, poll, target, stop } = aPoll({ a: 10_000 })
    await clock.advance(20_000)
    poll.join([target('0'), target('b')])
    await clock.advance(0)
    expect(asked).toEqual([
      [0, 'a'],
      [20_000, '0'],
      [20_000, 'b'],
    ])
    await clock.advance(PERIOD + 5_000 - 20_000)
    expect(asked.slice(3).map(([time, id]) => [time, id])).toEqual(['0', 'a', 'b'].map((id) => [PERIOD, id]))
    // The round is under way.
    poll.join([target('c')])
    await clock.advance(0)
    expect(asked).toHaveLength(6)
    await clock.advance(5_000)
    expect(asked.slice(6)).toEqual([[PERIOD + 10_000, 'c']])
    await stop()
  })

  it('leave out who went, also in the round under way, and do not ask again for it', async () => {
    const takes = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((id) => [id, 1_000]))
    const { clock, asked, poll, targets, stop } = aPoll(takes, (id) => id === 'a')
    await clock.advance(500)
    poll.leave(targets.filter(({ id }) => id === 'a' || id === 'e'))
    await clock.advance(PERIOD)
    expect(asked.map(([, id]) => id)).toEqual(['a', 'b', 'c', 'd', 'b', 'c', 'd'])
    await stop()
  })

  it('wait for the first who comes, and leave no timer', async () => {
    const { clock, asked, poll, target, stop } = aPoll({})
    await clock.advance(3 * PERIOD + 1)
    poll.join([target('a')])
    await clock.advance(0)
    expect(asked).toEqual([[3 * PERIOD + 1, 'a']])
    await stop()
    expect(clock.pendingTimers).toBe(0)
  })

  it('end with their session, and leave no timer', async () => {
    const { clock, stop } = aPoll({ a: 10_000, b: 10_000 })
    await settle()
    await stop()
    expect(clock.pendingTimers).toBe(0)
  })
})
