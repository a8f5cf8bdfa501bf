import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../../src/config/duration.ts'

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['5s', 5_000],
    ['10m', 600_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('%s is %i milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds)
  })

  it.each(['', '5', 's', '5 s', '1.5h', '-1s', '5S', '5sec', '1h30m', '9999999999s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined()
  })

  it('is written so that it reads back as the same time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000_000_000 }), (milliseconds) => {
        fc.pre(milliseconds % 1_000 === 0 || milliseconds < 1e9)
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds)
      }),
    )
  })

  it('is written in its largest unit', () => {
    expect([90_000, 300_000, 172_800_000, 1_500].map(formatDuration)).toEqual(['90s', '5m', '2d', '1500ms'])
  })
})
