import { areaWords, isNumbered, type S7Area } from './areas.ts'
import { type AddressFault, Cursor, Misfit } from './cursor.ts'
import { bytesOf, isText, longestText, type S7Type, typeNamed } from './types.ts'

/** What Siemens' own notation says of the operand: a bit, byte, word or double word. */
export type S7Width = 'X' | 'B' | 'W' | 'D'

interface Place {
  readonly area: S7Area
  /** Number of the data block; 0 in other areas. */
  readonly db: number
  /** First byte in the area; of a timer or counter its number. */
  readonly offset: number
  /** 0 to 7 of a bit, else 0. */
  readonly bit: number
}

/** `DB1,REAL4`, `MREAL4`, `T5`: names the data type. */
export interface TypedAddress extends Place {
  readonly notation: 'typed'
  readonly type: S7Type
  /** The declared length of a STRING or WSTRING, else 0. */
  readonly maxLength: number
}

/** `DB1.DBD4`, `MD4`: Siemens' absolute notation, which names the width only. */
export interface SizedAddress extends Place {
  readonly notation: 'sized'
  readonly width: S7Width
}

export type S7Address = TypedAddress | SizedAddress

export type ParsedAddress =
  | { readonly ok: true; readonly address: S7Address }
  | { readonly ok: false; readonly fault: AddressFault }

const operandWidths: Readonly<Record<string, S7Width>> = { DBX: 'X', DBB: 'B', DBW: 'W', DBD: 'D' }
const widths: Readonly<Record<string, S7Width>> = { '': 'X', X: 'X', B: 'B', W: 'W', D: 'D' }
const widthBytes: Readonly<Record<S7Width, number>> = { X: 1, B: 1, W: 2, D: 4 }

/** English and German letters; V is the variable memory of LOGO! and S7-200, which both show as DB1. */
const areaLetters: Readonly<Record<string, S7Area | 'V'>> = {
  M: 'M',
  I: 'I',
  E: 'I',
  Q: 'Q',
  A: 'Q',
  PI: 'PI',
  PE: 'PI',
  T: 'T',
  C: 'C',
  Z: 'C',
  V: 'V',
}

const HIGHEST_OFFSET = 65_535
/** Of timers and counters; an S7-400 has 2,048. */
const HIGHEST_NUMBER = 2_047
const EXAMPLES =
  'Write it like DB1,REAL4 or DB1,X0.3 or DB1,STRING20.30 or DB1.DBD4 or M0.1 or MW4 or IW64 or Q0.0 or T5 or C3.'
const TYPES =
  'Write one of X (a bit), BYTE, WORD, DWORD, LWORD, CHAR, WCHAR, SINT, USINT, INT, UINT, DINT, UDINT, LINT, ULINT, ' +
  'REAL, LREAL, STRING, WSTRING, S5TIME, TIME, LTIME, DATE, TOD, LTOD, DT, LDT, DTL.'
const OPERANDS = 'Write one of DBX (a bit), DBB (byte), DBW (word), DBD (double word).'

/**
 * Reads an address, in upper or lower case, with or without the `%` of IEC 61131-3:
 * - in a data block `DB1,REAL4`, `DB1,X0.3` (byte 0, bit 3), `DB1,STRING20.30` (byte 20, declared length 30), or
 *   `DB1.DBX0.3`, `DB1.DBB3`, `DB1.DBW10`, `DB1.DBD4`;
 * - in bit memory (M), inputs (I, E), outputs (Q, A), peripheral inputs (PI, PE, or `:P` behind an input) and variable
 *   memory (V) `M0.1`, `MB4`, `MW4`, `MD4`, `MREAL4`;
 * - timers `T5`, counters `C3` or `Z3`.
 */
export function parseAddress(text: string): ParsedAddress {
  try {
    const cursor = new Cursor(text)
    cursor.skip('%')
    const address = readAddress(cursor)
    cursor.end()
    return { ok: true, address }
  } catch (error) {
    if (error instanceof Misfit) return { ok: false, fault: error.fault }
    throw error
  }
}

/** The one way an address is written; `parseAddress` reads it back to the same address. */
export function formatAddress(address: S7Address): string {
  const { area, db, offset, bit } = address
  if (isNumbered(area)) return `${area}${offset}`
  if (address.notation === 'sized') {
    const { width } = address
    const place = `${offset}${width === 'X' ? `.${bit}` : ''}`
    if (area === 'DB') return `DB${db}.DB${width}${place}`
    return `${area}${width === 'X' ? '' : width}${place}`
  }
  const { type, maxLength } = address
  const name = type === 'BOOL' ? 'X' : type
  const rest = type === 'BOOL' ? `.${bit}` : isText(type) ? `.${maxLength}` : ''
  return `${area === 'DB' ? `DB${db},` : area}${name}${offset}${rest}`
}

function readAddress(cursor: Cursor): S7Address {
  const name = cursor.name()
  if (name.text === 'DB') return readInDataBlock(cursor)
  const letters = name.text.startsWith('P') ? name.text.slice(0, 2) : name.text.slice(0, 1)
  if (letters === 'PQ' || letters === 'PA') throw new Misfit(name.column, ...UNREADABLE_OUTPUTS)
  const area = areaLetters[letters]
  const rest = name.text.slice(letters.length)
  if (area === undefined || (isNumberedLetter(area) && rest !== '')) throw unknownArea(name)
  if (isNumberedLetter(area)) return readNumbered(cursor, area)
  const width = widths[rest]
  const place = area === 'V' ? ({ area: 'DB', db: 1 } as const) : ({ area, db: 0 } as const)
  if (width !== undefined) return readSized(cursor, place, width, `${letters}0.3`)
  const type = typeNamed(rest)
  if (type === undefined || isStepSeven(type)) {
    const column = name.column + letters.length
    throw new Misfit(column, `"${rest}" is neither a width nor an S7 data type.`, `${WIDTHS} ${TYPES}`)
  }
  if (type === 'BOOL') return readSized(cursor, place, 'X', `${letters}0.3`)
  return readTyped(cursor, place, type, letters)
}

const WIDTHS = 'Write a bit like M0.1, or B (byte), W (word), D (double word), or a type:'
const UNREADABLE_OUTPUTS = [
  'Peripheral outputs cannot be read: a CPU only writes them.',
  'Read the output image, for example QW256.',
] as const

/** Timers and counters of STEP 7 have areas of their own. */
const isStepSeven = (type: S7Type): boolean => type === 'TIMER' || type === 'COUNTER'
const isNumberedLetter = (area: S7Area | 'V'): area is 'T' | 'C' => area !== 'V' && isNumbered(area)

function unknownArea({ text, column }: { readonly text: string; readonly column: number }): Misfit {
  if (text === '') return new Misfit(column, 'The address does not begin with an area of the CPU.', EXAMPLES)
  const isOperand = operandWidths[text] !== undefined
  const message = isOperand ? `"${text}" lacks its data block.` : `"${text}" is not an area of the CPU.`
  return new Misfit(column, message, isOperand ? `Write it like DB1.${text}…` : EXAMPLES)
}

function readInDataBlock(cursor: Cursor): S7Address {
  const db = cursor.number('the number of the data block', 1, 65_535)
  const place = { area: 'DB', db } as const
  const separator = cursor.oneOf([',', '.'], EXAMPLES)
  const name = cursor.name()
  if (separator === '.') {
    const width = operandWidths[name.text]
    if (width) return readSized(cursor, place, width, 'DB1.DBX0.3')
    throw new Misfit(name.column, `"${name.text}" is not an operand of a data block.`, OPERANDS)
  }
  const type = typeNamed(name.text)
  if (type && !isStepSeven(type)) return readTyped(cursor, place, type, 'DB1,')
  throw new Misfit(name.column, `"${name.text}" is not an S7 data type that can be read.`, TYPES)
}

type Base = Pick<Place, 'area' | 'db'>

function readTyped(cursor: Cursor, base: Base, type: S7Type, prefix: string): TypedAddress {
  const at = cursor.column
  const offset = cursor.number(`the byte in ${areaWords[base.area]}`, 0, HIGHEST_OFFSET)
  let bit = 0
  let maxLength = 0
  if (type === 'BOOL') {
    cursor.oneOf(['.'], `Add the bit, 0 to 7: ${prefix}X0.3.`)
    bit = cursor.number('the bit', 0, 7)
  }
  if (isText(type)) {
    const longest = longestText[type]
    cursor.oneOf(['.'], `Add the length that the PLC program declares, 1 to ${longest}: ${prefix}${type}20.30.`)
    maxLength = cursor.number(`the declared length of the ${type}`, 1, longest)
  }
  checkEnd(offset, bytesOf(type, maxLength), at, base.area)
  return { notation: 'typed', ...periphery(cursor, base), type, offset, bit, maxLength }
}

function readSized(cursor: Cursor, base: Base, width: S7Width, example: string): SizedAddress {
  const at = cursor.column
  const offset = cursor.number(`the byte in ${areaWords[base.area]}`, 0, HIGHEST_OFFSET)
  let bit = 0
  if (width === 'X') {
    cursor.oneOf(['.'], `Add the bit, 0 to 7: ${example}.`)
    bit = cursor.number('the bit', 0, 7)
  }
  checkEnd(offset, widthBytes[width], at, base.area)
  return { notation: 'sized', ...periphery(cursor, base), width, offset, bit }
}

function readNumbered(cursor: Cursor, area: 'T' | 'C'): TypedAddress {
  const offset = cursor.number(`the number of the ${area === 'T' ? 'timer' : 'counter'}`, 0, HIGHEST_NUMBER)
  return { notation: 'typed', area, db: 0, type: area === 'T' ? 'TIMER' : 'COUNTER', offset, bit: 0, maxLength: 0 }
}

/** TIA Portal's `IW64:P` is the periphery behind an input. */
function periphery(cursor: Cursor, base: Base): Base {
  const { column } = cursor
  if ((base.area !== 'I' && base.area !== 'Q') || !cursor.skip(':P')) return base
  if (base.area === 'Q') throw new Misfit(column, ...UNREADABLE_OUTPUTS)
  return { area: 'PI', db: 0 }
}

function checkEnd(offset: number, bytes: number, column: number, area: S7Area): void {
  if (offset + bytes - 1 <= HIGHEST_OFFSET) return
  throw new Misfit(
    column,
    `The value's ${bytes} bytes from byte ${offset} end behind byte ${HIGHEST_OFFSET}, the last of ${areaWords[area]}.`,
    `Use a byte of at most ${HIGHEST_OFFSET + 1 - bytes}.`,
  )
}
