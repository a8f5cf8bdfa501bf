import { describe, expect, it } from 'vitest'
import { RecentTimes } from '../../../src/sources/recent-times.ts'

describe('RecentTimes', () => {
  it('says nothing before the first time', () => {
    expect(new RecentTimes().percentile(0.5)).toBeNull()
  })

  it('gives what a share of the times does not exceed', () => {
    const times = new RecentTimes()
    for (let ms = 1; ms <= 100; ms++) times.note(ms)
    expect([times.percentile(0.5), times.percentile(0.99), times.percentile(1)]).toEqual([51, 100, 100])
  })

  it('forgets what is more than three hundred times ago', () => {
    const times = new RecentTimes()
    times.note(9_000)
    for (let n = 0; n < 300; n++) times.note(5)
    expect(times.percentile(1)).toBe(5)
  })
})
