import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitValue } from '../../../../src/core/data-type.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import type { S7Type } from '../../../../src/sources/s7/address.ts'
import { decode, exactTypes } from '../../../../src/sources/s7/types.ts'

const read = (
  type: S7Type,
  bytes: Buffer,
  at = 0,
  fields: { bit?: number; maxLength?: number; asBigInt?: boolean } = {},
) => decode({ type, bit: 0, maxLength: 0, asBigInt: false, ...fields }, bytes, at)

const numbers: readonly [S7Type, fc.Arbitrary<number>, (bytes: Buffer, value: number, at: number) => unknown][] = [
  ['BYTE', fc.integer({ min: 0, max: 255 }), (bytes, value, at) => bytes.writeUInt8(value, at)],
  ['WORD', fc.integer({ min: 0, max: 65_535 }), (bytes, value, at) => bytes.writeUInt16BE(value, at)],
  ['INT', fc.integer({ min: -32_768, max: 32_767 }), (bytes, value, at) => bytes.writeInt16BE(value, at)],
  ['DWORD', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (bytes, value, at) => bytes.writeUInt32BE(value, at)],
  ['DINT', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (bytes, value, at) => bytes.writeInt32BE(value, at)],
  ['REAL', fc.float({ noNaN: true, noDefaultInfinity: true }), (bytes, value, at) => bytes.writeFloatBE(value, at)],
  ['LREAL', fc.double({ noNaN: true, noDefaultInfinity: true }), (bytes, value, at) => bytes.writeDoubleBE(value, at)],
]

describe('a value of the PLC', () => {
  it.each(numbers)('of type %s is the one that its bytes hold, anywhere in a reply', (type, values, write) => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 5 }), (value, at) => {
        const bytes = Buffer.alloc(20, 0xaa)
        write(bytes, value, at)
        expect(Object.is(read(type, bytes, at), value)).toBe(true)
      }),
    )
  })

  it.each(numbers)('of type %s fits every data type that may hold it, unchanged', (type, values) => {
    fc.assert(
      fc.property(values, (value) => {
        for (const dataType of exactTypes[type]) {
          const fitted = fitValue(dataType, value)
          expect(Number(fitted)).toBe(value)
          if (dataType === 'Float') expect(Math.fround(value)).toBe(value)
        }
      }),
    )
  })

  it('is bit by bit a BOOL', () => {
    const bits = Array.from({ length: 8 }, (_, bit) => read('BOOL', Buffer.of(0, 0b1010_0110), 1, { bit }))
    expect(bits).toEqual([false, true, true, false, false, true, false, true])
  })

  it('of a 64-bit tag is a bigint', () => {
    expect(read('DINT', Buffer.from([0xff, 0xff, 0xff, 0xfe]), 0, { asBigInt: true })).toBe(-2n)
    expect(read('DWORD', Buffer.from([0xff, 0xff, 0xff, 0xfe]), 0, { asBigInt: true })).toBe(4_294_967_294n)
  })

  it.each([
    ['REAL', '7fc00000'],
    ['REAL', '7f800000'],
    ['REAL', 'ff800000'],
    ['LREAL', '7ff8000000000000'],
    ['LREAL', 'fff0000000000000'],
  ] as const)('that is a %s of %s, NaN or infinity, says that the sensor failed', (type, hex) => {
    expect(read(type, Buffer.from(hex, 'hex'))).toEqual({ unusable: StatusCode.BadSensorFailure })
  })
})

describe('a STRING of the PLC', () => {
  const text = (bytes: Buffer, maxLength: number) => read('STRING', bytes, 0, { maxLength })

  it('gives its actual characters, Latin-1, whatever stands behind them', () => {
    const characters = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) })
    fc.assert(
      fc.property(characters, fc.integer({ min: 1, max: 254 }), (written, maxLength) => {
        const value = written.slice(0, maxLength)
        const bytes = Buffer.alloc(2 + maxLength, 0x3f)
        bytes.writeUInt8(maxLength, 0)
        bytes.writeUInt8(value.length, 1)
        bytes.write(value, 2, 'latin1')
        expect(text(bytes, maxLength)).toBe(value)
      }),
    )
  })

  it('may be empty', () => {
    expect(text(Buffer.from([10, 0, ...Buffer.from('leftover')]), 8)).toBe('')
  })

  it.each([
    ['longer than it declares itself', [3, 4, 65, 66, 67, 68, 69, 70], 6],
    ['longer than the tag says it may be', [254, 7, 65, 66, 67, 68, 69, 70, 71], 6],
    ['longer than what was read', [254, 200, 65, 66], 254],
  ])('that is %s is not decoded', (_how, bytes, maxLength) => {
    expect(text(Buffer.from(bytes), maxLength)).toEqual({ unusable: StatusCode.BadDecodingError })
  })
})
