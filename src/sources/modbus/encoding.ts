import { type DataType, fitValue, type TagValue } from '../../core/data-type.ts'
import type { ByteOrder } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'

/** How a value lies in registers. Modbus itself knows only bits and 16-bit registers; the rest is the device's custom. */
export const encodings = [
  'bool',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'float32',
  'float64',
  'string',
] as const
export type Encoding = (typeof encodings)[number]
type NumberEncoding = Exclude<Encoding, 'bool' | 'string'>

const registersOfNumber: Readonly<Record<NumberEncoding, number>> = {
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float32: 2,
  float64: 4,
}

/** Types that registers can carry: nothing says where raw bytes end, or how a moment lies in them. */
export type RegisterType = Exclude<DataType, 'ByteString' | 'DateTime'>

/**
 * The encodings a type can stand behind, the default first: those whose every value the type holds exactly. SByte and
 * Byte have no encoding of their own width; a register that does not fit them is BadDecodingError.
 */
const encodingsOfType: Readonly<Record<RegisterType, readonly [Encoding, ...Encoding[]]>> = {
  Boolean: ['bool'],
  SByte: ['int16', 'uint16'],
  Byte: ['uint16', 'int16'],
  Int16: ['int16'],
  UInt16: ['uint16'],
  Int32: ['int32', 'int16', 'uint16'],
  UInt32: ['uint32', 'uint16'],
  Int64: ['int64', 'int32', 'uint32', 'int16', 'uint16'],
  UInt64: ['uint64', 'uint32', 'uint16'],
  Float: ['float32', 'int16', 'uint16'],
  Double: ['float64', 'float32', 'int32', 'uint32', 'int16', 'uint16'],
  String: ['string'],
}

export const defaultEncoding = (type: RegisterType): Encoding => encodingsOfType[type][0]
export const allowedEncodings = (type: RegisterType): readonly Encoding[] => encodingsOfType[type]

/** Registers that a value takes; `length` is the number of characters (bytes) of a string. */
export function registersOf(encoding: Encoding, length = 0): number {
  if (encoding === 'string') return Math.ceil(length / 2)
  return encoding === 'bool' ? 1 : registersOfNumber[encoding]
}

/** What stands in the place of a value that is none. */
export interface Undecodable {
  readonly status: StatusCode
}
const undecodable: Undecodable = { status: StatusCode.BadDecodingError }
/** Devices send NaN or infinity for a sensor that is missing, broken or out of its range. */
const noMeasurement: Undecodable = { status: StatusCode.BadSensorFailure }

/**
 * Reads one value out of the registers of a reply (two bytes each, as they came), at byte `at`.
 * The caller made sure that the value lies within `registers`.
 */
export type Decode = (registers: Buffer, at: number) => Exclude<TagValue, object> | Undecodable

export interface Layout {
  readonly type: RegisterType
  readonly encoding: Encoding
  /** Order of the bytes in a register. */
  readonly byteOrder: ByteOrder
  /** Order of the registers of a number; the characters of a string always follow one another. */
  readonly wordOrder: ByteOrder
  /** Bit of the register for `bool`. */
  readonly bit?: number | undefined
  /** Bytes of a string. */
  readonly length?: number | undefined
}

/** The decoder for values laid out like this; made once a tag. */
export function decoderOf(layout: Layout): Decode {
  const { type, encoding } = layout
  if (encoding === 'bool') return bitDecoder(layout)
  if (encoding === 'string') return stringDecoder(layout)
  const inOrder = numberDecoder(type, encoding)
  const { byteOrder, wordOrder } = layout
  if (byteOrder === 'big' && wordOrder === 'big') return inOrder
  const scratch = Buffer.alloc(2 * registersOf(encoding))
  return (registers, at) => {
    reorder(registers, at, scratch, byteOrder, wordOrder)
    return inOrder(scratch, 0)
  }
}

function bitDecoder({ byteOrder, bit = 0 }: Layout): Decode {
  const highByte = bit >= 8
  const byteAt = highByte === (byteOrder === 'big') ? 0 : 1
  const mask = 1 << (bit % 8)
  return (registers, at) => (registers[at + byteAt]! & mask) !== 0
}

/** A number as `type` holds it. A 64-bit type takes every integer as bigint. */
function numberDecoder(type: DataType, encoding: NumberEncoding): Decode {
  const read = readers[encoding]
  if (type === 'Int64' || type === 'UInt64') return (registers, at) => BigInt(read(registers, at))
  if (type === 'SByte' || type === 'Byte') {
    return (registers, at) => {
      const value = read(registers, at)
      return fitValue(type, value) === undefined ? undecodable : value
    }
  }
  if (encoding !== 'float32' && encoding !== 'float64') return read
  return (registers, at) => {
    const value = read(registers, at)
    return Number.isFinite(value) ? value : noMeasurement
  }
}

const readers: Readonly<Record<NumberEncoding, (registers: Buffer, at: number) => number | bigint>> = {
  int16: (registers, at) => registers.readInt16BE(at),
  uint16: (registers, at) => registers.readUInt16BE(at),
  int32: (registers, at) => registers.readInt32BE(at),
  uint32: (registers, at) => registers.readUInt32BE(at),
  int64: (registers, at) => registers.readBigInt64BE(at),
  uint64: (registers, at) => registers.readBigUInt64BE(at),
  float32: (registers, at) => registers.readFloatBE(at),
  float64: (registers, at) => registers.readDoubleBE(at),
}

/**
 * ASCII or UTF-8, padded with NULs or spaces: what follows the first NUL is not part of it, nor are spaces at its end.
 */
function stringDecoder({ byteOrder, length = 0 }: Layout): Decode {
  const scratch = Buffer.alloc(2 * registersOf('string', length))
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return (registers, at) => {
    reorder(registers, at, scratch, byteOrder, 'big')
    const bytes = scratch.subarray(0, length)
    const end = bytes.indexOf(0)
    try {
      return utf8.decode(end < 0 ? bytes : bytes.subarray(0, end)).replace(/ +$/, '')
    } catch (error) {
      if (error instanceof TypeError) return undecodable
      throw error
    }
  }
}

/** Copies as many bytes as `into` holds, bringing bytes and registers into the order of the specification. */
function reorder(registers: Buffer, at: number, into: Buffer, byteOrder: ByteOrder, wordOrder: ByteOrder): void {
  const last = into.length - 2
  for (let position = 0; position <= last; position += 2) {
    const from = at + (wordOrder === 'big' ? position : last - position)
    const [high, low] = byteOrder === 'big' ? [from, from + 1] : [from + 1, from]
    into[position] = registers[high]!
    into[position + 1] = registers[low]!
  }
}
