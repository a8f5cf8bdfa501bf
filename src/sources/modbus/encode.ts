import type { Scalar } from '../../core/data-type.ts'
import { StatusCode } from '../../core/status-code.ts'
import { isUnwritable, type Raw, type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import { reorder } from './decode.ts'
import { encodeDate } from './encode-date.ts'
import { encodeNumber, type NumberEncoding } from './encode-number.ts'
import { encodeText } from './encode-text.ts'
import { bytesPerCharacter, isByte, isSized, type Layout, registersOf, spanOf } from './encoding.ts'

/** What registers are to hold, two bytes each as they go over the wire. */
export interface Image {
  readonly bytes: Buffer
  /** The bits that are the value's, where some of the registers are not. */
  readonly mask?: Buffer
}

/**
 * The registers of a value: what `decoderOf` reads back. Refused with BadOutOfRange is what the encoding cannot hold;
 * numbers are only rounded to the nearest that a float has, and times down to what the encoding has.
 */
export function encode(layout: Layout, { raw, bits }: Raw): Image | Unwritable {
  const elements: readonly Scalar[] = Array.isArray(raw) ? raw : [raw as Scalar]
  const out = Buffer.alloc(2 * spanOf(layout))
  if (layout.encoding === 'bool') return encodeBits(layout, elements, out)
  if (bits !== undefined) return encodeField(layout, raw as bigint, bits, out)
  const mask = Buffer.alloc(out.length)
  const place = isByte(layout.encoding) ? placeByte : placeRegisters
  for (const [index, element] of elements.entries()) {
    const bytes = encodeElement(layout, element)
    if (isUnwritable(bytes)) return bytes
    place(layout, bytes, index, out)
    place(layout, Buffer.alloc(bytes.length, 0xff), index, mask)
  }
  return imageOf(out, mask)
}

function encodeElement(layout: Layout, value: Scalar): Buffer | Unwritable {
  const { encoding, length = 0, charset = 'utf-8', padding = 'trim', timeZone } = layout
  switch (encoding) {
    case 'string':
      return encodeText(value as string, { bytes: length * bytesPerCharacter(charset), charset, padding })
    case 'bytes': {
      const bytes = Buffer.from(value as Uint8Array)
      if (bytes.length === length) return bytes
      return unwritable(StatusCode.BadOutOfRange, `It has ${bytes.length} bytes, and the tag exactly ${length}.`)
    }
    case 'unix32':
    case 'unix64':
    case 'unix64ms':
    case 'cp56':
    case 'date3':
    case 'date6':
    case 'date7':
    case 'bcddate':
      return encodeDate(encoding, value as number, timeZone)
    default:
      return encodeNumber(encoding as NumberEncoding, value as number | bigint)
  }
}

/** Some bits of a whole number; the others stay as the device has them. */
function encodeField(layout: Layout, raw: bigint, bits: bigint, out: Buffer): Image | Unwritable {
  const { encoding } = layout
  const width = /^u?int(\d+)$/.exec(encoding)?.[1]
  if (width === undefined) {
    return unwritable(
      StatusCode.BadNotSupported,
      `Bits of a ${encoding} cannot be written: it is no plain binary number.`,
    )
  }
  const unsigned = `uint${width}` as NumberEncoding
  const all = (1n << BigInt(width)) - 1n
  if (raw > all) return unwritable(StatusCode.BadOutOfRange, `It does not fit the ${width} bits of ${encoding}.`)
  const [value, field] = [raw, bits & all].map((each) => encodeNumber(unsigned, each) as Buffer) as [Buffer, Buffer]
  const mask = Buffer.alloc(out.length)
  const place = isByte(encoding) ? placeByte : placeRegisters
  place(layout, value, 0, out)
  place(layout, field, 0, mask)
  return imageOf(out, mask)
}

function encodeBits({ byteOrder, bit = 0, bitOrder = 'lsb' }: Layout, bits: readonly Scalar[], out: Buffer): Image {
  const mask = Buffer.alloc(out.length)
  const first = bitOrder === 'msb' ? 15 - bit : bit
  for (const [index, on] of bits.entries()) {
    const place = first + index
    const inRegister = bitOrder === 'msb' ? 15 - (place & 15) : place & 15
    const at = 2 * (place >> 4) + (inRegister >= 8 === (byteOrder === 'big') ? 0 : 1)
    mask[at]! |= 1 << (inRegister & 7)
    if (on === true) out[at]! |= 1 << (inRegister & 7)
  }
  return imageOf(out, mask)
}

function placeByte({ byteOrder, half }: Layout, [byte = 0]: Buffer, index: number, out: Buffer): void {
  const place = (half === 'low' ? 1 : 0) + index
  out[byteOrder === 'big' ? place : place ^ 1] = byte
}

/** From the order of the specification to the device's. */
function placeRegisters(layout: Layout, bytes: Buffer, index: number, out: Buffer): void {
  const { encoding, length, charset, byteOrder, wordOrder } = layout
  const size = 2 * registersOf(encoding, length, charset)
  const whole = Buffer.alloc(size)
  bytes.copy(whole)
  // The way there and back is the same: both only exchange.
  reorder(whole, 0, out.subarray(index * size, (index + 1) * size), byteOrder, isSized(encoding) ? 'big' : wordOrder)
}

const imageOf = (bytes: Buffer, mask: Buffer): Image =>
  mask.every((byte) => byte === 0xff) ? { bytes } : { bytes, mask }
