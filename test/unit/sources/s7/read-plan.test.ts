import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { payloadOf } from '../../../../src/sources/s7/pdu-budget.ts'
import {
  type ByteArea,
  type PlannedTag,
  packAreas,
  planAreas,
  planBlocks,
  splitArea,
} from '../../../../src/sources/s7/read-plan.ts'
import { resolveTag } from '../../../../src/sources/s7/resolve.ts'
import { s7Device, s7DevicesOf, s7SourceConfig, s7Tag } from '../../../support/s7-plant.ts'

/** Tags at these addresses, as the planner takes them. */
function planned(addresses: readonly string[]): PlannedTag[] {
  const types = { X: 'Boolean', B: 'Byte', I: 'Int16', R: 'Float', L: 'Double', S: 'String' } as const
  const tags = addresses.map((address, n) => {
    if (/^[TC]/.test(address)) return s7Tag(`t${n}`, { address, type: 'UInt32' })
    if (!address.includes(',')) return s7Tag(`t${n}`, { address, type: 'Byte' })
    const letter = address.slice(address.indexOf(',') + 1, address.indexOf(',') + 2) as keyof typeof types
    return s7Tag(`t${n}`, { address, type: types[letter] })
  })
  const [device] = s7DevicesOf(s7SourceConfig([s7Device('line', tags)]))
  return (device?.tags ?? []).map((tag) => {
    const resolved = resolveTag(tag.tag)
    if (!resolved.ok) throw new Error(resolved.fault.message)
    return { tag, item: resolved.item }
  })
}

const spans = (areas: readonly ByteArea[]) => areas.map(({ db, start, length }) => `DB${db} ${start}+${length}`)

const offset = fc.integer({ min: 0, max: 600 })
const addresses = fc.array(
  fc.integer({ min: 1, max: 3 }).chain((db) =>
    fc.oneof(
      fc.tuple(offset, fc.integer({ min: 0, max: 7 })).map(([at, bit]) => `DB${db},X${at}.${bit}`),
      fc.tuple(fc.constantFrom('BYTE', 'INT', 'REAL', 'LREAL'), offset).map(([type, at]) => `DB${db},${type}${at}`),
      fc.tuple(offset, fc.integer({ min: 1, max: 254 })).map(([at, length]) => `DB${db},STRING${at}.${length}`),
    ),
  ),
  { minLength: 1, maxLength: 80 },
)

describe('the areas that cover some tags', () => {
  it('hold every tag once and whole, in order, and are no longer than a reply carries', () => {
    fc.assert(
      fc.property(addresses, fc.constantFrom(82, 222, 942), (list, longest) => {
        const tags = planned(list)
        const areas = planAreas(tags, longest)
        expect(
          areas
            .flatMap((area) => area.tags)
            .map((each) => each.tag.index)
            .sort((a, b) => a - b),
        ).toEqual(tags.map((each) => each.tag.index))
        for (const { db, start, length, tags: covered } of areas) {
          expect(length <= longest || covered.length === 1).toBe(true)
          for (const { item } of covered) {
            expect(item.db).toBe(db)
            expect(item.offset >= start && item.offset + item.length <= start + length).toBe(true)
          }
        }
        for (const [n, area] of areas.entries()) {
          const next = areas[n + 1]
          if (next) expect(area.db < next.db || (area.db === next.db && area.start <= next.start)).toBe(true)
        }
      }),
    )
  })

  it('leave out gaps that cost more than an item, and no others', () => {
    expect(spans(planAreas(planned(['DB1,INT0', 'DB1,INT18', 'DB1,INT37', 'DB2,INT20']), 222))).toEqual([
      'DB1 0+20',
      'DB1 37+2',
      'DB2 20+2',
    ])
  })

  it('are of one area each, and of peripheral inputs leave nothing in between', () => {
    const tags = planned(['PIB0', 'PIB1', 'PIB3', 'MB0', 'MB3', 'QB0', 'IB0', 'T1', 'T3', 'C0', 'DB1,BYTE0'])
    const found = planAreas(tags, 222).map(({ area, start, length }) => `${area} ${start}+${length}`)
    expect(found).toEqual(['C 0+2', 'T 2+6', 'PI 0+2', 'PI 3+1', 'I 0+1', 'Q 0+1', 'M 0+4', 'DB 0+1'])
  })

  it('end before the tag that would not fit any more', () => {
    const reals = Array.from({ length: 60 }, (_, n) => `DB1,REAL${n * 4}`)
    expect(spans(planAreas(planned(reals), 222))).toEqual(['DB1 0+220', 'DB1 220+20'])
    const bytes = Array.from({ length: 223 }, (_, n) => `DB1,BYTE${n}`)
    expect(spans(planAreas(planned(bytes), 222))).toEqual(['DB1 0+222', 'DB1 222+1'])
  })

  it('leave a STRING that no reply carries to an area of its own', () => {
    expect(spans(planAreas(planned(['DB1,BYTE0', 'DB1,STRING2.254', 'DB1,BYTE4']), 222))).toEqual([
      'DB1 0+5',
      'DB1 2+256',
    ])
  })

  it('do not change with the order of the configuration', () => {
    fc.assert(
      fc.property(addresses, (list) => {
        expect(spans(planAreas(planned([...list].reverse()), 222))).toEqual(spans(planAreas(planned(list), 222)))
      }),
    )
  })
})

describe('requests', () => {
  it('never ask for more than 20 items, nor for more than request and reply of the PDU hold', () => {
    fc.assert(
      fc.property(addresses, fc.constantFrom(100, 240, 480, 960), (list, pdu) => {
        const areas = planAreas(planned(list), payloadOf(pdu))
        const packs = packAreas(areas, pdu, 20)
        expect(packs.flat()).toEqual(areas)
        for (const pack of packs) {
          const lengths = pack.map((area) => Math.min(area.length, payloadOf(pdu)))
          expect(pack.length).toBeLessThanOrEqual(20)
          expect(12 + 12 * pack.length).toBeLessThanOrEqual(pdu)
          const reply = lengths.reduce((sum, length) => sum + 4 + length + (length % 2), 14)
          expect(reply).toBeLessThanOrEqual(pdu)
        }
      }),
    )
  })

  it('of 240 bytes carry 222 bytes of data, or 19 items', () => {
    expect(payloadOf(240)).toBe(222)
    const scattered = Array.from({ length: 40 }, (_, n) => `DB1,BYTE${n * 30}`)
    expect(packAreas(planAreas(planned(scattered), 222), 240, 20).map((pack) => pack.length)).toEqual([19, 19, 2])
  })

  it('ask for no more items than the CPU is said to answer', () => {
    const scattered = planAreas(planned(Array.from({ length: 12 }, (_, n) => `DB1,BYTE${n * 30}`)), 222)
    expect(packAreas(scattered, 960, 5).map((pack) => pack.length)).toEqual([5, 5, 2])
  })

  it('are made of blocks that name all their tags', () => {
    const tags = planned(Array.from({ length: 200 }, (_, n) => `DB1,REAL${n * 40}`))
    const blocks = planBlocks(tags, 20)
    expect(blocks).toHaveLength(10)
    expect(blocks.flatMap((block) => block.tags)).toEqual(tags.map((each) => each.tag))
  })
})

describe('an area that is refused', () => {
  it('is cut at its widest gap', () => {
    const [area] = planAreas(planned(['DB1,INT0', 'DB1,INT2', 'DB1,INT14', 'DB1,INT16']), 222)
    expect(spans(splitArea(area as ByteArea))).toEqual(['DB1 0+4', 'DB1 14+4'])
  })

  it('is cut in the middle where it has no gaps', () => {
    const [area] = planAreas(planned(Array.from({ length: 8 }, (_, n) => `DB1,INT${n * 2}`)), 222)
    expect(spans(splitArea(area as ByteArea))).toEqual(['DB1 0+8', 'DB1 8+8'])
  })

  it('falls apart into its tags where they lie over each other', () => {
    const [area] = planAreas(planned(['DB1,LREAL0', 'DB1,X3.2', 'DB1,INT7']), 222)
    expect(spans(splitArea(area as ByteArea))).toEqual(['DB1 0+8', 'DB1 3+1', 'DB1 7+2'])
  })

  it('always ends in single tags, none lost and none double', () => {
    fc.assert(
      fc.property(addresses, (list) => {
        const tags = planned(list)
        const singles: ByteArea[] = []
        const open = planAreas(tags, 222)
        for (let area = open.pop(); area; area = open.pop()) {
          if (area.tags.length === 1) singles.push(area)
          else open.push(...splitArea(area))
        }
        expect(singles.map((area) => area.tags[0]?.tag.index).sort((a, b) => Number(a) - Number(b))).toEqual(
          tags.map((each) => each.tag.index),
        )
        for (const { tags: covered, start, length } of singles) {
          expect([start, length]).toEqual([covered[0]?.item.offset, covered[0]?.item.length])
        }
      }),
    )
  })
})
