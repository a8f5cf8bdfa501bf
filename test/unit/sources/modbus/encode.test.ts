import { describe, expect, it } from 'vitest'
import type { DataType, Scalar, TagValue } from '../../../../src/core/data-type.ts'
import { modbusEncodings } from '../../../../src/core/encodings.ts'
import { byteOrderOf, charsets, paddings, registerOrders, wordOrderOf } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { isUnwritable } from '../../../../src/core/transform/inverse.ts'
import { decoderOf } from '../../../../src/sources/modbus/decode.ts'
import { encode } from '../../../../src/sources/modbus/encode.ts'
import type { Encoding, Layout } from '../../../../src/sources/modbus/encoding.ts'
import { randomFrom } from '../../../support/seeded-random.ts'

const random = randomFrom(4)
const below = (most: number) => Math.floor(random() * most)
const bits = (width: number) => BigInt.asUintN(width, (BigInt(below(2 ** 32)) << 32n) | BigInt(below(2 ** 32)))
const digits = (count: number) => BigInt(Array.from({ length: count }, () => below(10)).join(''))
const float = (write: (bytes: Buffer) => number): number => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(bits(64))
  const value = write(bytes)
  return Number.isFinite(value) ? value : 1.5
}
const half = () => {
  const [sign, exponent, fraction] = [below(2) * 2 - 1, below(31), below(1_024)]
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1_024) * 2 ** (exponent - 15))
}
const time = (step: number) => Date.UTC(2000, 0, 1) + step * below((100 * 365 * 86_400_000) / step)

/** Any value that the encoding has. */
const drawn: Readonly<Record<Encoding, () => Scalar>> = {
  bool: () => random() < 0.5,
  int8: () => Number(BigInt.asIntN(8, bits(8))),
  uint8: () => Number(bits(8)),
  int16: () => Number(BigInt.asIntN(16, bits(16))),
  uint16: () => Number(bits(16)),
  int32: () => Number(BigInt.asIntN(32, bits(32))),
  uint32: () => Number(bits(32)),
  int64: () => BigInt.asIntN(64, bits(64)),
  uint64: () => bits(64),
  float16: half,
  float32: () => float((bytes) => bytes.readFloatBE()),
  float64: () => float((bytes) => bytes.readDoubleBE()),
  bcd16: () => Number(digits(4)),
  bcd32: () => Number(digits(8)),
  bcd64: () => digits(16),
  string: () => ['', 'Pump 7', 'MOTOR', 'a b'][below(4)] as string,
  bytes: () => Uint8Array.from([below(256), below(256), below(256), below(256), below(256)]),
  unix32: () => time(1_000),
  unix64: () => time(1_000),
  unix64ms: () => time(1),
  cp56: () => time(1),
  date3: () => time(1_000),
  date6: () => time(1_000),
  date7: () => time(1),
  bcddate: () => time(1_000),
}

const typeOf = (encoding: Encoding): DataType => {
  if (encoding === 'int64') return 'Int64'
  if (encoding === 'uint64' || encoding === 'bcd64') return 'UInt64'
  if (encoding === 'bool') return 'Boolean'
  if (encoding === 'string') return 'String'
  if (encoding === 'bytes') return 'ByteString'
  return /unix|cp56|date/.test(encoding) ? 'DateTime' : 'Double'
}

const layout = (encoding: Encoding, fields: Partial<Layout> = {}): Layout => ({
  type: typeOf(encoding),
  encoding,
  byteOrder: 'big',
  wordOrder: 'big',
  ...(encoding === 'string' ? { length: 11 } : encoding === 'bytes' ? { length: 5 } : {}),
  ...fields,
})

/** Written among registers that hold something else, as a device does: `mask` keeps what is not the value's. */
function thereAndBack(how: Layout, raw: TagValue): { readonly read: unknown; readonly kept: boolean } {
  const image = encode(how, { raw })
  if (isUnwritable(image)) throw new Error(image.reason)
  const before = Buffer.alloc(image.bytes.length, 0xa5)
  const mask = image.mask ?? Buffer.alloc(before.length, 0xff)
  const after = Buffer.from(before.map((byte, at) => (byte & ~mask[at]!) | (image.bytes[at]! & mask[at]!)))
  const kept = after.every((byte, at) => ((byte ^ before[at]!) & ~mask[at]!) === 0)
  const read = decoderOf(how)(after, 0)
  return { read, kept }
}

describe('what is written to registers reads as what was written', () => {
  it.each(modbusEncodings)('as %s, in all four orders, alone and in arrays', (encoding) => {
    for (const order of registerOrders) {
      for (const arrayLength of [undefined, 1, 3, 20]) {
        for (let times = 0; times < 20; times++) {
          const fields = { byteOrder: byteOrderOf(order), wordOrder: wordOrderOf(order), arrayLength }
          const how = layout(encoding, encoding === 'bool' ? { ...fields, bit: below(16) } : fields)
          const raw =
            arrayLength === undefined ? drawn[encoding]() : Array.from({ length: arrayLength }, drawn[encoding])
          if (encoding.endsWith('int8')) Object.assign(how, { half: random() < 0.5 ? 'high' : 'low' })
          const { read, kept } = thereAndBack(how, raw)
          expect(read).toEqual(raw)
          expect(kept).toBe(true)
        }
      }
    }
  })

  it.each(charsets)('as text in %s with every padding', (charset) => {
    for (const padding of paddings) {
      const full = charset === 'ascii' ? 'ABCDEFGH' : 'Ä'.repeat(charset === 'utf-8' ? 4 : 8)
      for (const text of padding === 'keep' ? [full] : [full, '', 'ABC']) {
        expect(thereAndBack(layout('string', { length: 8, charset, padding }), text)).toEqual({
          read: text,
          kept: true,
        })
      }
    }
  })

  it.each(['Europe/Berlin', 'America/St_Johns', '+05:30'])('as a date of a clock in %s', (timeZone) => {
    for (const encoding of ['cp56', 'date3', 'date6', 'date7', 'bcddate'] as const) {
      for (const at of [
        Date.UTC(2024, 0, 31, 22, 15, 7),
        Date.UTC(2024, 6, 1, 0, 0, 0),
        Date.UTC(2023, 11, 31, 23, 59),
      ]) {
        expect(thereAndBack(layout(encoding, { timeZone }), at).read).toBe(at)
      }
    }
  })

  it('leaves the other bits of a register as they are', () => {
    const image = encode(layout('bool', { bit: 5 }), { raw: true })
    expect(image).toEqual({ bytes: Buffer.from('0020', 'hex'), mask: Buffer.from('0020', 'hex') })
    expect(encode(layout('uint8', { half: 'high' }), { raw: 7 })).toEqual({
      bytes: Buffer.from('0700', 'hex'),
      mask: Buffer.from('ff00', 'hex'),
    })
    expect(encode(layout('int16'), { raw: 0x30n, bits: 0xf0n })).toEqual({
      bytes: Buffer.from('0030', 'hex'),
      mask: Buffer.from('00f0', 'hex'),
    })
  })
})

describe('what an encoding cannot hold is refused, never bent', () => {
  it.each<[Encoding, Scalar, string]>([
    ['int8', 128, '-128 to 127'],
    ['uint8', -1, '0 to 255'],
    ['int16', 32_768, '-32768 to 32767'],
    ['uint16', 65_536, '0 to 65535'],
    ['uint16', 2.5, 'whole numbers'],
    ['int32', 2 ** 31, '2147483647'],
    ['uint32', -1, '4294967295'],
    ['int64', 2n ** 63n, '9223372036854775807'],
    ['uint64', 2n ** 64n, '18446744073709551615'],
    ['bcd16', 10_000, '0 to 9999'],
    ['bcd32', -1, '0 to 99999999'],
    ['bcd64', 10n ** 16n, '0 to 9999999999999999'],
    ['float16', 65_520, '65504'],
    ['float32', 3.5e38, 'float32'],
    ['string', 'twelve chars', '12 bytes'],
    ['bytes', Buffer.of(1, 2), 'exactly 5'],
    ['unix32', -1, '1969'],
    ['unix32', Date.UTC(2107, 0, 1), '2107'],
    ['cp56', Date.UTC(1999, 11, 31), '1999'],
    ['date3', Date.UTC(2156, 0, 1), '2156'],
  ])('%s does not take %o', (encoding, raw, words) => {
    const image = encode(layout(encoding), { raw })
    expect(image).toMatchObject({ status: StatusCode.BadOutOfRange, reason: expect.stringContaining(words) })
  })

  it.each([
    ['ascii', 'Ä', 'Ä'],
    ['latin1', '€', '€'],
    ['utf-8', '\ud800', 'surrogate'],
    ['utf-16be', '\udc00', 'surrogate'],
  ] as const)('text in %s does not take %j', (charset, text, words) => {
    const image = encode(layout('string', { charset }), { raw: text })
    expect(image).toMatchObject({ status: StatusCode.BadOutOfRange, reason: expect.stringContaining(words) })
  })

  it('a number with bits of its own in digits or floats is no plain binary number', () => {
    expect(encode(layout('bcd16'), { raw: 1n, bits: 0xfn })).toMatchObject({ status: StatusCode.BadNotSupported })
    expect(encode(layout('uint16'), { raw: 0x1_0000n, bits: 0xf_0000n })).toMatchObject({
      status: StatusCode.BadOutOfRange,
    })
  })
})
