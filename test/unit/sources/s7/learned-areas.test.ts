import { describe, expect, it } from 'vitest'
import { LearnedAreas } from '../../../../src/sources/s7/learned-areas.ts'
import type { ByteArea } from '../../../../src/sources/s7/read-plan.ts'

const area = (start: number, length: number): ByteArea => ({ area: 'DB', db: 1, start, length, tags: [] })
const whole = area(0, 40)
const left = area(0, 20)
const guilty = area(20, 4)
const guiltyToo = area(24, 4)

/** One that has learned, at time 0, that only `left` of `whole` is readable. */
function taught(): LearnedAreas {
  const learned = new LearnedAreas([whole])
  expect(learned.update({ good: [left], refused: [guilty, guiltyToo], retried: [], now: 0 })).toBe(true)
  return learned
}

describe('what a CPU taught about its addresses', () => {
  it('is nothing at first', () => {
    const learned = new LearnedAreas([whole])
    expect(learned.areas).toEqual([whole])
    expect(learned.toRetry(1e9)).toEqual([])
  })

  it('keeps the readable part in every reading and the guilty tags out of it for a minute', () => {
    const learned = taught()
    expect(learned.areas).toEqual([left])
    expect(learned.refused).toEqual([guilty, guiltyToo])
    expect(learned.toRetry(59_999)).toEqual([])
    expect(learned.toRetry(60_000)).toEqual([guilty, guiltyToo])
  })

  it('lets guilty tags wait another minute when they are still refused', () => {
    const learned = taught()
    const retried = learned.toRetry(60_000)
    expect(learned.update({ good: [left], refused: [guilty, guiltyToo], retried, now: 60_000 })).toBe(false)
    expect(learned.toRetry(119_999)).toEqual([])
    expect(learned.toRetry(120_000)).toEqual([guilty, guiltyToo])
  })

  it('returns to the plan as soon as one of them is readable', () => {
    const learned = taught()
    const retried = learned.toRetry(60_000)
    expect(learned.update({ good: [left, guilty], refused: [guiltyToo], retried, now: 60_000 })).toBe(true)
    expect(learned.areas).toEqual([whole])
    expect(learned.refused).toEqual([])
  })

  it('learns that a data block became shorter', () => {
    const learned = taught()
    const shorter = area(0, 10)
    const newlyGuilty = area(10, 10)
    expect(learned.update({ good: [shorter], refused: [newlyGuilty], retried: [], now: 30_000 })).toBe(true)
    expect(learned.areas).toEqual([shorter])
    expect(learned.refused).toEqual([guilty, guiltyToo, newlyGuilty])
  })

  it('still asks for one address, by turns, where none is readable', () => {
    const learned = new LearnedAreas([whole])
    learned.update({ good: [], refused: [guilty, guiltyToo], retried: [], now: 0 })
    const first = learned.toRetry(1)
    expect(first).toEqual([guilty])
    learned.update({ good: [], refused: [guilty], retried: first, now: 1 })
    expect(learned.toRetry(2)).toEqual([guiltyToo])
    expect(learned.toRetry(60_000)).toHaveLength(2)
  })
})
