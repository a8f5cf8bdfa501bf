/** The elementary data types of S7 that can be read (IEC 61131-3 names as in TIA Portal). */
export const s7Types = ['BOOL', 'BYTE', 'WORD', 'INT', 'DWORD', 'DINT', 'REAL', 'LREAL', 'STRING'] as const
export type S7Type = (typeof s7Types)[number]

/** What Siemens' own notation says of the operand: a bit, byte, word or double word. */
export type S7Width = 'X' | 'B' | 'W' | 'D'

/** `DB1,REAL4`: the notation of nodes7 and its relatives, which names the data type. */
export interface TypedAddress {
  readonly notation: 'typed'
  readonly db: number
  readonly type: S7Type
  /** First byte in the data block. */
  readonly offset: number
  /** 0 to 7 for BOOL, else 0. */
  readonly bit: number
  /** The declared length of a STRING, else 0. */
  readonly maxLength: number
}

/** `DB1.DBD4`: Siemens' absolute notation, which names the width only. */
export interface SizedAddress {
  readonly notation: 'sized'
  readonly db: number
  readonly width: S7Width
  readonly offset: number
  /** 0 to 7 for a bit (`DBX`), else 0. */
  readonly bit: number
}

export type S7Address = TypedAddress | SizedAddress

/** Why a text is not an address. */
export interface AddressFault {
  /** Of the first character that does not fit, counted from 1. */
  readonly column: number
  readonly message: string
  readonly mend: string
}

export type ParsedAddress =
  | { readonly ok: true; readonly address: S7Address }
  | { readonly ok: false; readonly fault: AddressFault }

/** Names are compared as a whole: `D` must never be taken for the beginning of `DINT`, nor `DI` for `DINT`'s. */
const typeNames: Readonly<Record<string, S7Type>> = {
  X: 'BOOL',
  BOOL: 'BOOL',
  B: 'BYTE',
  BYTE: 'BYTE',
  W: 'WORD',
  WORD: 'WORD',
  I: 'INT',
  INT: 'INT',
  DW: 'DWORD',
  DWORD: 'DWORD',
  DI: 'DINT',
  DINT: 'DINT',
  R: 'REAL',
  REAL: 'REAL',
  LR: 'LREAL',
  LREAL: 'LREAL',
  S: 'STRING',
  STRING: 'STRING',
}
const operandWidths: Readonly<Record<string, S7Width>> = { DBX: 'X', DBB: 'B', DBW: 'W', DBD: 'D' }
const widthBytes: Readonly<Record<S7Width, number>> = { X: 1, B: 1, W: 2, D: 4 }
const typeBytes: Readonly<Record<Exclude<S7Type, 'STRING'>, number>> = {
  BOOL: 1,
  BYTE: 1,
  WORD: 2,
  INT: 2,
  DWORD: 4,
  DINT: 4,
  REAL: 4,
  LREAL: 8,
}

const HIGHEST_OFFSET = 65_535
const EXAMPLES = 'Write it like DB1,REAL4 or DB1,X0.3 or DB1,STRING20.30 or DB1.DBD4.'
const TYPES = 'Write one of X (a bit), BYTE, WORD, INT, DWORD, DINT, REAL, LREAL, STRING.'
const OPERANDS = 'Write one of DBX (a bit), DBB (byte), DBW (word), DBD (double word).'

/**
 * Reads an address in a data block: `DB1,REAL4`, `DB1,X0.3` (byte 0, bit 3), `DB1,STRING20.30` (byte 20, declared
 * length 30), or `DB1.DBX0.3`, `DB1.DBB3`, `DB1.DBW10`, `DB1.DBD4`. Upper and lower case are the same.
 */
export function parseAddress(text: string): ParsedAddress {
  try {
    return { ok: true, address: readAddress(new Cursor(text)) }
  } catch (error) {
    if (error instanceof Misfit) return { ok: false, fault: error.fault }
    throw error
  }
}

/** The one way an address is written; `parseAddress` reads it back to the same address. */
export function formatAddress(address: S7Address): string {
  const { db, offset, bit } = address
  if (address.notation === 'sized')
    return `DB${db}.DB${address.width}${offset}${address.width === 'X' ? `.${bit}` : ''}`
  if (address.type === 'BOOL') return `DB${db},X${offset}.${bit}`
  if (address.type === 'STRING') return `DB${db},STRING${offset}.${address.maxLength}`
  return `DB${db},${address.type}${offset}`
}

/** Bytes that a value of the type takes in the data block; a STRING has two bytes before its characters. */
export const bytesOf = (type: S7Type, maxLength: number): number =>
  type === 'STRING' ? 2 + maxLength : typeBytes[type]

function readAddress(cursor: Cursor): S7Address {
  const area = cursor.name()
  if (area.text !== 'DB') {
    const found = area.text === '' ? 'The address does not begin with a data block.' : `"${area.text}" is not readable.`
    throw new Misfit(area.column, `${found} Only data blocks are.`, EXAMPLES)
  }
  const db = cursor.number('the number of the data block', 1, 65_535)
  const separator = cursor.oneOf([',', '.'], EXAMPLES)
  const address = separator === ',' ? readTyped(cursor, db) : readSized(cursor, db)
  cursor.end()
  return address
}

function readTyped(cursor: Cursor, db: number): TypedAddress {
  const name = cursor.name()
  const type = typeNames[name.text]
  if (!type) throw new Misfit(name.column, `"${name.text}" is not an S7 data type that can be read.`, TYPES)
  const at = cursor.column
  const offset = cursor.number('the byte in the data block', 0, HIGHEST_OFFSET)
  let bit = 0
  let maxLength = 0
  if (type === 'BOOL') {
    cursor.oneOf(['.'], 'Add the bit, 0 to 7: DB1,X0.3.')
    bit = cursor.number('the bit', 0, 7)
  }
  if (type === 'STRING') {
    cursor.oneOf(['.'], 'Add the length that the PLC program declares, 1 to 254: DB1,STRING20.30.')
    maxLength = cursor.number('the declared length of the STRING', 1, 254)
  }
  checkEnd(offset, bytesOf(type, maxLength), at)
  return { notation: 'typed', db, type, offset, bit, maxLength }
}

function readSized(cursor: Cursor, db: number): SizedAddress {
  const name = cursor.name()
  const width = operandWidths[name.text]
  if (!width) throw new Misfit(name.column, `"${name.text}" is not an operand of a data block.`, OPERANDS)
  const at = cursor.column
  const offset = cursor.number('the byte in the data block', 0, HIGHEST_OFFSET)
  let bit = 0
  if (width === 'X') {
    cursor.oneOf(['.'], 'Add the bit, 0 to 7: DB1.DBX0.3.')
    bit = cursor.number('the bit', 0, 7)
  }
  checkEnd(offset, widthBytes[width], at)
  return { notation: 'sized', db, width, offset, bit }
}

function checkEnd(offset: number, bytes: number, column: number): void {
  if (offset + bytes - 1 <= HIGHEST_OFFSET) return
  throw new Misfit(
    column,
    `The value's ${bytes} bytes from byte ${offset} end behind byte ${HIGHEST_OFFSET}, the last of any data block.`,
    `Use a byte of at most ${HIGHEST_OFFSET + 1 - bytes}.`,
  )
}

class Misfit extends Error {
  readonly fault: AddressFault

  constructor(column: number, message: string, mend: string) {
    super(message)
    this.fault = { column, message, mend }
  }
}

/** Reads a text from left to right and knows the column. */
class Cursor {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  get column(): number {
    return this.#position + 1
  }

  /** All letters that follow, as capitals; may be none. */
  name(): { readonly text: string; readonly column: number } {
    const { column } = this
    return { text: this.#take(/[A-Za-z]*/y).toUpperCase(), column }
  }

  number(what: string, low: number, high: number): number {
    const { column } = this
    const digits = this.#take(/[0-9]*/y)
    const mend = `Write ${what} as a number from ${low} to ${high}.`
    if (digits === '') throw new Misfit(column, `${this.#found()} where ${what} belongs.`, mend)
    const value = Number(digits)
    if (value < low || value > high) throw new Misfit(column, `${digits} is not possible for ${what}.`, mend)
    return value
  }

  oneOf(characters: readonly string[], mend: string): string {
    const character = this.#text.charAt(this.#position)
    if (!characters.includes(character)) {
      const wanted = characters.map((each) => `"${each}"`).join(' or ')
      throw new Misfit(this.column, `${this.#found()} where ${wanted} belongs.`, mend)
    }
    this.#position++
    return character
  }

  end(): void {
    if (this.#position === this.#text.length) return
    throw new Misfit(
      this.column,
      `${this.#found()} behind the end of the address.`,
      'Remove it; a tag reads one value, so there are no arrays, and spaces are not allowed.',
    )
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#position
    const [taken = ''] = pattern.exec(this.#text) ?? []
    this.#position += taken.length
    return taken
  }

  #found(): string {
    const character = this.#text.charAt(this.#position)
    return character === '' ? 'The text ends' : `"${character}" stands`
  }
}
