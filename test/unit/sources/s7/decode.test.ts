import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitValue } from '../../../../src/core/data-type.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { type Decoding, decode } from '../../../../src/sources/s7/decode.ts'
import { exactTypes, type S7Type, strideOf } from '../../../../src/sources/s7/types.ts'
import { Zone } from '../../../../src/sources/s7/zone.ts'

const utc = new Zone('UTC')

function read(type: S7Type, bytes: Buffer, at = 0, fields: Partial<Decoding> = {}) {
  const { maxLength = 0 } = fields
  const how = { type, bit: 0, maxLength, asBigInt: false, count: undefined, stride: strideOf(type, maxLength) }
  return decode({ ...how, ...fields }, bytes, at, utc)
}

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

const numbers: readonly [S7Type, fc.Arbitrary<number>, (bytes: Buffer, value: number, at: number) => unknown][] = [
  ['BYTE', fc.integer({ min: 0, max: 255 }), (bytes, value, at) => bytes.writeUInt8(value, at)],
  ['WORD', fc.integer({ min: 0, max: 65_535 }), (bytes, value, at) => bytes.writeUInt16BE(value, at)],
  ['INT', fc.integer({ min: -32_768, max: 32_767 }), (bytes, value, at) => bytes.writeInt16BE(value, at)],
  ['DWORD', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (bytes, value, at) => bytes.writeUInt32BE(value, at)],
  ['DINT', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (bytes, value, at) => bytes.writeInt32BE(value, at)],
  ['SINT', fc.integer({ min: -128, max: 127 }), (bytes, value, at) => bytes.writeInt8(value, at)],
  ['USINT', fc.integer({ min: 0, max: 255 }), (bytes, value, at) => bytes.writeUInt8(value, at)],
  ['UINT', fc.integer({ min: 0, max: 65_535 }), (bytes, value, at) => bytes.writeUInt16BE(value, at)],
  ['UDINT', fc.integer({ min: 0, max: 2 ** 32 - 1 }), (bytes, value, at) => bytes.writeUInt32BE(value, at)],
  ['TIME', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), (bytes, value, at) => bytes.writeInt32BE(value, at)],
  ['TOD', fc.integer({ min: 0, max: 86_399_999 }), (bytes, value, at) => bytes.writeUInt32BE(value, at)],
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
        for (const dataType of exactTypes(type)) {
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

describe('a WSTRING of the PLC', () => {
  it('gives its actual characters, UTF-16, whatever stands behind them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (value) => {
        const bytes = Buffer.alloc(4 + 2 * 100, 0x3f)
        bytes.writeUInt16BE(100, 0)
        bytes.writeUInt16BE(value.length, 2)
        for (let n = 0; n < value.length; n++) bytes.writeUInt16BE(value.charCodeAt(n), 4 + 2 * n)
        expect(read('WSTRING', bytes, 0, { maxLength: 100 })).toBe(value)
      }),
    )
  })

  it.each([
    ['longer than it declares itself', '0001 0002 0041 0042'],
    ['longer than the tag says it may be', '00ff 0003 0041 0042 0043'],
    ['longer than what was read', '0002 0002 0041'],
    ['half a character', '0002 0001 d83d 0041'],
  ])('that is %s is not decoded', (_how, bytes) => {
    expect(read('WSTRING', hex(bytes), 0, { maxLength: 2 })).toEqual({ unusable: StatusCode.BadDecodingError })
  })
})

describe('a time, or character, of the PLC', () => {
  it.each<[S7Type, string, number | bigint | string]>([
    // STEP 7: base 10 ms, 100 ms, 1 s, 10 s in bits 12 and 13.
    ['S5TIME', '0127', 1_270],
    ['S5TIME', '1127', 12_700],
    ['S5TIME', '2127', 127_000],
    ['S5TIME', '3999', 9_990_000],
    ['S5TIME', 'f999', 9_990_000],
    ['TIMER', '2030', 30_000],
    ['COUNTER', '0999', 999],
    ['COUNTER', '0042', 42],
    ['TIME', 'ffff ffff', -1],
    ['TIME', '7fff ffff', 2_147_483_647],
    ['LTIME', '0000 0000 0016 e360', 1.5],
    ['LTIME', 'ffff ffff ffff fff6', -0.00001],
    ['TOD', '0526 5bff', 86_399_999],
    ['LTOD', '0000 0000 0000 03e8', 0.001],
    ['DATE', '0000', Date.UTC(1990, 0, 1)],
    ['DATE', 'ff62', Date.UTC(2168, 11, 31)],
    ['DT', '93 12 25 08 30 15 25 07', Date.UTC(1993, 11, 25, 8, 30, 15, 250)],
    ['DT', '89 01 31 23 59 59 99 97', Date.UTC(2089, 0, 31, 23, 59, 59, 999)],
    ['DTL', '07e8 02 1d 05 17 3b 3b 3b9ac9ff', Date.UTC(2024, 1, 29, 23, 59, 59) + 999.999999],
    ['DTL', '07b2 01 01 05 00 00 00 00000000', 0],
    ['LDT', '0000 0000 0000 0000', 0],
    ['LDT', '17a9 5b2b 7d3e 4000', 1_704_994_176_279.3962],
    ['CHAR', 'e4', 'ä'],
    ['WCHAR', '20ac', '€'],
    ['SINT', '80', -128],
    ['LINT', '8000 0000 0000 0001', -9_223_372_036_854_775_807n],
    ['ULINT', 'ffff ffff ffff ffff', 18_446_744_073_709_551_615n],
    ['LWORD', '0123 4567 89ab cdef', 0x0123_4567_89ab_cdefn],
  ])('is read as STEP 7 and TIA Portal store it: %s %s is %s', (type, bytes, value) => {
    expect(read(type, hex(bytes))).toBe(value)
  })

  it.each<[S7Type, string]>([
    ['S5TIME', '0a00'],
    ['S5TIME', '010a'],
    ['S5TIME', '30a0'],
    ['COUNTER', '0a99'],
    ['COUNTER', '00f0'],
    ['TOD', '0526 5c00'],
    ['LTOD', '0000 4e94 914f 0000'],
    ['DATE', 'ff63'],
    ['DT', '00 00 00 00 00 00 00 00'],
    ['DT', '23 02 29 00 00 00 00 00'],
    ['DT', '23 13 01 00 00 00 00 00'],
    ['DT', '23 01 01 24 00 00 00 00'],
    ['DT', '2a 01 01 00 00 00 00 00'],
    ['DT', '23 01 01 00 00 00 00 a0'],
    ['DTL', '0000 00 00 00 00 00 00 00000000'],
    ['DTL', '07e7 02 1d 05 00 00 00 00000000'],
    ['DTL', '07e7 02 1c 05 00 3c 00 00000000'],
    ['DTL', '07e7 02 1c 05 00 00 00 3b9aca00'],
    ['LDT', 'ffff ffff ffff ffff'],
    ['WCHAR', 'd83d'],
  ])('that cannot be is not decoded: %s %s', (type, bytes) => {
    expect(read(type, hex(bytes))).toEqual({ unusable: StatusCode.BadDecodingError })
  })
})

describe('an array of the PLC', () => {
  it('has its elements one after the other', () => {
    expect(read('INT', hex('ffff 0001 0002'), 0, { count: 3 })).toEqual([-1, 1, 2])
    expect(read('INT', hex('ff 0001 0002'), 1, { count: 2, asBigInt: true })).toEqual([1n, 2n])
    expect(read('CHAR', hex('61 62'), 0, { count: 2 })).toEqual(['a', 'b'])
  })

  it('of BOOL goes on from bit to bit and byte to byte', () => {
    expect(read('BOOL', hex('00 a0 01'), 1, { count: 5, bit: 5 })).toEqual([true, false, true, true, false])
  })

  it('of STRING begins every element at an even byte', () => {
    expect(read('STRING', hex('03 01 41 00 00 ff 03 02 42 43 00 ff'), 0, { count: 2, maxLength: 3 })).toEqual([
      'A',
      'BC',
    ])
  })

  it('is no value where one of its elements is none', () => {
    expect(read('REAL', hex('3f800000 7fc00000'), 0, { count: 2 })).toEqual({ unusable: StatusCode.BadSensorFailure })
    expect(read('COUNTER', hex('0001 000a'), 0, { count: 2 })).toEqual({ unusable: StatusCode.BadDecodingError })
  })
})
