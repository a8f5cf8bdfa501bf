import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataType, dataTypes, type TagValue } from '../../../../src/core/data-type.ts'
import type { ByteOrder } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import {
  allowedEncodings,
  decoderOf,
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

function encode(encoding: Encoding, value: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 * registersOf(encoding)))
  const write: Partial<Record<Encoding, () => void>> = {
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
  encoding: defaultEncoding(fields.type),
  byteOrder: 'big',
  wordOrder: 'big',
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

  it('has the four orders that manuals call ABCD, CDAB, BADC and DCBA', () => {
    const wire: [ByteOrder, ByteOrder, number[]][] = [
      ['big', 'big', [0x12, 0x34, 0x56, 0x78]],
      ['big', 'little', [0x56, 0x78, 0x12, 0x34]],
      ['little', 'big', [0x34, 0x12, 0x78, 0x56]],
      ['little', 'little', [0x78, 0x56, 0x34, 0x12]],
    ]
    for (const [byteOrder, wordOrder, bytes] of wire) {
      expect(decoderOf(layout({ type: 'UInt32', byteOrder, wordOrder }))(Buffer.from(bytes), 0)).toBe(0x1234_5678)
    }
  })

  it.each([
    ['Float', 'float32', Number.NaN],
    ['Float', 'float32', Number.POSITIVE_INFINITY],
    ['Double', 'float64', Number.NEGATIVE_INFINITY],
    ['Double', 'float32', Number.NaN],
  ] as const)('that is no number is a sensor failure, not a value: %s behind %s, %d', (type, encoding, value) => {
    const decode = decoderOf(layout({ type, encoding }))
    expect(decode(Buffer.from(encode(encoding, value)), 0)).toEqual({ status: StatusCode.BadSensorFailure })
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
