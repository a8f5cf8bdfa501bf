import { describe, expect, it } from 'vitest'
import type { Clock } from '../../../../src/core/clock.ts'
import { PublishingTurns } from '../../../../src/opcua/services/publish-by-turns.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** Each piece of work takes `cost` milliseconds, and is written down with the turn in which it was done. */
function make(cost: number) {
  const manual = new ManualClock()
  let passed = 0
  const clock: Clock = Object.assign(Object.create(manual), { monotonic: () => passed })
  const turns = new PublishingTurns(clock)
  const done: string[] = []
  const due = (key: object, name: string) =>
    turns.due(key, () => {
      passed += cost
      done.push(name)
    })
  return { turns, done, due }
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

describe('the publishing cycles of many subscriptions', () => {
  it('are served at once as long as they take little time', () => {
    const { done, due } = make(1)

    for (const name of ['a', 'b', 'c']) due({}, name)

    expect(done).toEqual(['a', 'b', 'c'])
  })

  it('that are due together leave room for requests in between, and keep their order', async () => {
    const { done, due } = make(6)

    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) due({}, name)

    expect(done).toEqual(['a', 'b'])
    await nextTurn()
    expect(done).toEqual(['a', 'b', 'c', 'd'])
    await nextTurn()
    expect(done).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('count as one where the next is due before the last was served, which keeps its place', async () => {
    const { turns, done, due } = make(10)
    const [first, second] = [{}, {}]
    due({}, 'busy')
    due(first, 'old')
    due(second, 'second')
    expect(turns.awaits(first)).toBe(true)

    due(first, 'new')
    await nextTurn()
    await nextTurn()

    expect(done).toEqual(['busy', 'new', 'second'])
    expect(turns.awaits(first)).toBe(false)
  })
})
