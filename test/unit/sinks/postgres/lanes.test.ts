import { describe, expect, it } from 'vitest'
import { Lanes, type QueuedEntry } from '../../../../src/sinks/postgres/lanes.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** An outbox in memory, of entries with 10 samples each; those of `changes` are what users changed. */
function aQueue(count: number, changes: readonly number[] = []) {
  const entries: QueuedEntry[] = []
  const add = (id: number) => entries.push({ id, isSaid: !changes.includes(id), count: 10 })
  for (let id = 1; id <= count; id++) add(id)
  return {
    add,
    get last() {
      return entries.at(-1)?.id ?? 0
    },
    get waiting() {
      return entries.length * 10
    },
    next: (after: number, last: number, most: number) =>
      entries.filter(({ id }) => id > after && id <= last).slice(0, Math.max(1, Math.floor(most / 10))),
    entry: (id: number) => entries.find((entry) => entry.id === id),
  }
}

function lanesOf(queue: ReturnType<typeof aQueue>, done: readonly number[] = [], batchSize = 20) {
  const clock = new ManualClock()
  const lanes = new Lanes({ queue, done, clock, batchSize, replayRate: 100 })
  const send = () => {
    const batch = lanes.next()
    if (batch) lanes.sent(batch)
    return batch && { ids: batch.entries.map(({ id }) => id), behind: batch.behind }
  }
  return { lanes, clock, send }
}

describe('what is sent next', () => {
  it('is what comes, in order and batch by batch, while nothing has piled up', () => {
    const queue = aQueue(2)
    const { send, lanes } = lanesOf(queue)
    expect(lanes.isReplaying).toBe(false)
    expect(send()).toEqual({ ids: [1, 2], behind: false })
    expect(send()).toBeUndefined()
    for (const id of [3, 4, 5]) queue.add(id)
    expect([send(), send(), send()]).toEqual([{ ids: [3, 4], behind: false }, { ids: [5], behind: false }, undefined])
  })

  it('is what is new before what piled up, which follows at its rate', async () => {
    const queue = aQueue(5)
    const { send, lanes, clock } = lanesOf(queue)
    expect(lanes.isReplaying).toBe(true)
    queue.add(6)
    expect(send()).toEqual({ ids: [6], behind: false })
    expect(send()).toEqual({ ids: [1, 2], behind: true })
    expect(send()).toBeUndefined()
    expect(lanes.pauseMs).toBe(200)
    queue.add(7)
    expect(send()).toEqual({ ids: [7], behind: false })
    await clock.advance(200)
    expect(send()).toEqual({ ids: [3, 4], behind: true })
    await clock.advance(200)
    expect(send()).toEqual({ ids: [5], behind: true })
    await clock.advance(200)
    expect(send()).toBeUndefined()
    expect(lanes.isReplaying).toBe(false)
    queue.add(8)
    expect(send()).toEqual({ ids: [8], behind: false })
  })

  it('leaves out what the database has already, wherever that stands', async () => {
    const { send, clock } = lanesOf(aQueue(5), [1, 2, 4])
    expect(send()).toEqual({ ids: [3], behind: true })
    await clock.advance(1_000)
    expect(send()).toEqual({ ids: [5], behind: true })
  })

  it('is a change of a user by itself, behind all that was recorded before it', async () => {
    const inOrder = lanesOf(aQueue(3, [2]), [], 100)
    expect([inOrder.send(), inOrder.send(), inOrder.send()]).toEqual([
      { ids: [1], behind: false },
      { ids: [2], behind: false },
      { ids: [3], behind: false },
    ])
    const queue = aQueue(3, [2, 4])
    const { send, clock } = lanesOf(queue)
    for (const id of [4, 5]) queue.add(id)
    const sent: unknown[] = []
    for (let turn = 0; turn < 5; turn++) {
      await clock.advance(1_000)
      sent.push(send())
    }
    expect(sent).toEqual([
      { ids: [5], behind: false },
      { ids: [1], behind: true },
      { ids: [2], behind: true },
      { ids: [3], behind: true },
      { ids: [4], behind: true },
    ])
  })
})
