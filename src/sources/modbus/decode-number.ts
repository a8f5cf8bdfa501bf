import { type DataType, fitValue, isBigInteger } from '../../core/data-type.ts'
import { noMeasurement, type Undecodable, undecodable } from './decoded.ts'
import type { Encoding } from './encoding.ts'

export type NumberEncoding = Extract<Encoding, `${'int' | 'uint' | 'float' | 'bcd'}${number}`>

type ReadNumber = (bytes: Buffer, at: number) => number | bigint | undefined

/** A number as `type` holds it, out of bytes with the most significant first. A 64-bit type takes it as bigint. */
export function numberDecoder(
  type: DataType,
  encoding: NumberEncoding,
): (bytes: Buffer, at: number) => number | bigint | Undecodable {
  const read = readers[encoding]
  const isFloat = encoding.startsWith('float')
  const narrows = type === 'SByte' || type === 'Byte'
  const widens = isBigInteger(type)
  return (bytes, at) => {
    const value = read(bytes, at)
    if (value === undefined) return undecodable
    if (isFloat && !Number.isFinite(value)) return noMeasurement
    if (narrows && fitValue(type, value) === undefined) return undecodable
    return widens ? BigInt(value) : value
  }
}

const readers: Readonly<Record<NumberEncoding, ReadNumber>> = {
  int8: (bytes, at) => bytes.readInt8(at),
  uint8: (bytes, at) => bytes.readUInt8(at),
  int16: (bytes, at) => bytes.readInt16BE(at),
  uint16: (bytes, at) => bytes.readUInt16BE(at),
  int32: (bytes, at) => bytes.readInt32BE(at),
  uint32: (bytes, at) => bytes.readUInt32BE(at),
  int64: (bytes, at) => bytes.readBigInt64BE(at),
  uint64: (bytes, at) => bytes.readBigUInt64BE(at),
  float16: (bytes, at) => halfFloat(bytes.readUInt16BE(at)),
  float32: (bytes, at) => bytes.readFloatBE(at),
  float64: (bytes, at) => bytes.readDoubleBE(at),
  bcd16: (bytes, at) => fromBcd(bytes, at, 2),
  bcd32: (bytes, at) => fromBcd(bytes, at, 4),
  bcd64: wideBcd,
}

/** binary16 of IEC 60559. Node 22 has no reader of its own. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

/** Two decimal digits a byte; undefined where a half byte is none. */
export function fromBcd(bytes: Buffer, at: number, count: number): number | undefined {
  let value = 0
  for (let each = at; each < at + count; each++) {
    const byte = bytes[each]!
    if (byte >> 4 > 9 || (byte & 15) > 9) return undefined
    value = 100 * value + 10 * (byte >> 4) + (byte & 15)
  }
  return value
}

/** Sixteen digits are more than a number holds exactly. */
function wideBcd(bytes: Buffer, at: number): bigint | undefined {
  const high = fromBcd(bytes, at, 4)
  const low = fromBcd(bytes, at + 4, 4)
  return high === undefined || low === undefined ? undefined : BigInt(high) * 100_000_000n + BigInt(low)
}
