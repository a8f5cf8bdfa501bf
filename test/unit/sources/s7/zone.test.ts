import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Zone } from '../../../../src/sources/s7/zone.ts'

const at = (zone: string, local: string) => new Date(new Zone(zone).epochOf(Date.parse(`${local}Z`))).toISOString()

describe("a CPU's clock", () => {
  it.each([
    ['UTC', '2024-07-01T12:00:00', '2024-07-01T12:00:00.000Z'],
    ['Europe/Berlin', '2024-07-01T12:00:00', '2024-07-01T10:00:00.000Z'],
    ['Europe/Berlin', '2024-01-01T00:00:00', '2023-12-31T23:00:00.000Z'],
    ['Asia/Kolkata', '2024-01-01T00:00:00', '2023-12-31T18:30:00.000Z'],
    ['America/New_York', '2024-07-01T12:00:00', '2024-07-01T16:00:00.000Z'],
    // On both sides of the changes, 2024-03-31 and 2024-10-27 at 01:00 UTC.
    ['Europe/Berlin', '2024-03-31T01:59:59', '2024-03-31T00:59:59.000Z'],
    ['Europe/Berlin', '2024-03-31T03:00:00', '2024-03-31T01:00:00.000Z'],
    ['Europe/Berlin', '2024-10-27T01:59:59', '2024-10-26T23:59:59.000Z'],
    ['Europe/Berlin', '2024-10-27T03:00:00', '2024-10-27T02:00:00.000Z'],
  ])('in %s that shows %s means %s', (zone, local, instant) => {
    expect(at(zone, local)).toBe(instant)
  })

  it('means the first of the two hours that look the same in autumn', () => {
    expect(at('Europe/Berlin', '2024-10-27T02:30:00')).toBe('2024-10-27T00:30:00.000Z')
    expect(at('America/New_York', '2024-11-03T01:30:00')).toBe('2024-11-03T05:30:00.000Z')
  })

  it('that was not put forward in spring is read as if nobody was to', () => {
    expect(at('Europe/Berlin', '2024-03-31T02:30:00')).toBe('2024-03-31T01:30:00.000Z')
  })

  it('shows the same again at the instant that is read, but for the hour that spring leaves out', () => {
    const zone = new Zone('Europe/Berlin')
    const clock = new Intl.DateTimeFormat('sv-SE', {
      timeZone: 'Europe/Berlin',
      dateStyle: 'short',
      timeStyle: 'medium',
    })
    const times = fc.integer({ min: Date.UTC(1990, 0) / 1000, max: Date.UTC(2036, 0) / 1000 })
    fc.assert(
      fc.property(times, (seconds) => {
        const instant = zone.epochOf(seconds * 1_000)
        const shown = Date.parse(`${clock.format(instant).replace(' ', 'T')}Z`)
        expect([0, 3_600_000]).toContain(shown - seconds * 1_000)
      }),
    )
  })

  it('keeps fractions of a millisecond', () => {
    expect(new Zone('Europe/Berlin').epochOf(1_720_000_000_000.25)).toBe(1_720_000_000_000.25 - 7_200_000)
  })

  it('cannot be set in a zone that nobody knows', () => {
    expect(() => new Zone('Mars/Olympus')).toThrow(RangeError)
  })
})
