import { describe, expect, it } from 'vitest'
import { ChangeFeed } from '../../../src/core/change-feed.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aTag, indexed } from '../../support/small-plant.ts'

function aFeed(tagCount: number, type: 'Double' | 'UInt64' | 'String' = 'Double') {
  const tags = indexed(Array.from({ length: tagCount }, (_, at) => aTag(`t${at}`, { type })))
  const pipeline = new Pipeline(tags, new ManualClock())
  const sent: SampleBatch[] = []
  const reader = { credits: 1_000, due: 0 }
  const feed = new ChangeFeed(pipeline.table, {
    wantsBatch: () => reader.credits > 0,
    send: (batch) => {
      reader.credits--
      return sent.push(batch) > 0
    },
    due: () => reader.due++,
  })
  pipeline.listen(feed)
  const rows = () => sent.flatMap(({ tag, bits, count }) => [...tag.subarray(0, count)].map((t, i) => [t, bits[i]]))
  return { pipeline, feed, sent, reader, rows }
}

describe('a reader of changes', () => {
  it('first gets every tag once, in order', () => {
    const { feed, rows } = aFeed(20_000)
    feed.flush()
    expect(rows().map(([tag]) => tag)).toEqual(Array.from({ length: 20_000 }, (_, at) => at))
  })

  it('then gets every change in order, also several of one tag', () => {
    const { pipeline, feed, sent, rows } = aFeed(2)
    feed.flush()
    sent.length = 0
    for (const value of [1, 2, 3]) pipeline.polled(0, value)
    pipeline.polled(1, 9)
    feed.flush()
    expect(rows()).toEqual([
      [0, 1],
      [0, 2],
      [0, 3],
      [1, 9],
    ])
  })

  it('that is too slow gets the latest of each tag, and the rest is counted', () => {
    const { pipeline, feed, sent, reader, rows } = aFeed(3)
    feed.flush()
    sent.length = 0
    reader.credits = 0
    for (let value = 1; value <= 70_000; value++) pipeline.polled(value % 2, value)
    feed.flush()
    expect(sent).toHaveLength(0)
    reader.credits = 10
    feed.flush()
    expect(rows()).toEqual([
      [0, 70_000],
      [1, 69_999],
    ])
    expect(feed.merged).toBe(70_000 - 2)
  })

  it('is called once for many changes, and again after a flush', () => {
    const { pipeline, feed, reader } = aFeed(1)
    feed.flush()
    pipeline.polled(0, 1)
    pipeline.polled(0, 2)
    expect(reader.due).toBe(1)
    feed.flush()
    pipeline.polled(0, 3)
    expect(reader.due).toBe(2)
  })

  it('gets 64-bit integers bit by bit and texts beside their rows', () => {
    const big = aFeed(1, 'UInt64')
    big.pipeline.polled(0, 0xfff8_0000_0000_0001n)
    big.feed.flush()
    expect(new BigUint64Array(big.sent[0]?.bits.buffer as ArrayBuffer)[0]).toBe(0xfff8_0000_0000_0001n)

    const text = aFeed(2, 'String')
    text.pipeline.polled(1, 'Rezept 7')
    text.feed.flush()
    expect([[...(text.sent[0]?.textRow ?? [])], text.sent[0]?.text]).toEqual([[1], ['Rezept 7']])
  })
})
