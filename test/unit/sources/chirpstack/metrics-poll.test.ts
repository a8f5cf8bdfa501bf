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
  poll.join(Object.keys(takes).map(target))
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
  return { clock, context, asked, poll, stop, doubts: () => doubts, changes: () => changes }
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

  it('end with their session, and leave no timer', async () => {
    const { clock, stop } = aPoll({ a: 10_000, b: 10_000 })
    await settle()
    await stop()
    expect(clock.pendingTimers).toBe(0)
  })
})
