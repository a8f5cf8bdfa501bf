import { expect, it } from 'vitest'
import { type SendSpans, SpanQueue } from '../../../src/telemetry/span-queue.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

type Answer = Parameters<SendSpans<number>>[1]

/** A queue before a collector that answers when the test says so. */
function aQueue() {
  const clock = new ManualClock()
  const { log, logged } = recordingLogger()
  const batches: { readonly spans: number[]; readonly answer: Answer }[] = []
  const send: SendSpans<number> = (spans, answer) => batches.push({ spans, answer })
  const queue = new SpanQueue<number>({ send, endpoint: 'http://collector:4318', clock, log })
  const end = (spans: number) => {
    for (let span = 0; span < spans; span++) queue.add(span)
  }
  return { queue, clock, logged, batches, end }
}
const taken = { code: 0 }
const refused = { code: 1, error: new Error('Service Unavailable') }

it('spans go out together, one batch at a time', async () => {
  const { queue, clock, batches, end } = aQueue()
  end(700)
  expect(batches.map(({ spans }) => spans.length)).toEqual([512])
  await clock.advance(60_000)
  expect(batches).toHaveLength(1)
  batches[0]?.answer(taken)
  await clock.advance(2_000)
  expect(batches[1]?.spans).toHaveLength(188)
  batches[1]?.answer(taken)
  expect(queue.health).toEqual({ exported: 700, dropped: 0, waiting: 0 })
})

it('of a collector that takes and never answers nothing is kept but what fits, and what is dropped is counted', () => {
  const { queue, batches, logged, end } = aQueue()
  end(100_000)
  expect(batches).toHaveLength(1)
  expect(queue.health).toEqual({ exported: 0, dropped: 100_000 - 512 - 2_048, waiting: 2_048 })
  expect(logged.map(({ level }) => level)).toEqual(['warn'])
})

it('a collector that refuses is left alone ever longer, which is said once, and once when it is over', async () => {
  const { queue, clock, batches, logged, end } = aQueue()
  const tried: number[] = []
  for (let second = 0; second < 300; second++) {
    end(1)
    const before = batches.length
    await clock.advance(1_000)
    if (batches.length === before) continue
    tried.push(second)
    batches.at(-1)?.answer(refused)
  }
  const pauses = tried.slice(1).map((second, at) => second - (tried[at] as number))
  expect(pauses).toEqual([6, 10, 20, 40, 60, 60, 60])
  expect(logged).toHaveLength(1)
  expect(logged[0]).toMatchObject({ level: 'warn', fields: { cause: 'Service Unavailable' } })
  expect(queue.health.dropped + queue.health.waiting).toBe(300)

  await clock.advance(60_000)
  batches.at(-1)?.answer(taken)
  expect(logged.slice(1)).toMatchObject([{ level: 'info', fields: { dropped: queue.health.dropped } }])
})

it('a gateway that stops sends what waits, but does not wait for a collector that is dead', async () => {
  const { queue, clock, batches, end } = aQueue()
  end(3)
  let hasStopped = false
  void queue.stop(500).then(() => {
    hasStopped = true
  })
  await clock.advance(0)
  expect(batches.map(({ spans }) => spans)).toEqual([[0, 1, 2]])
  expect(hasStopped).toBe(false)
  await clock.advance(500)
  expect(hasStopped).toBe(true)
})
