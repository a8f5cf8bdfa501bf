import { describe, expect, it } from 'vitest'
import type { TagValue } from '../../../../src/core/data-type.ts'
import type { S7SourceConfig, TagConfig } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { isUnwritable } from '../../../../src/core/transform/inverse.ts'
import { type Decoding, decode } from '../../../../src/sources/s7/decode.ts'
import { encode } from '../../../../src/sources/s7/encode.ts'
import type { S7Type } from '../../../../src/sources/s7/types.ts'
import { planWrite } from '../../../../src/sources/s7/write-plan.ts'
import { Zone } from '../../../../src/sources/s7/zone.ts'
import { s7Device, s7DevicesOf, s7SourceConfig, s7Tag } from '../../../support/s7-plant.ts'
import { randomFrom } from '../../../support/seeded-random.ts'

const random = randomFrom(21)
const below = (most: number) => Math.floor(random() * most)
const bits = (width: number) => BigInt.asUintN(width, (BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32)))
const unsigned = (width: number) => () => Number(bits(width))
const signed = (width: number) => () => Number(BigInt.asIntN(width, bits(width)))
const DAY = 86_400_000
const moment = (first: number, last: number, step: number) => () =>
  Date.UTC(first, 0, 1, 12) + step * below((Date.UTC(last, 0, 1) - Date.UTC(first, 0, 1)) / step)
const utc = new Zone('UTC')

const drawn: Partial<Readonly<Record<S7Type, () => TagValue>>> = {
  BYTE: unsigned(8),
  USINT: unsigned(8),
  SINT: signed(8),
  WORD: unsigned(16),
  UINT: unsigned(16),
  INT: signed(16),
  DWORD: unsigned(32),
  UDINT: unsigned(32),
  DINT: signed(32),
  LWORD: () => bits(64),
  ULINT: () => bits(64),
  LINT: () => BigInt.asIntN(64, bits(64)),
  REAL: () => Math.fround((random() - 0.5) * 10 ** below(30)),
  LREAL: () => (random() - 0.5) * 10 ** below(300),
  CHAR: () => String.fromCharCode(below(256)),
  WCHAR: () => String.fromCharCode(below(0xd800)),
  STRING: () => String.fromCharCode(...Array.from({ length: below(21) }, () => below(256))),
  WSTRING: () => String.fromCharCode(...Array.from({ length: below(21) }, () => below(0xd800))),
  S5TIME: () => below(1_000) * [10, 100, 1_000, 10_000][below(4)]!,
  TIME: signed(32),
  LTIME: () => below(2 ** 40) - 2 ** 39 + below(1_000) / 1_000,
  TOD: () => below(DAY),
  LTOD: () => below(DAY) + below(1_024) / 1_024,
  DATE: () => Date.UTC(1990, 0, 1) + DAY * below(65_379),
  DT: moment(1990, 2089, 1),
  DTL: moment(1970, 2262, 1),
  LDT: moment(1970, 2262, 1),
}

const how = (type: S7Type, fields: Partial<Decoding> = {}): Decoding => ({
  type,
  bit: 0,
  maxLength: 20,
  asBigInt: ['LWORD', 'ULINT', 'LINT'].includes(type),
  count: undefined,
  stride: 0,
  ...fields,
})

describe('what is written to a CPU reads as what was written', () => {
  it.each(Object.keys(drawn) as S7Type[])('as %s', (type) => {
    for (let times = 0; times < 300; times++) {
      const value = drawn[type]?.() as TagValue
      const bytes = encode(how(type), value, utc)
      if (isUnwritable(bytes)) throw new Error(`${String(value)}: ${bytes.reason}`)
      const read = decode(how(type), bytes, 0, utc)
      if (type === 'LTIME' || type === 'LTOD') expect(read).toBeCloseTo(value as number, 5)
      else expect(read).toBe(value)
    }
  })

  it('as a moment of a clock in another zone, through the change of the clocks too', () => {
    const zone = new Zone('Europe/Berlin')
    for (const type of ['DT', 'DTL'] as const) {
      for (const at of [Date.UTC(2024, 2, 31, 0, 59, 59), Date.UTC(2024, 2, 31, 1), Date.UTC(2024, 9, 27, 0, 30)]) {
        const bytes = encode(how(type), at, zone)
        expect(isUnwritable(bytes) ? bytes.reason : decode(how(type), bytes, 0, zone)).toBe(at)
      }
    }
  })
})

describe('what an S7 type cannot hold is refused, never bent', () => {
  it.each<[S7Type, TagValue, string]>([
    ['BYTE', 256, '0 to 255'],
    ['SINT', 128, '-128 to 127'],
    ['INT', 99_999, '-32768 to 32767'],
    ['INT', 1.5, 'whole numbers'],
    ['UDINT', -1, '4294967295'],
    ['LINT', 2n ** 63n, '9223372036854775807'],
    ['REAL', 1e39, 'REAL'],
    ['CHAR', 'ab', 'one character'],
    ['CHAR', '€', '€'],
    ['WCHAR', '😀', 'one character'],
    ['STRING', 'a'.repeat(21), 'at most 20'],
    ['STRING', 'Zł', 'ł'],
    ['WSTRING', '\ud800', 'surrogate'],
    ['S5TIME', 9_999_000, 'S5TIME'],
    ['S5TIME', -10, 'S5TIME'],
    ['TIME', 2 ** 31, 'TIME'],
    ['TOD', DAY, 'TOD'],
    ['LTOD', -1, 'LTOD'],
    ['DATE', Date.UTC(1989, 11, 31), '1989'],
    ['DATE', Date.UTC(2169, 0, 1), '2169'],
    ['DT', Date.UTC(2090, 0, 1), '2090'],
    ['DTL', Date.UTC(1969, 0, 1), '1969'],
    ['LDT', -1, '1969'],
  ])('%s does not take %o', (type, value, words) => {
    expect(encode(how(type), value, utc)).toMatchObject({
      status: StatusCode.BadOutOfRange,
      reason: expect.stringContaining(words),
    })
  })
})

describe('a write to a CPU is planned', () => {
  const plan = (fields: Partial<TagConfig> & Pick<TagConfig, 'type' | 'address'>, value: TagValue) => {
    const config: S7SourceConfig = s7SourceConfig([s7Device('cpu', [s7Tag('t', fields)])])
    const [device] = s7DevicesOf(config)
    return planWrite(device!.tags[0]!, value, utc)
  }

  it('as one bit, as bytes, or as a text behind its declared length', () => {
    expect(plan({ type: 'Boolean', address: 'DB1,X2.5' }, true)).toMatchObject({
      target: { area: 'DB', db: 1, start: 2, bit: 5, on: true },
    })
    expect(plan({ type: 'Int16', address: 'MW4', encoding: 'INT' }, -2)).toMatchObject({
      target: { area: 'M', start: 4, bytes: Buffer.from('fffe', 'hex') },
    })
    expect(plan({ type: 'String', address: 'DB1,STRING10.20' }, 'ab')).toMatchObject({
      target: { start: 11, bytes: Buffer.from('026162', 'hex') },
      declared: { start: 10, bytes: 1, characters: 2 },
    })
    expect(plan({ type: 'String', address: 'DB1,WSTRING10.20' }, 'ab')).toMatchObject({
      target: { start: 12, bytes: Buffer.from('000200610062', 'hex') },
      declared: { start: 10, bytes: 2, characters: 2 },
    })
  })

  it.each([
    ['T3', 'Double', 100, 'timer'],
    ['C3', 'UInt16', 100, 'counter'],
    ['PIW4', 'UInt16', 1, 'Peripheral'],
  ] as const)('never to %s', (address, type, value, words) => {
    expect(plan({ type, address }, value)).toMatchObject({
      status: StatusCode.BadNotWritable,
      reason: expect.stringContaining(words),
    })
  })

  it('never where neighbours would be written too', () => {
    const array = { type: 'Boolean', address: 'DB1,X2.0', arrayLength: 10 } as const
    expect(plan(array, Array(10).fill(true))).toMatchObject({ status: StatusCode.BadNotWritable })
    const texts = { type: 'String', address: 'DB1,STRING10.20', arrayLength: 2 } as const
    expect(plan(texts, ['a', 'b'])).toMatchObject({ status: StatusCode.BadNotWritable })
    const field = { type: 'UInt16', address: 'DB1,WORD2', transform: { mask: 0xff } } as const
    expect(plan(field, 3)).toMatchObject({ status: StatusCode.BadNotSupported })
  })
})
