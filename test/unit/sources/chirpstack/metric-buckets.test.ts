import { describe, expect, it } from 'vitest'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { bucketsOf, certain, staleAfterOf, zeroOr } from '../../../../src/sources/chirpstack/metric-buckets.ts'
import type { BucketSize } from '../../../../src/sources/chirpstack/polled-address.ts'
import { ServerZone } from '../../../support/chirpstack-zone.ts'

const HOUR = 3_600_000

/** The starts of the buckets that a server in `timeZone` answers with. */
function startsIn(timeZone: string, size: BucketSize, from: string, to: string): number[] {
  const zone = new ServerZone(timeZone)
  const starts: number[] = []
  const last = zone.bucketOf(Date.parse(to), size)
  for (let local = zone.bucketOf(Date.parse(from), size); local <= last; local = zone.nextBucket(local, size)) {
    const start = zone.toInstant(local)
    if (start !== undefined) starts.push(start)
  }
  return starts
}

const ends = (starts: readonly number[], size: BucketSize, now: string) =>
  bucketsOf({ starts }, size, Date.parse(now)).closed.map(({ end }) => new Date(end).toISOString())

const currentStart = (starts: readonly number[], size: BucketSize, now: string) => {
  const { current } = bucketsOf({ starts }, size, Date.parse(now))
  return current && new Date(current.start).toISOString()
}

describe('the buckets of a metric', () => {
  it('are closed where their hour is over, and the last one runs', () => {
    const now = '2026-05-04T10:20:00Z'
    const starts = startsIn('UTC', 'hour', '2026-05-04T08:00:00Z', now)
    expect(ends(starts, 'hour', now)).toEqual(['2026-05-04T09:00:00.000Z', '2026-05-04T10:00:00.000Z'])
    expect(currentStart(starts, 'hour', now)).toBe('2026-05-04T10:00:00.000Z')
  })

  it('are not closed in the first seconds, in which an uplink of before is still written', () => {
    const now = '2026-05-04T10:00:05Z'
    const starts = startsIn('UTC', 'hour', '2026-05-04T08:00:00Z', now)
    expect(ends(starts, 'hour', now)).toEqual(['2026-05-04T09:00:00.000Z'])
    expect(ends(starts, 'hour', '2026-05-04T10:00:10Z')).toHaveLength(2)
  })

  it('end where those of the server do, in a zone of half hours', () => {
    const now = '2026-05-04T10:20:00Z'
    const starts = startsIn('Asia/Kolkata', 'hour', '2026-05-04T08:00:00Z', now)
    expect(ends(starts, 'hour', now)).toEqual(['2026-05-04T08:30:00.000Z', '2026-05-04T09:30:00.000Z'])
    expect(currentStart(starts, 'hour', now)).toBe('2026-05-04T09:30:00.000Z')
    const days = startsIn('Asia/Kolkata', 'day', '2026-05-02T12:00:00Z', now)
    expect(ends(days, 'day', now)).toEqual(['2026-05-02T18:30:00.000Z', '2026-05-03T18:30:00.000Z'])
  })

  it('of an hour last one, also before the hours that come twice and are left out', () => {
    const now = '2026-10-25T03:30:00Z'
    const starts = startsIn('Europe/Zurich', 'hour', '2026-10-24T22:30:00Z', now)
    // 02:00 to 03:00 local time comes twice, from 00:00Z and from 01:00Z.
    expect(starts.map((start) => new Date(start).toISOString().slice(11, 16))).toEqual([
      '22:00',
      '23:00',
      '02:00',
      '03:00',
    ])
    expect(ends(starts, 'hour', now).map((end) => end.slice(11, 16))).toEqual(['23:00', '00:00', '03:00'])
    expect(
      currentStart(
        startsIn('Europe/Zurich', 'hour', '2026-10-24T22:30:00Z', '2026-10-25T00:30:00Z'),
        'hour',
        '2026-10-25T00:30:00Z',
      ),
    ).toBeUndefined()
  })

  it('of a day are as long as the day, when the clocks are set forward and back', () => {
    const lengths = (from: string, now: string) => {
      const starts = startsIn('Europe/Zurich', 'day', from, now)
      return bucketsOf({ starts }, 'day', Date.parse(now)).closed.map(({ start, end }) => (end - start) / HOUR)
    }
    expect(lengths('2026-03-28T12:00:00Z', '2026-03-31T12:00:00Z')).toEqual([24, 23, 24])
    expect(lengths('2026-10-24T12:00:00Z', '2026-10-27T12:00:00Z')).toEqual([24, 25, 24])
  })

  it('of a month end where the next one begins', () => {
    const now = '2026-03-15T12:00:00Z'
    expect(ends(startsIn('UTC', 'month', '2026-01-10T00:00:00Z', now), 'month', now)).toEqual([
      '2026-02-01T00:00:00.000Z',
      '2026-03-01T00:00:00.000Z',
    ])
  })

  it('are none where the server answers none', () => {
    expect(bucketsOf({ starts: [] }, 'hour', Date.now())).toEqual({ closed: [], current: undefined })
  })

  it('of a server whose clock is ahead do not run yet', () => {
    const now = '2026-05-04T10:20:00Z'
    expect(currentStart([Date.parse('2026-05-04T11:00:00Z')], 'hour', now)).toBeUndefined()
  })
})

describe('a 0 in a bucket', () => {
  it('is no value where nothing came, one where something did, and uncertain where nobody can tell', () => {
    expect(zeroOr(0, false)).toBeUndefined()
    expect(zeroOr(0, true)).toEqual({ value: 0 })
    expect(zeroOr(0, 'perhaps')).toEqual({ value: 0, doubt: StatusCode.UncertainDataSubNormal })
    expect(zeroOr(21.5, 'perhaps')).toEqual({ value: 21.5 })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'is none of %d, which is no number',
    (value) => {
      expect(certain(value)).toEqual({ status: StatusCode.BadSensorFailure })
      expect(zeroOr(value, 'perhaps')).toEqual({ status: StatusCode.BadSensorFailure })
    },
  )
})

describe('the value of a bucket', () => {
  it('is stale when a bucket and the next one were missed', () => {
    expect(staleAfterOf({ bucket: 'hour', part: 'closed' }, 300_000)).toBe(2 * HOUR + 600_000)
    expect(staleAfterOf({ bucket: 'hour', part: 'current' }, 300_000)).toBe(900_000)
  })
})
