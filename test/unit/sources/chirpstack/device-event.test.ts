import { describe, expect, it } from 'vitest'
import { decodeEvent, type StreamItem } from '../../../../src/sources/chirpstack/device-event.ts'
import { parseRfc3339 } from '../../../../src/sources/chirpstack/rfc3339.ts'

const item = (body: string, time?: number): StreamItem => ({ id: '1-0', time, description: 'up', body })

describe('the time of an event', () => {
  it.each([
    ['2026-07-23T10:00:00.123456789+00:00', '2026-07-23T10:00:00.123Z'],
    ['2026-07-23T10:00:00.9999+00:00', '2026-07-23T10:00:00.999Z'],
    ['2026-07-23T10:00:00+05:30', '2026-07-23T04:30:00.000Z'],
    ['2026-07-23T10:00:00Z', '2026-07-23T10:00:00.000Z'],
  ])('%s is %s', (text, utc) => {
    expect(parseRfc3339(text)).toBe(Date.parse(utc))
  })

  it.each(['', 'yesterday', '2026-07-23', '2026-07-23T10:00:00', '2026-13-23T10:00:00Z', 1_700_000_000, null])(
    '%j is none',
    (text) => {
      expect(parseRfc3339(text)).toBeUndefined()
    },
  )

  it('is its own, and only without one that of the log', () => {
    expect(decodeEvent(item('{"time":"2026-07-23T10:00:00Z"}', Date.parse('2026-07-23T10:00:01Z'))).time).toBe(
      Date.UTC(2026, 6, 23, 10),
    )
    expect(decodeEvent(item('{}', 5)).time).toBe(5)
    expect(decodeEvent(item('{"time":"noon"}', 5)).time).toBe(5)
  })
})

describe('an event that cannot be understood', () => {
  it.each(['', '{', 'null', '[]', '"up"', '7', '{"a":Infinity}'])('%j is refused', (body) => {
    expect(() => decodeEvent(item(body, 5))).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
  })

  it('is also one of which nothing says when it happened', () => {
    expect(() => decodeEvent(item('{}'))).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
  })
})
