import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDateTime, parseDateTime, splitDateTime } from '../../../src/core/date-time.ts'

describe('a text of ISO 8601 is a moment', () => {
  it.each([
    ['2026-05-04T10:20:00Z', Date.UTC(2026, 4, 4, 10, 20)],
    ['2026-05-04T12:20:00+02:00', Date.UTC(2026, 4, 4, 10, 20)],
    ['2026-05-04T05:20-0500', Date.UTC(2026, 4, 4, 10, 20)],
    ['2026-05-04T10:20:00.123456789+00:00', Date.UTC(2026, 4, 4, 10, 20) + 123.456789],
    ['2024-02-29T23:59:59.5z', Date.UTC(2024, 1, 29, 23, 59, 59, 500)],
    ['1601-01-01T00:00:00Z', Date.UTC(1601, 0, 1)],
  ])('%s', (text, time) => expect(parseDateTime(text)).toBe(time))

  it.each([
    ['without a zone', '2026-05-04T10:20:00'],
    ['without a time', '2026-05-04'],
    ['on a day that no calendar has', '2026-02-29T00:00:00Z'],
    ['in a thirteenth month', '2026-13-01T00:00:00Z'],
    ['at an hour that no day has', '2026-05-04T24:00:00Z'],
    ['in a leap second, which no DateTime holds', '2016-12-31T23:59:60Z'],
    ['in a zone that there is not', '2026-05-04T10:20:00+25:00'],
    ['before a DateTime begins', '1600-12-31T23:59:59Z'],
    ['with words around it', 'at 2026-05-04T10:20:00Z'],
  ])('and not one %s', (_why, text) => expect(parseDateTime(text)).toBeUndefined())

  it('that is printed is the same moment to 100 ns', () => {
    const moments = fc.double({ min: Date.UTC(1601, 0, 1), max: Date.UTC(9999, 11, 31, 23, 59, 58), noNaN: true })
    fc.assert(
      fc.property(moments, (time) => {
        expect(splitDateTime(parseDateTime(formatDateTime(time)) ?? Number.NaN)).toEqual(splitDateTime(time))
      }),
    )
  })
})
