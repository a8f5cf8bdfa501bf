import { describe, expect, it } from 'vitest'
import { ChangeFeed } from '../../../src/core/change-feed.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import { changeBetween } from '../../../src/core/plant-change.ts'
import { statusName } from '../../../src/core/status-code.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const plantOf = (tags: readonly TagConfig[]) => aPlant([aModbusDevice('meter', tags)])

/** A pipeline of these tags, and what turns it into one of others. */
function aPipeline(tags: readonly TagConfig[]) {
  const clock = new ManualClock()
  let plant = plantOf(tags)
  const indexing = new TagIndexing(plant)
  const pipeline = new Pipeline(indexing.present, clock)
  pipeline.start()
  const change = (to: readonly TagConfig[]) => {
    const next = plantOf(to)
    pipeline.change(indexing.apply(changeBetween(plant, next), next))
    plant = next
  }
  const shown = (index: number) => [pipeline.table.value(index), statusName(pipeline.table.status[index] as number)]
  return { clock, pipeline, change, shown }
}

describe('when the plant changes', () => {
  it('a tag that stays keeps its value, and a new one waits for its first', () => {
    const { pipeline, change, shown } = aPipeline([aTag('a')])
    pipeline.polled(0, 5)
    change([aTag('a'), aTag('b')])
    expect([shown(0), shown(1)[1]]).toEqual([[5, 'Good'], 'BadWaitingForInitialData'])
    pipeline.polled(1, 6)
    expect(shown(1)).toEqual([6, 'Good'])
  })

  it('nothing more is heard of a tag that is gone, whatever its source still says', () => {
    const { pipeline, change, shown } = aPipeline([aTag('a'), aTag('b')])
    pipeline.polled(1, 5)
    change([aTag('a')])
    pipeline.polled(1, 9)
    pipeline.lost([1])
    pipeline.expectEvery([1], 1_000)
    expect(shown(1)[1]).toBe('BadOutOfService')
  })

  it('the value of another address is not shown as that of the new one', () => {
    const { pipeline, change, shown } = aPipeline([aTag('a')])
    pipeline.polled(0, 5)
    change([aTag('a', { address: 'holding:8' })])
    expect(shown(0)[1]).toBe('BadWaitingForInitialData')
    expect(pipeline.table.sourceTime[0]).toBeNaN()
  })

  it('a value is judged by the new range at once', () => {
    const { pipeline, change, shown } = aPipeline([aTag('a')])
    pipeline.polled(0, 50)
    change([aTag('a', { range: { low: 0, high: 10 } })])
    expect(shown(0)).toEqual([50, 'UncertainEngineeringUnitsExceeded'])
    change([aTag('a', { range: { low: 0, high: 100 } })])
    expect(shown(0)).toEqual([50, 'Good'])
  })

  it('a shorter stale time makes an old value stale at once', async () => {
    const { clock, pipeline, change, shown } = aPipeline([aTag('a')])
    pipeline.polled(0, 5)
    await clock.advance(10_000)
    change([aTag('a', { staleAfterMs: 1_000 })])
    expect(shown(0)).toEqual([5, 'UncertainLastUsableValue'])
  })

  it('a disabled tag is out of service, and Uncertain when it is enabled again until it is read', () => {
    const { pipeline, change, shown } = aPipeline([aTag('a')])
    pipeline.polled(0, 5)
    change([aTag('a', { disabled: true })])
    expect(shown(0)[1]).toBe('BadOutOfService')
    change([aTag('a')])
    expect(shown(0)).toEqual([5, 'UncertainLastUsableValue'])
    pipeline.polled(0, 5)
    expect(shown(0)).toEqual([5, 'Good'])
  })

  it('a reader hears of tags that came after it had begun', () => {
    const { pipeline, change } = aPipeline([aTag('a')])
    const rows: [number, string][] = []
    let credit = true
    const feed = new ChangeFeed(pipeline.table, {
      send: ({ count, tag, status }) => {
        for (let row = 0; row < count; row++) rows.push([tag[row] as number, statusName(status[row] as number)])
        return true
      },
      wantsBatch: () => credit,
      due: () => undefined,
    })
    pipeline.listen(feed)
    feed.flush()
    credit = false
    change(Array.from({ length: 40 }, (_, position) => aTag(position === 0 ? 'a' : `t${position}`)))
    pipeline.polled(39, 1)
    credit = true
    feed.flush()
    expect(rows.at(-1)).toEqual([39, 'Good'])
    expect(new Set(rows.map(([tag]) => tag)).size).toBe(40)
  })
})
