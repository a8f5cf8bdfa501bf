import type { DataType } from '../../../core/data-type.ts'
import type { S7Encoding } from '../../../core/encodings.ts'
import type { Settings } from '../imported.ts'
import { quoted, withoutArray } from './array-suffix.ts'
import { isReason, type KepwareTag, type KepwareType, type Reason } from './kepware-tag.ts'
import { type Scaled, scaled } from './scaling.ts'

interface Lying {
  readonly type: DataType
  readonly s7: S7Encoding
  readonly bytes: number
}

/** What a value of a type of KEPServerEX is in the memory of a CPU. */
const lying: Readonly<Partial<Record<KepwareType, Lying>>> = {
  Char: { type: 'SByte', s7: 'SINT', bytes: 1 },
  Byte: { type: 'Byte', s7: 'BYTE', bytes: 1 },
  Short: { type: 'Int16', s7: 'INT', bytes: 2 },
  Word: { type: 'UInt16', s7: 'WORD', bytes: 2 },
  Long: { type: 'Int32', s7: 'DINT', bytes: 4 },
  DWord: { type: 'UInt32', s7: 'DWORD', bytes: 4 },
  Float: { type: 'Float', s7: 'REAL', bytes: 4 },
  LLong: { type: 'Int64', s7: 'LINT', bytes: 8 },
  QWord: { type: 'UInt64', s7: 'LWORD', bytes: 8 },
  Double: { type: 'Double', s7: 'LREAL', bytes: 8 },
}

/** What the address names: how many bytes, and which type the driver takes where the tag says none. */
interface Named {
  readonly bytes: number
  readonly usual: KepwareType
  /** It says how the value lies, so that only its own type reads it. */
  readonly only?: true
}

const named: Readonly<Record<string, Named>> = {
  B: { bytes: 1, usual: 'Byte' },
  BYTE: { bytes: 1, usual: 'Byte' },
  C: { bytes: 1, usual: 'Char' },
  CHAR: { bytes: 1, usual: 'Char' },
  W: { bytes: 2, usual: 'Word' },
  WORD: { bytes: 2, usual: 'Word' },
  I: { bytes: 2, usual: 'Short' },
  INT: { bytes: 2, usual: 'Short' },
  D: { bytes: 4, usual: 'DWord' },
  DWORD: { bytes: 4, usual: 'DWord' },
  DI: { bytes: 4, usual: 'Long' },
  DINT: { bytes: 4, usual: 'Long' },
  R: { bytes: 4, usual: 'Float', only: true },
  REAL: { bytes: 4, usual: 'Float', only: true },
  LREAL: { bytes: 8, usual: 'Double', only: true },
  LINT: { bytes: 8, usual: 'LLong' },
  LWORD: { bytes: 8, usual: 'QWord' },
  ULINT: { bytes: 8, usual: 'QWord' },
}

/** Durations and dates, with the types that they have here; STEP 7 names the same. */
const times: Readonly<Record<string, { readonly s7: S7Encoding; readonly type: DataType }>> = {
  TIME: { s7: 'TIME', type: 'Int32' },
  S5TIME: { s7: 'S5TIME', type: 'Int32' },
  TOD: { s7: 'TOD', type: 'UInt32' },
  DATE: { s7: 'DATE', type: 'DateTime' },
  DT: { s7: 'DT', type: 'DateTime' },
  DTL: { s7: 'DTL', type: 'DateTime' },
}

export interface S7Tag extends Scaled {
  readonly settings: Settings
  readonly canWrite: boolean
}

/** `DB1,REAL4`, `DB1.DBW4`, `DB1:DBD8`, `MX70.0`, `MBYTE113`, `I0.0`, `T5`: data block or area, type or width, place. */
const pattern =
  /^(?:(DB\d{1,5})[,.:]\s*(?:DB(?=[XBWD]\d))?|(PI|PE|PQ|PA|I|E|Q|A|M|F|V|T|C|Z)(?![A-Z]*DB))([A-Z0-9_]*?[A-Z_]|)(\d{1,5})(?:\.(\d{1,5}))?$/

/** What a tag of the driver Siemens TCP/IP Ethernet is here. */
export function s7Tag(tag: KepwareTag): S7Tag | Reason {
  const plain = withoutArray(tag.address, tag.dataType.isArray)
  if (isReason(plain)) return plain
  const match = pattern.exec(plain.address.toUpperCase().replace(/\s+/g, ''))
  if (!match)
    return { reason: `${quoted(tag.address)} is no address that is read here, such as DB1,REAL4, DB1.DBX0.3 or MW4.` }
  const [, block, letters = '', name = '', offset = '', part] = match
  const place: Place = {
    area: block ?? (letters === 'F' ? 'M' : letters),
    prefix: block === undefined ? (letters === 'F' ? 'M' : letters) : `${block},`,
    offset: Number(offset),
    part: part === undefined ? undefined : Number(part),
  }
  const { arrayLength } = plain
  const isInput = /^(?:I|E|PI|PE)$/.test(place.area)
  const isNumbered = /^[TCZ]$/.test(place.area)
  const made =
    isNumbered && name === '' ? numberedTag(tag, place) : memoryTag(tag, place, name, arrayLength !== undefined)
  if (isReason(made)) return made
  const array = arrayLength === undefined ? {} : { arrayLength }
  return { ...made, settings: { ...made.settings, ...array }, canWrite: tag.canWrite && !isInput && !isNumbered }
}

interface Place {
  readonly area: string
  readonly prefix: string
  readonly offset: number
  /** What stands behind a dot: a bit, or the length of a text. */
  readonly part: number | undefined
}

function numberedTag(tag: KepwareTag, { area, offset, part }: Place): Scaled | Reason {
  if (part !== undefined) return { reason: `${quoted(tag.address)} is no bit.` }
  const made = scaled(tag, { type: area === 'T' ? 'UInt32' : 'UInt16' }, false)
  return isReason(made) ? made : { ...made, settings: { ...made.settings, address: `${area}${offset}` } }
}

function memoryTag(tag: KepwareTag, place: Place, name: string, isArray: boolean): Scaled | Reason {
  const { prefix, offset, part } = place
  const wanted = tag.dataType.type
  const isBit = name === '' || name === 'X' || name === 'BOOL'
  if (isBit) {
    if (part === undefined || part > 7) return { reason: `${quoted(tag.address)} needs a bit from 0 to 7, as X0.3.` }
    if (wanted !== undefined && wanted !== 'Boolean')
      return { reason: `${quoted(tag.address)} is a bit, and the type is ${wanted}.` }
    return asIs({ type: 'Boolean', address: bitAddress(place, offset, part) })
  }
  if (name === 'STRING' || name === 'S' || name === 'WSTRING') {
    if (part === undefined) return { reason: `A text needs the length that the program declares, as DB1,STRING20.30.` }
    if (wanted !== undefined && wanted !== 'String')
      return { reason: `${quoted(tag.address)} is a text, and the type is ${wanted}.` }
    return asIs({ type: 'String', address: `${prefix}${name === 'S' ? 'STRING' : name}${offset}.${part}` })
  }
  const time = times[name]
  if (time) {
    if (part !== undefined) return { reason: `${quoted(tag.address)} is no bit.` }
    return timeTag(tag, time, `${prefix}${time.s7}${offset}`, isArray)
  }
  const says = named[name]
  if (!says) return { reason: `${quoted(name)} in ${quoted(tag.address)} is no data type of a CPU that is read here.` }
  if (part !== undefined) {
    if (wanted !== undefined && wanted !== 'Boolean')
      return { reason: `${quoted(tag.address)} is a bit, and the type is ${wanted}.` }
    return bitOfWord(tag, place, says, part)
  }
  const type = wanted ?? says.usual
  const how = lying[type]
  if (!how) return { reason: `A ${type} is not read of the memory of a CPU here.` }
  if (how.bytes !== says.bytes || (says.only && type !== says.usual))
    return { reason: `${quoted(tag.address)} is no ${type}: ${name} has ${says.bytes} bytes and is a ${says.usual}.` }
  const made = scaled(tag, { type: how.type }, isArray)
  return isReason(made) ? made : { ...made, settings: { ...made.settings, address: `${prefix}${how.s7}${offset}` } }
}

const asIs = (settings: Settings): Scaled => ({ settings, changed: [] })

const bitAddress = ({ prefix, area }: Place, offset: number, bit: number): string =>
  `${area.startsWith('DB') ? `${prefix}X` : prefix}${offset}.${bit}`

/** Bits of a word count from its least significant one, which is in its last byte. */
function bitOfWord(tag: KepwareTag, place: Place, { bytes }: Named, bit: number): Scaled | Reason {
  if (bit >= bytes * 8) return { reason: `${quoted(tag.address)} has the bits 0 to ${bytes * 8 - 1}.` }
  const offset = place.offset + bytes - 1 - Math.floor(bit / 8)
  return asIs({ type: 'Boolean', address: bitAddress(place, offset, bit % 8) })
}

function timeTag(
  tag: KepwareTag,
  time: { readonly type: DataType },
  address: string,
  isArray: boolean,
): Scaled | Reason {
  if (time.type !== 'DateTime') {
    const made = scaled(tag, time, isArray)
    return isReason(made) ? made : { ...made, settings: { ...made.settings, address } }
  }
  const wanted = tag.dataType.type
  if (wanted !== undefined && wanted !== 'Date' && wanted !== 'String')
    return { reason: `${quoted(tag.address)} is a date, and the type is ${wanted}.` }
  return asIs({ type: 'DateTime', address })
}
