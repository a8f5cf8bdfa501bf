import { describe, expect, it } from 'vitest'
import { bucketStart, LocalZone, nextBucket } from '../../../../src/demo/chirpstack/local-time.ts'

const at = (text: string): number => Date.parse(text)
/** A wall clock's reading, which is written as if it were UTC. */
const local = (text: string): number => Date.parse(`${text}Z`)

describe('the wall clock of a server', () => {
  it.each([
    ['UTC', '2026-07-23T10:00:00Z', '2026-07-23T10:00:00'],
    ['Asia/Kolkata', '2026-07-23T10:00:00Z', '2026-07-23T15:30:00'],
    ['+05:30', '2026-07-23T10:00:00Z', '2026-07-23T15:30:00'],
    ['America/St_Johns', '2026-01-23T10:00:00Z', '2026-01-23T06:30:00'],
    ['Europe/Berlin', '2026-01-23T23:30:00Z', '2026-01-24T00:30:00'],
    ['Europe/Berlin', '2026-07-23T23:30:00Z', '2026-07-24T01:30:00'],
  ])('in %s shows at %s %s', (zone, instant, shown) => {
    expect(new LocalZone(zone).toLocal(at(instant))).toBe(local(shown))
    expect(new LocalZone(zone).toInstant(local(shown))).toBe(at(instant))
  })

  it('has no instant for the hour that is left out, nor for the one that comes twice', () => {
    const berlin = new LocalZone('Europe/Berlin')
    expect(berlin.toInstant(local('2026-03-29T02:30:00'))).toBeUndefined()
    expect(berlin.toInstant(local('2026-10-25T02:30:00'))).toBeUndefined()
    expect(berlin.toInstant(local('2026-03-29T01:59:00'))).toBe(at('2026-03-29T00:59:00Z'))
    expect(berlin.toInstant(local('2026-03-29T03:00:00'))).toBe(at('2026-03-29T01:00:00Z'))
    expect(berlin.toInstant(local('2026-10-25T01:59:00'))).toBe(at('2026-10-24T23:59:00Z'))
    expect(berlin.toInstant(local('2026-10-25T03:00:00'))).toBe(at('2026-10-25T02:00:00Z'))
  })
})

describe('a bucket', () => {
  it.each([
    ['MINUTE', '2026-07-23T10:59:00', '2026-07-23T11:00:00'],
    ['HOUR', '2026-07-23T10:00:00', '2026-07-23T11:00:00'],
    ['DAY', '2026-07-23T00:00:00', '2026-07-24T00:00:00'],
    ['MONTH', '2026-07-01T00:00:00', '2026-08-01T00:00:00'],
  ] as const)('of a %s begins at %s and is followed by %s', (aggregation, start, next) => {
    expect(bucketStart(local('2026-07-23T10:59:59.999'), aggregation)).toBe(local(start))
    expect(nextBucket(local(start), aggregation)).toBe(local(next))
  })

  it('of a month is followed by the next year after December', () => {
    expect(nextBucket(local('2026-12-01T00:00:00'), 'MONTH')).toBe(local('2027-01-01T00:00:00'))
  })
})
