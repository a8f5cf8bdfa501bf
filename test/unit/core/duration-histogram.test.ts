import { describe, expect, it } from 'vitest'
import { DurationHistogram } from '../../../src/core/duration-histogram.ts'

const of = (...durations: number[]): DurationHistogram => {
  const histogram = new DurationHistogram()
  for (const duration of durations) histogram.note(duration)
  return histogram
}

describe('a histogram of durations', () => {
  it('knows no percentile before the first duration', () => {
    expect(DurationHistogram.percentile([of()], 0.5)).toBeUndefined()
    expect(DurationHistogram.percentile([], 0.5)).toBeUndefined()
  })

  it('gives percentiles that are never below the truth and at most 9 % above it', () => {
    const durations = Array.from({ length: 1_000 }, (_, i) => 0.1 * 1.01 ** i)
    const histogram = of(...durations)
    for (const share of [0.01, 0.5, 0.9, 0.99, 1]) {
      const truth = durations[Math.ceil(share * durations.length) - 1]!
      const found = DurationHistogram.percentile([histogram], share)!
      expect(found).toBeGreaterThanOrEqual(truth)
      expect(found / truth).toBeLessThan(1.091)
    }
  })

  it('gives the percentile of several devices together', () => {
    const fast = of(...Array.from({ length: 99 }, () => 1))
    const slow = of(1_000)
    expect(DurationHistogram.percentile([fast, slow], 0.5)).toBeLessThan(1.1)
    expect(DurationHistogram.percentile([fast, slow], 1)).toBeGreaterThanOrEqual(1_000)
  })

  it('forgets how a device was long ago', () => {
    const histogram = of(...Array.from({ length: 2_000 }, () => 1_000))
    for (let i = 0; i < 10_000; i++) histogram.note(10)
    expect(DurationHistogram.percentile([histogram], 0.9)).toBeLessThan(11)
  })

  it('takes durations of any size', () => {
    const histogram = of(0, 1e-9, 1e12, Number.POSITIVE_INFINITY)
    expect(DurationHistogram.percentile([histogram], 0.1)).toBeLessThan(0.1)
    expect(DurationHistogram.percentile([histogram], 1)).toBe(131_072)
  })
})
