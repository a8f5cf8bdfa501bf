import {
  counter,
  date,
  dateAndLongTime,
  dateAndTime,
  dateAndTimeLong,
  longTime,
  longTimeOfDay,
  s5Time,
  timeOfDay,
} from './times.ts'
import type { S7Type } from './types.ts'
import { noMeasurement, type Unusable, undecodable } from './unusable.ts'
import type { Zone } from './zone.ts'

/** What one S7 value becomes: a date milliseconds of the epoch, a duration or time of day milliseconds. */
export type S7Scalar = boolean | number | bigint | string
export type S7Value = S7Scalar | readonly S7Scalar[]

export interface Decoding {
  readonly type: S7Type
  /** Bit of a BOOL, 0 to 7; of an array of them, that of the first. */
  readonly bit: number
  /** Declared length of a text. */
  readonly maxLength: number
  /** The tag is Int64 or UInt64, which are held as bigint. */
  readonly asBigInt: boolean
  /** Elements of an array; undefined for a single value. */
  readonly count: number | undefined
  /** Bytes from one element to the next. */
  readonly stride: number
}

type Decoder = (bytes: Buffer, at: number, how: Decoding, zone: Zone) => S7Scalar | Unusable

const finite = (value: number): number | Unusable => (Number.isFinite(value) ? value : noMeasurement)

const byte: Decoder = (bytes, at) => bytes.readUInt8(at)
const word: Decoder = (bytes, at) => bytes.readUInt16BE(at)
const doubleWord: Decoder = (bytes, at) => bytes.readUInt32BE(at)
const longWord: Decoder = (bytes, at) => bytes.readBigUInt64BE(at)

/** All big-endian, as S7 stores everything. */
const decoders: Readonly<Record<S7Type, Decoder>> = {
  BOOL: (bytes, at, { bit }) => ((bytes.readUInt8(at) >> bit) & 1) === 1,
  BYTE: byte,
  USINT: byte,
  WORD: word,
  UINT: word,
  DWORD: doubleWord,
  UDINT: doubleWord,
  LWORD: longWord,
  ULINT: longWord,
  SINT: (bytes, at) => bytes.readInt8(at),
  INT: (bytes, at) => bytes.readInt16BE(at),
  DINT: (bytes, at) => bytes.readInt32BE(at),
  LINT: (bytes, at) => bytes.readBigInt64BE(at),
  REAL: (bytes, at) => finite(bytes.readFloatBE(at)),
  LREAL: (bytes, at) => finite(bytes.readDoubleBE(at)),
  CHAR: (bytes, at) => String.fromCharCode(bytes.readUInt8(at)),
  WCHAR: (bytes, at) => wideText(bytes, at, 1),
  STRING: latinString,
  WSTRING: wideString,
  S5TIME: s5Time,
  TIMER: s5Time,
  COUNTER: counter,
  TIME: (bytes, at) => bytes.readInt32BE(at),
  LTIME: longTime,
  TOD: timeOfDay,
  LTOD: longTimeOfDay,
  DATE: (bytes, at, _how, zone) => date(bytes, at, zone),
  DT: (bytes, at, _how, zone) => dateAndTime(bytes, at, zone),
  DTL: (bytes, at, _how, zone) => dateAndTimeLong(bytes, at, zone),
  LDT: dateAndLongTime,
}

/** The value, or the array, whose first byte is byte `at`. Of an array no element may be unusable. */
export function decode(how: Decoding, bytes: Buffer, at: number, zone: Zone): S7Value | Unusable {
  if (how.count === undefined) return decodeOne(how, bytes, at, zone)
  const elements: S7Scalar[] = []
  for (let n = 0; n < how.count; n++) {
    const element =
      how.type === 'BOOL' ? bitAt(bytes, at, how.bit + n) : decodeOne(how, bytes, at + n * how.stride, zone)
    if (typeof element === 'object') return element
    elements.push(element)
  }
  return elements
}

function decodeOne(how: Decoding, bytes: Buffer, at: number, zone: Zone): S7Scalar | Unusable {
  const value = decoders[how.type](bytes, at, how, zone)
  return how.asBigInt && typeof value === 'number' ? BigInt(value) : value
}

const bitAt = (bytes: Buffer, at: number, bit: number): boolean =>
  ((bytes.readUInt8(at + (bit >> 3)) >> (bit & 7)) & 1) === 1

/**
 * Declared length in the first byte, actual length in the second, then one byte a character (Latin-1); `bytes` may end
 * behind the actual text.
 */
function latinString(bytes: Buffer, at: number, { maxLength }: Decoding): string | Unusable {
  const declared = bytes.readUInt8(at)
  const actual = bytes.readUInt8(at + 1)
  const end = at + 2 + actual
  if (actual > declared || actual > maxLength || end > bytes.length) return undecodable
  return bytes.toString('latin1', at + 2, end)
}

/** As a STRING, but with two bytes for each length and each character (UTF-16). */
function wideString(bytes: Buffer, at: number, { maxLength }: Decoding): string | Unusable {
  const declared = bytes.readUInt16BE(at)
  const actual = bytes.readUInt16BE(at + 2)
  if (actual > declared || actual > maxLength || at + 4 + 2 * actual > bytes.length) return undecodable
  return wideText(bytes, at + 4, actual)
}

/** A text that UTF-8 could not carry, half of a surrogate pair, is none. */
function wideText(bytes: Buffer, at: number, characters: number): string | Unusable {
  const text = Buffer.from(bytes.subarray(at, at + 2 * characters))
    .swap16()
    .toString('utf16le')
  return text.isWellFormed() ? text : undecodable
}
