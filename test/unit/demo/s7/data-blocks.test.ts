import { describe, expect, it } from 'vitest'
import { DataBlocks, type ItemAddress } from '../../../../src/demo/s7/data-blocks.ts'

const BYTE = 0x02
const REAL = 0x08
const BIT = 0x01

const item = (fields: Partial<ItemAddress>): ItemAddress => ({
  transport: BYTE,
  count: 1,
  db: 1,
  area: 0x84,
  bit: 0,
  ...fields,
})

const blocks = (writable: readonly number[] = []) =>
  new DataBlocks(new Map([[1, Buffer.from([0, 1, 2, 3, 4, 5, 6, 0b1000_0001])]]), new Set(writable))

describe('the memory of the simulated CPU', () => {
  it('gives bytes, larger elements and single bits', () => {
    const memory = blocks()
    expect(memory.fetch(item({ bit: 16, count: 3 }))).toMatchObject({ code: 0xff, bytes: Buffer.of(2, 3, 4) })
    expect(memory.fetch(item({ transport: REAL, bit: 8 }))).toMatchObject({ bytes: Buffer.of(1, 2, 3, 4) })
    expect(memory.fetch(item({ transport: BIT, bit: 63 }))).toMatchObject({ bytes: Buffer.of(1), asBit: true })
    expect(memory.fetch(item({ transport: BIT, bit: 62 }))).toMatchObject({ bytes: Buffer.of(0) })
  })

  it.each([
    ['a data block that is not there', { db: 2 }, 0x0a],
    ['another area', { area: 0x83 }, 0x0a],
    ['bytes behind the end', { bit: 56, count: 2 }, 0x05],
    ['a bit behind the end', { transport: BIT, bit: 64 }, 0x05],
    ['nothing', { count: 0 }, 0x05],
    ['counters', { transport: 0x1c }, 0x06],
    ['several bits', { transport: BIT, count: 2 }, 0x06],
  ])('refuses %s as a CPU does', (_what, fields, code) => {
    expect(blocks().fetch(item(fields))).toEqual({ code })
  })

  it('takes writes where it may, and changes nothing else', () => {
    const memory = blocks([1])
    expect(memory.store(item({ bit: 8, count: 2 }), Buffer.of(9, 9))).toBe(0xff)
    expect(memory.store(item({ transport: BIT, bit: 57 }), Buffer.of(1))).toBe(0xff)
    expect(memory.store(item({ transport: BIT, bit: 63 }), Buffer.of(0))).toBe(0xff)
    expect(memory.get(1)).toEqual(Buffer.of(0, 9, 9, 3, 4, 5, 6, 0b0000_0011))
  })

  it.each([
    ['of a block that is not writable', [], {}, 0x03],
    ['of other length than it says', [1], { count: 2 }, 0x06],
    ['behind the end', [1], { bit: 64 }, 0x05],
  ])('refuses a write %s', (_what, writable, fields, code) => {
    const memory = blocks(writable)
    expect(memory.store(item(fields), Buffer.of(7))).toBe(code)
    expect(memory.get(1)?.[0]).toBe(0)
  })
})
