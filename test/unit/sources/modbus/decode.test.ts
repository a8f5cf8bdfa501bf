import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataType, dataTypes, type TagValue } from '../../../../src/core/data-type.ts'
import { type ByteOrder, byteOrderOf, registerOrders, wordOrderOf } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { decoderOf, SharedDecoders } from '../../../../src/sources/modbus/decode.ts'
import {
  allowedEncodings,
  defaultEncoding,
  type Encoding,
  type Layout,
  registersOf,
} from '../../../../src/sources/modbus/encoding.ts'

const orders = ['big', 'little'] as const

/** A device's own view, written apart from the code under test: DataView, then registers and bytes put in its order. */
function asRegisters(bytes: Uint8Array, byteOrder: ByteOrder, wordOrder: ByteOrder): Buffer {
  const words: number[][] = []
  for (let at = 0; at < bytes.length; at += 2) words.push([bytes[at]!, bytes[at + 1]!])
  if (wordOrder === 'little') words.reverse()
  return Buffer.from(words.flatMap((word) => (byteOrder === 'little' ? word.reverse() : word)))
}

/** Bits of binary16 (IEC 60559) as its tables have them. */
const halves = new Map([
  [0, 0x0000],
  [2 ** -24, 0x0001],
  [1023 * 2 ** -24, 0x03ff],
  [2 ** -14, 0x0400],
  [0.333251953125, 0x3555],
  [1, 0x3c00],
  [1.0009765625, 0x3c01],
  [-2, 0xc000],
  [-37.5, 0xd0b0],
  [65_504, 0x7bff],
  [-65_504, 0xfbff],
])

function encode(encoding: Encoding, value: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * registersOf(encoding)))
  const write: Partial<Record<Encoding, () => void>> = {
    int8: () => view.setInt8(1, Number(value)),
    uint8: () => view.setUint8(1, Number(value)),
    bcd16: () => view.setUint16(0, Number(`0x${value}`)),
    bcd32: () => view.setUint32(0, Number(`0x${value}`)),
    bcd64: () => view.setBigUint64(0, BigInt(`0x${value}`)),
    float16: () => view.setUint16(0, halves.get(Number(value)) ?? Number.NaN),
    int16: () => view.setInt16(0, Number(value)),
    uint16: () => view.setUint16(0, Number(value)),
    int32: () => view.setInt32(0, Number(value)),
    uint32: () => view.setUint32(0, Number(value)),
    int64: () => view.setBigInt64(0, BigInt(value)),
    uint64: () => view.setBigUint64(0, BigInt(value)),
    float32: () => view.setFloat32(0, Number(value)),
    float64: () => view.setFloat64(0, Number(value)),
  }
  write[encoding]?.()
  return new Uint8Array(view.buffer)
}

const anyOf: Partial<Record<Encoding, fc.Arbitrary<number | bigint>>> = {
  int8: fc.integer({ min: -128, max: 127 }),
  uint8: fc.integer({ min: 0, max: 255 }),
  bcd16: fc.integer({ min: 0, max: 9_999 }),
  bcd32: fc.integer({ min: 0, max: 99_999_999 }),
  bcd64: fc.bigInt({ min: 0n, max: 9_999_999_999_999_999n }),
  float16: fc.constantFrom(...halves.keys()),
  int16: fc.integer({ min: -32_768, max: 32_767 }),
  uint16: fc.integer({ min: 0, max: 65_535 }),
  int32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  uint32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  uint64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  float32: fc.float({ noNaN: true, noDefaultInfinity: true }),
  float64: fc.double({ noNaN: true, noDefaultInfinity: true }),
}

const layout = (fields: Partial<Layout> & Pick<Layout, 'type'>): Layout => ({
  encoding: defaultEncoding(fields.type) ?? 'unix32',
  byteOrder: 'big',
  wordOrder: 'big',
  half: 'low',
  ...fields,
})

const combinations = dataTypes
  .filter((type) => type !== 'Boolean' && type !== 'String' && type !== 'ByteString' && type !== 'DateTime')
  .flatMap((type) => allowedEncodings(type).map((encoding) => [type, encoding] as const))

describe('a number behind registers', () => {
  it.each(combinations)('arrives exactly: %s behind %s, in all byte and word orders', (type, encoding) => {
    const wide = type === 'Int64' || type === 'UInt64'
    const small = { SByte: [-128, 127], Byte: [0, 255] }[type as string]
    const values = anyOf[encoding]!.filter((value) => !small || (value >= small[0]! && value <= small[1]!))
    fc.assert(
      fc.property(values, fc.constantFrom(...orders), fc.constantFrom(...orders), (value, byteOrder, wordOrder) => {
        const registers = asRegisters(encode(encoding, value), byteOrder, wordOrder)
        const decode = decoderOf(layout({ type, encoding, byteOrder, wordOrder }))
        expect(decode(registers, 0)).toBe(wide ? BigInt(value) : value)
        const amongOthers = Buffer.concat([Buffer.of(0xde, 0xad), registers, Buffer.of(0xbe, 0xef)])
        expect(decode(amongOthers, 2)).toBe(wide ? BigInt(value) : value)
      }),
      { numRuns: 60 },
    )
  })

  it.each(registerOrders)('has the order that manuals call %s', (order) => {
    const places = [...order].map((letter) => 'ABCD'.indexOf(letter))
    const registers = Buffer.from(places.map((place) => [0x12, 0x34, 0x56, 0x78][place]!))
    const decode = decoderOf(layout({ type: 'UInt32', byteOrder: byteOrderOf(order), wordOrder: wordOrderOf(order) }))
    expect(decode(registers, 0)).toBe(0x1234_5678)
  })

  it.each([
    ['Float', 'float32', Number.NaN],
    ['Float', 'float32', Number.POSITIVE_INFINITY],
    ['Double', 'float64', Number.NEGATIVE_INFINITY],
    ['Double', 'float32', Number.NaN],
    ['Float', 'float16', 'fe00'],
    ['Double', 'float16', '7c00'],
    ['Float', 'float16', 'fc00'],
  ] as const)('that is no number is a sensor failure, not a value: %s behind %s, %s', (type, encoding, value) => {
    const decode = decoderOf(layout({ type, encoding }))
    const bytes = typeof value === 'string' ? Buffer.from(value, 'hex') : encode(encoding, value)
    expect(decode(Buffer.from(bytes), 0)).toEqual({ status: StatusCode.BadSensorFailure })
  })

  it.each([
    ['Byte', 'uint16', 256],
    ['Byte', 'int16', -1],
    ['SByte', 'int16', 128],
    ['SByte', 'uint16', 65_535],
  ] as const)('that does not fit is a decoding error, never cut: %s behind %s, %i', (type, encoding, value) => {
    const decode = decoderOf(layout({ type, encoding }))
    expect(decode(Buffer.from(encode(encoding, value)), 0)).toEqual({ status: StatusCode.BadDecodingError })
  })
})

describe('decimal digits in registers', () => {
  it.each([
    ['UInt16', 'bcd16', '12a4'],
    ['UInt16', 'bcd16', 'f000'],
    ['Double', 'bcd32', '0000000a'],
    ['UInt32', 'bcd32', '1234b678'],
    ['UInt64', 'bcd64', '1234567890abcdef'],
    ['Int64', 'bcd64', '12345678000000c0'],
  ] as const)('that are none are a decoding error: %s behind %s, %s', (type, encoding, hexadecimal) => {
    const decode = decoderOf(layout({ type, encoding }))
    expect(decode(Buffer.from(hexadecimal, 'hex'), 0)).toEqual({ status: StatusCode.BadDecodingError })
  })

  it('keep all sixteen of theirs', () => {
    const decode = decoderOf(layout({ type: 'UInt64', encoding: 'bcd64' }))
    expect(decode(Buffer.from('9999999999999999', 'hex'), 0)).toBe(9_999_999_999_999_999n)
  })
})

describe('a byte of a register', () => {
  it.each([
    ['high', 'big', 0x12],
    ['low', 'big', 0xf4],
    ['high', 'little', 0xf4],
    ['low', 'little', 0x12],
  ] as const)('is the %s one of a device whose byte order is %s', (half, byteOrder, value) => {
    const registers = Buffer.of(0x12, 0xf4)
    expect(decoderOf(layout({ type: 'Byte', encoding: 'uint8', half, byteOrder }))(registers, 0)).toBe(value)
    const signed = value > 127 ? value - 256 : value
    expect(decoderOf(layout({ type: 'Int16', encoding: 'int8', half, byteOrder }))(registers, 0)).toBe(signed)
  })
})

describe('bytes in registers', () => {
  it('arrive as they are, and stay so when the reply is gone', () => {
    const reply = Buffer.of(0, 0, 1, 2, 3, 4, 5, 6)
    const big = decoderOf(layout({ type: 'ByteString', length: 3 }))(reply, 2)
    const little = decoderOf(layout({ type: 'ByteString', length: 4, byteOrder: 'little' }))(reply, 2)
    reply.fill(0)
    expect(big).toEqual(Uint8Array.of(1, 2, 3))
    expect(little).toEqual(Uint8Array.of(2, 1, 4, 3))
  })
})

describe('a bit of a register', () => {
  it('is the bit that the device set, whatever its byte order', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.nat(15), fc.constantFrom(...orders), (register, bit, byteOrder) => {
        const decode = decoderOf(layout({ type: 'Boolean', bit, byteOrder }))
        expect(decode(asRegisters(encode('uint16', register), byteOrder, 'big'), 0)).toBe(((register >> bit) & 1) === 1)
      }),
    )
  })
})

describe('a string in registers', () => {
  const decodeText = (bytes: Buffer, length: number, byteOrder: ByteOrder = 'big') =>
    decoderOf(layout({ type: 'String', length, byteOrder }))(bytes, 0)

  it.each([
    ['fills its length', 'PC7-2203', 8, 'PC7-2203'],
    ['is padded with NULs', 'EM340\0\0\0', 8, 'EM340'],
    ['is padded with spaces', 'EM340   ', 8, 'EM340'],
    ['has rubbish after its NUL', 'EM\0xyz', 6, 'EM'],
    ['has spaces inside and in front', ' a b  ', 6, ' a b'],
    ['has an odd length', 'ABCX', 3, 'ABC'],
    ['is empty', '\0\0', 2, ''],
    ['is UTF-8', 'kühl', 5, 'kühl'],
  ])('arrives when it %s', (_, wire, length, text) => {
    expect(decodeText(Buffer.from(wire, 'utf8'), length)).toBe(text)
  })

  it('arrives from a device that swaps the characters of a register', () => {
    expect(decodeText(Buffer.from('ME430A'), 6, 'little')).toBe('EM34A0')
  })

  it('that is no UTF-8 is a decoding error, not question marks', () => {
    expect(decodeText(Buffer.of(0xff, 0xfe, 0x41, 0x42), 4)).toEqual({ status: StatusCode.BadDecodingError })
  })

  it.each([
    ['trim', 'ab  '],
    ['nul', 'ab  '],
    ['space', 'ab  \0x'],
    ['keep', 'ab  \0x  '],
  ] as const)('is kept or cut as its padding says: %s', (padding, text) => {
    const decode = decoderOf(layout({ type: 'String', length: 8, padding }))
    expect(decode(Buffer.from('ab  \0x  '), 0)).toBe(padding === 'trim' ? 'ab' : text)
  })

  it.each([
    ['ascii', '4b696c6f', 'Kilo'],
    ['latin1', '6bfc686c', 'kühl'],
    ['utf-8', '6bc3bc68', 'küh'],
    ['utf-16be', '006b00fc00680000', 'küh'],
    ['utf-16le', '6b00fc0068000000', 'küh'],
    ['utf-16be', 'd83ddd0c', '🔌'],
    ['ascii', '6bfc686c', undefined],
    ['utf-8', '6bfc686c', undefined],
    ['utf-16be', 'd83d0041', undefined],
    ['utf-16le', '00d84100', undefined],
  ] as const)('is what its characters say, or a decoding error: %s, %s', (charset, hexadecimal, text) => {
    const bytes = Buffer.from(hexadecimal, 'hex')
    const length = charset.startsWith('utf-16') ? bytes.length / 2 : bytes.length
    const expected = text ?? { status: StatusCode.BadDecodingError }
    expect(decoderOf(layout({ type: 'String', length, charset }))(bytes, 0)).toEqual(expected)
    const swapped = Buffer.from(bytes).swap16()
    expect(decoderOf(layout({ type: 'String', length, charset, byteOrder: 'little' }))(swapped, 0)).toEqual(expected)
  })

  it('survives any text that its length holds', () => {
    const text = fc.stringMatching(/^[!-~]{0,40}$/)
    fc.assert(
      fc.property(text, fc.constantFrom(...orders), (value, byteOrder) => {
        const padded = Buffer.alloc(2 * Math.ceil(Math.max(1, value.length) / 2))
        padded.write(value, 'ascii')
        expect(decodeText(asRegisters(padded, byteOrder, 'big'), padded.length, byteOrder)).toBe(value)
      }),
    )
  })
})

describe('encodings', () => {
  it('a type has are only those whose every value it holds exactly', () => {
    const range: Partial<Record<DataType, (value: Exclude<TagValue, object>) => boolean>> = {
      Int16: (value) => Number(value) >= -32_768 && Number(value) <= 32_767,
      UInt16: (value) => Number(value) >= 0 && Number(value) <= 65_535,
      Int32: (value) => Number(value) >= -(2 ** 31) && Number(value) <= 2 ** 31 - 1,
      UInt32: (value) => Number(value) >= 0 && Number(value) <= 2 ** 32 - 1,
      Int64: (value) => BigInt(value) >= -(2n ** 63n) && BigInt(value) <= 2n ** 63n - 1n,
      UInt64: (value) => BigInt(value) >= 0n && BigInt(value) <= 2n ** 64n - 1n,
      Float: (value) => Math.fround(Number(value)) === Number(value),
    }
    for (const [type, encoding] of combinations) {
      const holds = range[type]
      if (!holds) continue
      fc.assert(
        fc.property(anyOf[encoding]!, (value) => {
          expect(holds(value)).toBe(true)
        }),
      )
    }
    expect(allowedEncodings('Double')).not.toContain('int64')
    expect(allowedEncodings('Float')).not.toContain('int32')
  })
})

describe('an array in registers', () => {
  it('is its elements one after the other, each in the order of the device', () => {
    const element = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    const elements = fc.array(element, { minLength: 1, maxLength: 62 })
    fc.assert(
      fc.property(elements, fc.constantFrom(...orders), fc.constantFrom(...orders), (values, byteOrder, wordOrder) => {
        const reply = values.map((value) => asRegisters(encode('int32', value), byteOrder, wordOrder))
        const decode = decoderOf(layout({ type: 'Int32', byteOrder, wordOrder, arrayLength: values.length }))
        expect(decode(Buffer.concat([Buffer.of(1, 2), ...reply]), 2)).toEqual(values)
      }),
    )
  })

  it('of bits goes on in the next register, in the direction in which the device numbers them', () => {
    fc.assert(
      fc.property(fc.uint16Array({ minLength: 3, maxLength: 3 }), fc.nat(15), fc.nat(31), (words, first, more) => {
        const reply = Buffer.from([...words].flatMap((word) => [word >> 8, word & 0xff]))
        const bits = [...words].map((word) => word.toString(2).padStart(16, '0'))
        const arrayLength = 1 + more
        const asText = (values: unknown) => (values as boolean[]).map(Number).join('')
        const msb = decoderOf(layout({ type: 'Boolean', bit: 15 - first, bitOrder: 'msb', arrayLength }))(reply, 0)
        expect(asText(msb)).toBe(bits.join('').slice(first, first + arrayLength))
        const lsb = decoderOf(layout({ type: 'Boolean', bit: first, arrayLength }))(reply, 0)
        const reversed = bits.map((word) => [...word].reverse().join('')).join('')
        expect(asText(lsb)).toBe(reversed.slice(first, first + arrayLength))
      }),
    )
  })

  it('of bytes goes on with the other byte, and of texts with the next register', () => {
    const reply = Buffer.from('abcdef')
    const bytes = { type: 'Byte', encoding: 'uint8', arrayLength: 3 } as const
    expect(decoderOf(layout({ ...bytes, half: 'high' }))(reply, 0)).toEqual([97, 98, 99])
    expect(decoderOf(layout({ ...bytes, half: 'low' }))(reply, 0)).toEqual([98, 99, 100])
    expect(decoderOf(layout({ ...bytes, half: 'high', byteOrder: 'little' }))(reply, 0)).toEqual([98, 97, 100])
    expect(decoderOf(layout({ type: 'String', length: 1, arrayLength: 3 }))(reply, 0)).toEqual(['a', 'c', 'e'])
    const pairs = decoderOf(layout({ type: 'ByteString', length: 2, arrayLength: 2 }))(reply, 0)
    expect(pairs).toEqual([Uint8Array.of(97, 98), Uint8Array.of(99, 100)])
  })

  it('of coils begins with the first of the address', () => {
    const decode = decoderOf(layout({ type: 'Boolean', packed: true, arrayLength: 4 }))
    expect(decode(Buffer.of(0b1100_0000, 0b0000_0010), 6)).toEqual([true, true, false, true])
  })

  it('has no value where one of its elements is none', () => {
    const decode = decoderOf(layout({ type: 'UInt16', encoding: 'bcd16', arrayLength: 3 }))
    expect(decode(Buffer.from('00010a020003', 'hex'), 0)).toEqual({ status: StatusCode.BadDecodingError })
    expect(decode(Buffer.from('000100020003', 'hex'), 0)).toEqual([1, 2, 3])
  })
})

describe('a decoder that tags share', () => {
  it('reads every value as one of its own would, whichever of them was read before', () => {
    const decoders = new SharedDecoders()
    const reply = Buffer.from('0001000200030004', 'hex')
    const swapped = layout({ type: 'UInt32', wordOrder: 'little' })
    const one = decoders.of(swapped)
    expect([one(reply, 0), one(reply, 4), one(reply, 0)]).toEqual([0x20001, 0x40003, 0x20001])
    expect(decoders.of({ ...swapped })).toBe(one)
  })

  it('is another one wherever any part of the layout differs', () => {
    const decoders = new SharedDecoders()
    const layouts = [
      layout({ type: 'Int16' }),
      layout({ type: 'UInt16' }),
      layout({ type: 'UInt16', byteOrder: 'little' }),
      layout({ type: 'Boolean', bit: 1 }),
      layout({ type: 'Boolean', bit: 2 }),
      layout({ type: 'UInt16', arrayLength: 2 }),
    ]
    expect(new Set(layouts.map((each) => decoders.of(each))).size).toBe(layouts.length)
  })
})
