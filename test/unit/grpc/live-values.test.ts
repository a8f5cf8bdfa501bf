import { beforeEach, describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { type LiveMessage, LiveValues } from '../../../src/grpc/live-values.ts'
import { PlantMirror } from '../../../src/http/live/plant-mirror.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { connected } from '../../support/opcua-engine.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'

const tags = Array.from({ length: 3 }, (_, position) => aTag(`t${position}`, { type: 'String' }))
const plant = aPlant([aModbusDevice('pump', tags)])
const ids = tags.map(({ key }) => `pump/${key}`)

/** Each tag says this text. */
const says = (text: string): SampleBatch => ({
  count: tags.length,
  tag: Uint32Array.from(tags.keys()),
  bits: new Float64Array(tags.length),
  status: new Uint32Array(tags.length),
  sourceTime: new Float64Array(tags.length).fill(1),
  serverTime: new Float64Array(tags.length).fill(1),
  textRow: Uint32Array.from(tags.keys()),
  text: tags.map(() => text),
  arrayRow: new Uint32Array(0),
  array: [],
})

let clock: ManualClock
let feed: { mirror: PlantMirror | undefined; hold: () => () => void; look: () => Promise<PlantMirror> }
let told: LiveMessage[]
let taking: (() => void)[]
let holdsUp: boolean
let ended: AbortController
let outcome: unknown

beforeEach(() => {
  clock = new ManualClock()
  const mirror = new PlantMirror({ plant, ids, revision: 0 })
  mirror.apply(says('at first'))
  mirror.showSources([connected('line', [{ key: 'pump' }])])
  feed = {
    mirror,
    hold: () => () => undefined,
    look: async () => {
      if (feed.mirror) return feed.mirror
      throw new PenstockError('ROOM_UNAVAILABLE', 'gone')
    },
  }
  told = []
  taking = []
  holdsUp = false
  ended = new AbortController()
  outcome = undefined
})

const begin = async (cursor = '') => {
  const send = (message: LiveMessage) => {
    told.push(message)
    return holdsUp ? new Promise<void>((resolve) => taking.push(resolve)) : Promise.resolve()
  }
  const selection = { tags: [], devices: [], sources: [] }
  const parts = { feed, clock, selection, cursor, send }
  void new LiveValues(parts).run(ended.signal).then(
    () => {
      outcome = 'ended'
    },
    (error: unknown) => {
      outcome = error
    },
  )
  await clock.advance(250)
}
const kinds = () => told.map((message) => Object.keys(message)[0])

describe('a reader that does not keep up', () => {
  it('is told so, and gets what changed meanwhile once, with the latest values', async () => {
    await begin()
    told.length = 0
    holdsUp = true
    feed.mirror?.apply(says('one'))
    await clock.advance(250)
    expect(kinds()).toEqual(['values'])
    for (const text of ['two', 'three', 'four']) {
      feed.mirror?.apply(says(text))
      await clock.advance(2_000)
    }
    expect(kinds()).toEqual(['values'])
    holdsUp = false
    taking.pop()?.()
    await clock.advance(250)
    expect(kinds()).toEqual(['values', 'beat', 'gap', 'values'])
    expect(told[2]).toMatchObject({ gap: { reason: 'REASON_SLOW_READER', since: expect.anything() }, cursor: '' })
    expect(told[3]).toMatchObject({
      values: { values: [0, 1, 2].map(() => ({ sample: { value: { stringValue: 'four' } } })) },
    })
  })

  it('gets long texts in messages that it can take', async () => {
    feed.mirror?.apply(says('x'.repeat(200_000)))
    await begin()
    expect(kinds()).toEqual(['plant', 'engine', 'sources', 'values', 'values', 'values'])
    expect(told.map(({ cursor }) => cursor !== '')).toEqual([false, false, false, false, false, true])
  })
})

describe('a reader', () => {
  it('hears that the engine is not heard where it never was, and everything once it is', async () => {
    const { mirror } = feed
    feed.mirror = undefined
    await begin()
    await clock.advance(10_000)
    expect(kinds()).toEqual(['engine', 'beat', 'beat'])
    feed.mirror = mirror
    await clock.advance(250)
    expect(kinds().slice(3)).toEqual(['plant', 'engine', 'sources', 'values'])
    ended.abort()
    await clock.advance(250)
    expect(outcome).toBe('ended')
    expect(clock.pendingTimers).toBe(0)
  })

  it('goes on exactly where its cursor is, also from before the plant had its newest tag', async () => {
    await begin()
    const cursor = told.at(-1)?.cursor ?? ''
    ended.abort()
    told.length = 0
    ended = new AbortController()
    await begin(cursor)
    expect(told).toEqual([])
    feed.mirror?.apply(says('new'))
    await clock.advance(250)
    expect(kinds()).toEqual(['values'])
  })
})
