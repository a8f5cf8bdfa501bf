import type { Scalar, TagValue } from '../../core/data-type.ts'
import { StatusCode } from '../../core/status-code.ts'
import { isUnwritable, type Unwritable, unwritable } from '../../core/transform/inverse.ts'
import { type WholeNumber, wholeBytes } from '../whole-number.ts'
import type { Decoding } from './decode.ts'
import { encodeTime, type TimeType } from './encode-times.ts'
import type { S7Type } from './types.ts'
import type { Zone } from './zone.ts'

const MOST_REAL = 3.4028234663852886e38

const wholes: Partial<Readonly<Record<S7Type, Omit<WholeNumber, 'name'>>>> = {
  BYTE: { width: 8, kind: 'uint' },
  USINT: { width: 8, kind: 'uint' },
  SINT: { width: 8, kind: 'int' },
  WORD: { width: 16, kind: 'uint' },
  UINT: { width: 16, kind: 'uint' },
  INT: { width: 16, kind: 'int' },
  DWORD: { width: 32, kind: 'uint' },
  UDINT: { width: 32, kind: 'uint' },
  DINT: { width: 32, kind: 'int' },
  LWORD: { width: 64, kind: 'uint' },
  ULINT: { width: 64, kind: 'uint' },
  LINT: { width: 64, kind: 'int' },
}

/** Whether the type holds whole numbers only, to which a scaled value is rounded. */
export const isWhole = (type: S7Type): boolean => wholes[type] !== undefined

/**
 * The bytes of a value, or of an array, that `decode` reads back: all big-endian. Of a text its header too, with the
 * declared length of the tag. Refused with BadOutOfRange is what the type cannot hold; numbers are only rounded to the
 * nearest REAL, times to what their type has. Not for BOOL.
 */
export function encode(how: Decoding, value: TagValue, zone: Zone): Buffer | Unwritable {
  const elements: readonly Scalar[] = Array.isArray(value) ? value : [value as Scalar]
  const parts: Buffer[] = []
  for (const element of elements) {
    const bytes = encodeOne(how, element, zone)
    if (isUnwritable(bytes)) return bytes
    parts.push(bytes)
  }
  return Buffer.concat(parts)
}

function encodeOne({ type, maxLength }: Decoding, value: Scalar, zone: Zone): Buffer | Unwritable {
  const whole = wholes[type]
  if (whole) return wholeBytes({ ...whole, name: type }, value as number | bigint)
  switch (type) {
    case 'REAL':
    case 'LREAL':
      return encodeReal(type, Number(value))
    case 'CHAR':
    case 'WCHAR':
      return encodeCharacter(type, value as string)
    case 'STRING':
    case 'WSTRING':
      return encodeString(type, value as string, maxLength)
    default:
      return encodeTime(type as TimeType, Number(value), zone)
  }
}

function encodeReal(type: 'REAL' | 'LREAL', value: number): Buffer | Unwritable {
  const bytes = Buffer.alloc(type === 'REAL' ? 4 : 8)
  if (type === 'LREAL') bytes.writeDoubleBE(value)
  else bytes.writeFloatBE(value)
  if (type === 'LREAL' || Math.abs(value) <= MOST_REAL) return bytes
  return unwritable(StatusCode.BadOutOfRange, `${value} is too great for a REAL, which ends at ${MOST_REAL}.`)
}

function encodeCharacter(type: 'CHAR' | 'WCHAR', text: string): Buffer | Unwritable {
  if (text.length === 1) return charactersOf(text, type === 'WCHAR')
  return unwritable(StatusCode.BadOutOfRange, `A ${type} is one character, not ${text.length}.`)
}

function encodeString(type: 'STRING' | 'WSTRING', text: string, maxLength: number): Buffer | Unwritable {
  const wide = type === 'WSTRING'
  const characters = charactersOf(text, wide)
  if (isUnwritable(characters)) return characters
  if (text.length > maxLength) {
    return unwritable(
      StatusCode.BadOutOfRange,
      `It has ${text.length} characters, and the ${type} at most ${maxLength}.`,
    )
  }
  const header = wide ? words(maxLength, text.length) : Buffer.of(maxLength, text.length)
  return Buffer.concat([header, characters])
}

/** STRING and CHAR are Latin-1, WSTRING and WCHAR UTF-16. */
function charactersOf(text: string, wide: boolean): Buffer | Unwritable {
  if (wide && text.isWellFormed()) return Buffer.from(text, 'utf16le').swap16()
  const foreign = [...text].find((each) => (each.codePointAt(0) ?? 0) > 0xff)
  if (!wide && foreign === undefined) return Buffer.from(text, 'latin1')
  const what = wide
    ? 'It has half of a surrogate pair, which is no character'
    : `Latin-1, which STRING and CHAR are, does not have "${foreign}"`
  return unwritable(StatusCode.BadOutOfRange, `${what}.`)
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, 2 * at)
  return bytes
}
