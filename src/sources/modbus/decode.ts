import type { Scalar, TagValue } from '../../core/data-type.ts'
import type { ByteOrder } from '../../core/plant.ts'
import { dateDecoder } from './decode-date.ts'
import { numberDecoder } from './decode-number.ts'
import { textDecoder } from './decode-text.ts'
import { isUndecodable, type Undecodable } from './decoded.ts'
import { bytesPerCharacter, isByte, isSized, type Layout, registersOf } from './encoding.ts'

/**
 * Reads a tag's value out of the registers of a reply (two bytes each, as they came), at byte `at`; out of the bits of
 * a reply (eight a byte, the first the lowest), at bit `at`. The caller made sure that the value lies within.
 */
export type Decode = (reply: Buffer, at: number) => TagValue | Undecodable

/** Reads the value number `index` of an array, or the only one. */
type DecodeElement = (reply: Buffer, at: number, index: number) => Scalar | Undecodable

/** The decoder for values laid out like this. */
export function decoderOf(layout: Layout): Decode {
  return manyOf(elementDecoder(layout), layout.arrayLength)
}

/** One decoder for all values laid out alike: it keeps nothing of what it decoded, and most tags of a device are alike. */
export class SharedDecoders {
  readonly #byLayout = new Map<string, Decode>()

  of(layout: Layout): Decode {
    const key = JSON.stringify(layout)
    let decode = this.#byLayout.get(key)
    if (!decode) {
      decode = decoderOf(layout)
      this.#byLayout.set(key, decode)
    }
    return decode
  }
}

/** One value that is none makes the whole array none. */
function manyOf(decode: DecodeElement, arrayLength: number | undefined): Decode {
  if (arrayLength === undefined) return (reply, at) => decode(reply, at, 0)
  return (reply, at) => {
    const values: Scalar[] = []
    for (let index = 0; index < arrayLength; index++) {
      const value = decode(reply, at, index)
      if (isUndecodable(value)) return value
      values.push(value)
    }
    return values
  }
}

function elementDecoder(layout: Layout): DecodeElement {
  const { type, encoding, length = 0, charset = 'utf-8', padding = 'trim' } = layout
  if (encoding === 'bool') return layout.packed ? packedBit : bitDecoder(layout)
  if (isByte(encoding)) return byteDecoder(layout, numberDecoder(type, encoding))
  switch (encoding) {
    case 'string': {
      const bytes = length * bytesPerCharacter(charset)
      const decode = textDecoder(charset, padding)
      return inOrder({ ...layout, wordOrder: 'big' }, (value) => decode(value.subarray(0, bytes)))
    }
    case 'bytes':
      return inOrder({ ...layout, wordOrder: 'big' }, (value) => Uint8Array.from(value.subarray(0, length)))
    case 'unix32':
    case 'unix64':
    case 'unix64ms':
    case 'cp56':
    case 'date3':
    case 'date6':
    case 'date7':
    case 'bcddate':
      return inOrder(layout, dateDecoder(encoding, layout.timeZone))
    default:
      return inOrder(layout, numberDecoder(type, encoding))
  }
}

const packedBit: DecodeElement = (bits, at, index) => (bits[(at + index) >> 3]! & (1 << ((at + index) & 7))) !== 0

function bitDecoder({ byteOrder, bit = 0, bitOrder = 'lsb' }: Layout): DecodeElement {
  const first = bitOrder === 'msb' ? 15 - bit : bit
  return (registers, at, index) => {
    const place = first + index
    const inRegister = bitOrder === 'msb' ? 15 - (place & 15) : place & 15
    const byteAt = inRegister >= 8 === (byteOrder === 'big') ? 0 : 1
    return (registers[at + 2 * (place >> 4) + byteAt]! & (1 << (inRegister & 7))) !== 0
  }
}

type DecodeBytes = (bytes: Buffer, at: number) => Scalar | Undecodable

function byteDecoder({ byteOrder, half }: Layout, decode: DecodeBytes): DecodeElement {
  const first = half === 'low' ? 1 : 0
  return (registers, at, index) => {
    const place = first + index
    return decode(registers, at + (byteOrder === 'big' ? place : place ^ 1))
  }
}

/** Gives `decode` the bytes of a value in the order of the specification; of a sized one these alone. */
function inOrder(layout: Layout, decode: DecodeBytes): DecodeElement {
  const { encoding, length, charset, byteOrder, wordOrder } = layout
  const size = 2 * registersOf(encoding, length, charset)
  if (byteOrder === 'big' && wordOrder === 'big' && !isSized(encoding)) {
    return (registers, at, index) => decode(registers, at + index * size)
  }
  const scratch = Buffer.alloc(size)
  return (registers, at, index) => {
    reorder(registers, at + index * size, scratch, byteOrder, wordOrder)
    return decode(scratch, 0)
  }
}

/**
 * Copies as many bytes as `into` holds, bringing bytes and registers from the device's order into that of the
 * specification, or back.
 */
export function reorder(registers: Buffer, at: number, into: Buffer, byteOrder: ByteOrder, wordOrder: ByteOrder): void {
  const last = into.length - 2
  for (let position = 0; position <= last; position += 2) {
    const from = at + (wordOrder === 'big' ? position : last - position)
    const [high, low] = byteOrder === 'big' ? [from, from + 1] : [from + 1, from]
    into[position] = registers[high]!
    into[position + 1] = registers[low]!
  }
}
