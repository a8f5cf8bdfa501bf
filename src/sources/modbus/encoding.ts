import type { DataType } from '../../core/data-type.ts'
import type { ModbusEncoding } from '../../core/encodings.ts'
import type { ByteOrder, Charset, Padding } from '../../core/plant.ts'
import type { RegisterHalf } from './address.ts'

export type Encoding = ModbusEncoding

/** Those whose value is as long as the tag says. */
export type SizedEncoding = 'string' | 'bytes'
export const isSized = (encoding: Encoding): encoding is SizedEncoding => encoding === 'string' || encoding === 'bytes'

/** Those that are a part of a register. */
export const isByte = (encoding: Encoding): encoding is 'int8' | 'uint8' => encoding === 'int8' || encoding === 'uint8'

const registersOfEncoding: Readonly<Record<Exclude<Encoding, SizedEncoding>, number>> = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 1,
  uint16: 1,
  int32: 2,
  uint32: 2,
  int64: 4,
  uint64: 4,
  float16: 1,
  float32: 2,
  float64: 4,
  bcd16: 1,
  bcd32: 2,
  bcd64: 4,
  unix32: 2,
  unix64: 4,
  unix64ms: 4,
  cp56: 4,
  date3: 3,
  date6: 6,
  date7: 7,
  bcddate: 4,
}

const upTo32Bit = ['int32', 'uint32', 'int16', 'uint16', 'int8', 'uint8', 'bcd16', 'bcd32'] as const

/**
 * The encodings a type can stand behind, the usual one first: those whose every value the type holds exactly. A whole
 * register that does not fit SByte or Byte is BadDecodingError.
 */
const encodingsOfType: Readonly<Record<DataType, readonly [Encoding, ...Encoding[]]>> = {
  Boolean: ['bool'],
  SByte: ['int16', 'uint16', 'int8'],
  Byte: ['uint16', 'int16', 'uint8'],
  Int16: ['int16', 'int8', 'uint8', 'bcd16'],
  UInt16: ['uint16', 'uint8', 'bcd16'],
  Int32: ['int32', 'int16', 'uint16', 'int8', 'uint8', 'bcd16', 'bcd32'],
  UInt32: ['uint32', 'uint16', 'uint8', 'bcd16', 'bcd32'],
  Int64: ['int64', ...upTo32Bit, 'bcd64'],
  UInt64: ['uint64', 'uint32', 'uint16', 'uint8', 'bcd16', 'bcd32', 'bcd64'],
  Float: ['float32', 'float16', 'int16', 'uint16', 'int8', 'uint8', 'bcd16'],
  Double: ['float64', 'float32', 'float16', ...upTo32Bit],
  String: ['string'],
  ByteString: ['bytes'],
  DateTime: ['unix32', 'unix64', 'unix64ms', 'cp56', 'date3', 'date6', 'date7', 'bcddate'],
}

/** Those that are numbers: any of them will do for what is calculated with. */
export const numberEncodings: readonly Encoding[] = [...encodingsOfType.Double, 'int64', 'uint64', 'bcd64']

/** Undefined where none is more usual than the others, as of dates. */
export const defaultEncoding = (type: DataType): Encoding | undefined =>
  type === 'DateTime' ? undefined : encodingsOfType[type][0]
export const allowedEncodings = (type: DataType): readonly Encoding[] => encodingsOfType[type]

/** Registers that a value takes; `length` is that of a string or of bytes. */
export function registersOf(encoding: Encoding, length = 0, charset: Charset = 'utf-8'): number {
  if (!isSized(encoding)) return registersOfEncoding[encoding]
  return Math.ceil((length * (encoding === 'string' ? bytesPerCharacter(charset) : 1)) / 2)
}

/** What one unit of `length` is; a character of UTF-8 may take several. */
export const bytesPerCharacter = (charset: Charset): 1 | 2 => (charset.startsWith('utf-16') ? 2 : 1)

/** All that decoding needs to know of a tag. */
export interface Layout {
  readonly type: DataType
  readonly encoding: Encoding
  /** Order of the bytes in a register. */
  readonly byteOrder: ByteOrder
  /** Order of the registers of a value; the characters of a string and bytes always follow one another. */
  readonly wordOrder: ByteOrder
  /** Coils or discrete inputs, eight in a byte of the reply. */
  readonly packed?: boolean | undefined
  /** Bit of the register for `bool`, 0 the least significant. */
  readonly bit?: number | undefined
  /** Which way the bits of an array follow one another. */
  readonly bitOrder?: 'lsb' | 'msb' | undefined
  /** Byte of the register for `int8` and `uint8`. */
  readonly half?: RegisterHalf | undefined
  readonly length?: number | undefined
  readonly charset?: Charset | undefined
  readonly padding?: Padding | undefined
  /** Where the clock of the device is, for dates that do not say it. */
  readonly timeZone?: string | undefined
  /** How many values there are, of an array. */
  readonly arrayLength?: number | undefined
}

/** Registers that all values of a tag take. */
export function spanOf(layout: Omit<Layout, 'type' | 'byteOrder' | 'wordOrder'>): number {
  const { encoding, bit = 0, bitOrder = 'lsb', half, length, charset, arrayLength = 1 } = layout
  if (encoding === 'bool') return Math.ceil(((bitOrder === 'msb' ? 15 - bit : bit) + arrayLength) / 16)
  if (isByte(encoding)) return Math.ceil(((half === 'low' ? 1 : 0) + arrayLength) / 2)
  return arrayLength * registersOf(encoding, length, charset)
}
