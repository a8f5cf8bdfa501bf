import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ReadRequest, type Span } from '../../../../src/sources/s7/nodes7-codec.ts'
import type { ReadItem } from '../../../../src/sources/s7/pdu.ts'
import { itemRefusal } from '../../../../src/sources/s7/refusal.ts'

const read = (bytes: Uint8Array): ReadItem => ({ code: 0xff, data: Buffer.from(bytes), refusal: undefined })
const refused = (code: number): ReadItem => ({ code, data: Buffer.alloc(0), refusal: itemRefusal(code) })

const areas = ['C', 'T', 'PI', 'I', 'Q', 'M', 'DB'] as const
const inOrder = (a: Span, b: Span) =>
  areas.indexOf(a.area) - areas.indexOf(b.area) || a.db - b.db || a.start - b.start || b.length - a.length

/** Up to 20 spans in request order; timers and counters are two bytes each. */
const spans = fc
  .array(
    fc.record({
      area: fc.constantFrom(...areas),
      db: fc.integer({ min: 1, max: 65_535 }),
      start: fc.integer({ min: 0, max: 60_000 }),
      length: fc.integer({ min: 1, max: 222 }),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((list) =>
    list
      .map(({ area, db, start, length }): Span => {
        if (area === 'T' || area === 'C') return { area, db: 0, start: start & ~1, length: length + (length & 1) }
        return { area, db: area === 'DB' ? db : 0, start, length }
      })
      .sort(inOrder),
  )
  .filter((list) => new Set(list.map(({ area, db, start }) => `${area} ${db} ${start}`)).size === list.length)

const content = (span: Span, seed: number) =>
  Uint8Array.from({ length: span.length }, (_, n) => (span.start + span.db + n + seed) & 0xff)

beforeEach(() => {
  vi.spyOn(console, 'log')
})

afterEach(() => {
  expect(console.log).not.toHaveBeenCalled()
  vi.restoreAllMocks()
})

describe('a read request', () => {
  it('hands back each span its own bytes, time after time, whatever else is refused', () => {
    fc.assert(
      fc.property(
        spans,
        fc.array(fc.array(fc.boolean(), { maxLength: 20 }), { minLength: 1, maxLength: 4 }),
        (asked, rounds) => {
          const request = new ReadRequest(asked)
          for (const [round, refusals] of rounds.entries()) {
            request.begin(round)
            const items = asked.map((span, n) => (refusals[n] ? refused(0x0a) : read(content(span, round))))
            expect(request.finish(items)).toEqual(
              asked.map((span, n) => (refusals[n] ? undefined : Buffer.from(content(span, round)))),
            )
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('carries the reference it is given', () => {
    const request = new ReadRequest([{ area: 'DB', db: 1, start: 0, length: 2 }])
    expect(request.begin(0xabcd).readUInt16BE(11)).toBe(0xabcd)
  })

  it('is sent again only when it was answered or given up', () => {
    const request = new ReadRequest([{ area: 'DB', db: 1, start: 0, length: 2 }])
    request.begin(1)
    expect(() => request.begin(2)).toThrow(/before it was answered/)
    request.finish([read(Buffer.of(1, 2))])
    request.begin(3)
    request.abandon()
    request.begin(4)
    expect(request.finish([read(Buffer.of(3, 4))])).toEqual([Buffer.of(3, 4)])
  })

  it('leaves no timer behind when it is given up', () => {
    vi.useFakeTimers()
    const request = new ReadRequest([{ area: 'DB', db: 1, start: 0, length: 2 }])
    request.begin(1)
    request.abandon()
    request.begin(2)
    request.finish([read(Buffer.of(1, 2))])
    expect(vi.getTimerCount()).toBe(0)
    vi.useRealTimers()
  })

  it('refuses a reply of another length than its spans', () => {
    const request = new ReadRequest([{ area: 'DB', db: 1, start: 0, length: 4 }])
    request.begin(1)
    expect(() => request.finish([read(Buffer.of(1, 2))])).toThrow(
      expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }),
    )
  })
})
