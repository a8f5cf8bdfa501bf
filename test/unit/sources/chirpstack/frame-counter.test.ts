import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameCounter, type FrameCounterMemory } from '../../../../src/sources/chirpstack/frame-counter.ts'

const A = '01aaaaaa'
const B = '01bbbbbb'

/** A counter that heard frames `[fCnt, time]` of one session. */
function heard(...frames: readonly (readonly [number, number])[]): FrameCounter {
  const counter = new FrameCounter()
  for (const [fCnt, time] of frames) counter.uplink({ fCnt, devAddr: A, time })
  return counter
}

describe('uplinks by their frame counter', () => {
  it('cannot be counted before the first', () => {
    const counter = new FrameCounter()
    counter.refused()
    expect(counter.lost).toBeUndefined()
  })

  it('before the first that was heard are not claimed to be missing', () => {
    expect(heard([500, 1], [501, 2]).lost).toBe(0)
  })

  it('that left a gap are missing', () => {
    expect(heard([5, 1], [9, 2], [10, 3], [12, 4]).lost).toBe(4)
  })

  it('that come late are missing no more, each once', () => {
    const counter = heard([5, 10], [9, 20])
    counter.uplink({ fCnt: 7, devAddr: A, time: 15 })
    expect(counter.lost).toBe(2)
    counter.uplink({ fCnt: 7, devAddr: A, time: 15 })
    counter.uplink({ fCnt: 4, devAddr: A, time: 9 })
    expect(counter.lost).toBe(2)
    counter.uplink({ fCnt: 6, devAddr: A, time: 14 })
    counter.uplink({ fCnt: 8, devAddr: A, time: 16 })
    expect(counter.lost).toBe(0)
  })

  it('of which two are swapped are not missing, even where the clocks of two gateways swap their times too', () => {
    expect(heard([5, 10], [7, 30], [6, 20]).lost).toBe(0)
    expect(heard([5, 10], [6, 600_000], [7, 20_000], [8, 700_000]).lost).toBe(0)
  })

  it('without a counter, or with what is none, say nothing', () => {
    const counter = heard([5, 1])
    for (const fCnt of [undefined, null, '7', -1, 1.5, 2 ** 32, Number.NaN])
      counter.uplink({ fCnt, devAddr: A, time: 2 })
    counter.uplink({ fCnt: 6, devAddr: A, time: 3 })
    expect(counter.lost).toBe(0)
  })

  it.each([
    [65_535, 0, 0],
    [65_534, 2, 3],
    [2 ** 32 - 1, 0, 0],
    [2 ** 32 - 2, 1, 2],
  ])('whose counter rolls over from %i to %i leave %i missing', (last, next, lost) => {
    expect(heard([last - 1, 1], [last, 2], [next, 3]).lost).toBe(lost)
  })
})

describe('a new session', () => {
  it('begins with a join, and its frames with 0', () => {
    const counter = heard([500, 1])
    counter.join({ devAddr: B, time: 2 })
    counter.uplink({ fCnt: 0, devAddr: B, time: 3 })
    expect(counter.lost).toBe(0)
    counter.join({ devAddr: A, time: 4 })
    counter.uplink({ fCnt: 2, devAddr: A, time: 5 })
    expect(counter.lost).toBe(2)
  })

  it('begins but once: a join that is replayed late changes nothing', () => {
    const counter = heard([0, 10], [1, 20], [2, 30])
    counter.join({ devAddr: A, time: 5 })
    counter.uplink({ fCnt: 3, devAddr: A, time: 40 })
    expect(counter.lost).toBe(0)
  })

  it('shows by another DevAddr when its join was not heard, and then nor were its first frames', () => {
    const counter = heard([10, 1], [12, 2])
    counter.uplink({ fCnt: 20, devAddr: B, time: 3 })
    expect(counter.lost).toBe(1 + 20)
  })

  it('of an ABP device that was reset shows by its counter', () => {
    expect(heard([40_000, 1], [0, 2], [1, 3]).lost).toBe(0)
    expect(heard([40_000, 1], [3, 2], [4, 3]).lost).toBe(3)
  })

  it('leaves what was missing before it missing: no late frame of the new one stands for it', () => {
    const counter = heard([5, 10], [9, 20])
    counter.join({ devAddr: B, time: 30 })
    counter.uplink({ fCnt: 7, devAddr: A, time: 15 })
    expect(counter.lost).toBe(3)
  })
})

it('frames that ChirpStack refuses are missing, and are not counted again when the device is heard', () => {
  const counter = heard([500, 1])
  for (let n = 0; n < 3; n++) counter.refused()
  expect(counter.lost).toBe(3)
  counter.uplink({ fCnt: 3, devAddr: A, time: 2 })
  expect(counter.lost).toBe(3)
})

it('what is missing is known after a restart, and a late frame is still found', () => {
  const before = heard([5, 10], [9, 20])
  const counter = new FrameCounter(JSON.parse(JSON.stringify(before.toMemory())) as FrameCounterMemory)
  expect(counter.lost).toBe(3)
  counter.uplink({ fCnt: 8, devAddr: A, time: 18 })
  counter.uplink({ fCnt: 10, devAddr: A, time: 30 })
  expect(counter.lost).toBe(2)
})

it('in whatever order the frames of a session arrive, those are missing that did not', () => {
  const arrivals = fc
    .uniqueArray(fc.integer({ min: 1, max: 32 }), { maxLength: 30 })
    .chain((frames) => fc.shuffledSubarray(frames, { minLength: frames.length }))
  fc.assert(
    fc.property(arrivals, (frames) => {
      const counter = heard([0, 0], ...frames.map((fCnt) => [fCnt, fCnt * 1_000] as const))
      expect(counter.lost).toBe(Math.max(0, ...frames) - frames.length)
    }),
  )
})
