import type { DataType, TagValue } from '../../core/data-type.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { S7Type } from './address.ts'

/**
 * The data types that hold every value of an S7 type exactly, its own counterpart first. Nothing is narrowed or
 * rounded: a DINT does not fit a Float, whose 24 bits of precision would bend it.
 */
export const exactTypes: Readonly<Record<S7Type, readonly DataType[]>> = {
  BOOL: ['Boolean'],
  BYTE: ['Byte', 'UInt16', 'Int16', 'UInt32', 'Int32', 'UInt64', 'Int64', 'Float', 'Double'],
  WORD: ['UInt16', 'UInt32', 'Int32', 'UInt64', 'Int64', 'Float', 'Double'],
  INT: ['Int16', 'Int32', 'Int64', 'Float', 'Double'],
  DWORD: ['UInt32', 'UInt64', 'Int64', 'Double'],
  DINT: ['Int32', 'Int64', 'Double'],
  REAL: ['Float', 'Double'],
  LREAL: ['Double'],
  STRING: ['String'],
}

/** Bytes that were read and are not a value. */
export interface Unusable {
  readonly unusable: StatusCode
}

/** A STRING whose length bytes contradict each other or its declaration: the bytes are not what the tag says. */
const UNDECODABLE: Unusable = { unusable: StatusCode.BadDecodingError }
/**
 * A NaN or infinity is a well-formed IEC 60559 number, so decoding did not fail: the program computed it from a
 * measurement that is none (open wire, division by zero).
 */
const NO_MEASUREMENT: Unusable = { unusable: StatusCode.BadSensorFailure }

export interface Decoding {
  readonly type: S7Type
  /** Bit of a BOOL, 0 to 7. */
  readonly bit: number
  /** Declared length of a STRING. */
  readonly maxLength: number
  /** The tag is Int64 or UInt64, which are held as bigint. */
  readonly asBigInt: boolean
}

/**
 * The value at byte `at`, big-endian as S7 stores everything. A STRING has its declared length in the first byte, its
 * actual length in the second, then one byte a character (Latin-1); `bytes` may end behind the actual text.
 */
export function decode(how: Decoding, bytes: Buffer, at: number): Exclude<TagValue, object> | Unusable {
  switch (how.type) {
    case 'BOOL':
      return ((bytes.readUInt8(at) >> how.bit) & 1) === 1
    case 'BYTE':
      return integer(how, bytes.readUInt8(at))
    case 'WORD':
      return integer(how, bytes.readUInt16BE(at))
    case 'INT':
      return integer(how, bytes.readInt16BE(at))
    case 'DWORD':
      return integer(how, bytes.readUInt32BE(at))
    case 'DINT':
      return integer(how, bytes.readInt32BE(at))
    case 'REAL':
      return finite(bytes.readFloatBE(at))
    case 'LREAL':
      return finite(bytes.readDoubleBE(at))
    case 'STRING':
      return text(how, bytes, at)
  }
}

const integer = (how: Decoding, value: number): number | bigint => (how.asBigInt ? BigInt(value) : value)

const finite = (value: number): number | Unusable => (Number.isFinite(value) ? value : NO_MEASUREMENT)

function text(how: Decoding, bytes: Buffer, at: number): string | Unusable {
  const declared = bytes.readUInt8(at)
  const actual = bytes.readUInt8(at + 1)
  const end = at + 2 + actual
  if (actual > declared || actual > how.maxLength || end > bytes.length) return UNDECODABLE
  return bytes.toString('latin1', at + 2, end)
}
