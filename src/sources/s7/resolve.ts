import { type DataType, dataTypes, isBigInteger, isNumeric } from '../../core/data-type.ts'
import type { TagConfig } from '../../core/plant.ts'
import { takesAnyNumber } from '../../core/transform/transform.ts'
import {
  type AddressFault,
  bytesOf,
  formatAddress,
  parseAddress,
  type S7Type,
  type S7Width,
  type SizedAddress,
  s7Types,
} from './address.ts'
import { type Decoding, exactTypes } from './types.ts'

/** What a tag reads: bytes of a data block, and how they become its value. */
export interface S7Item extends Decoding {
  readonly db: number
  /** First byte in the data block. */
  readonly offset: number
  /** Bytes that the value takes. */
  readonly length: number
}

/** Why a tag cannot be read, and which of its settings to mend. */
export interface TagFault {
  readonly setting: 'address' | 'encoding' | 'type'
  readonly message: string
  readonly mend: string
}

export type Resolved = { readonly ok: true; readonly item: S7Item } | { readonly ok: false; readonly fault: TagFault }

const numericTypes: readonly DataType[] = dataTypes.filter(isNumeric)
const isNumber = (type: S7Type): boolean => exactTypes[type].some(isNumeric)

/** S7 types that an operand of a width can hold. */
const typesOfWidth: Readonly<Record<S7Width, readonly S7Type[]>> = {
  X: ['BOOL'],
  B: ['BYTE'],
  W: ['WORD', 'INT'],
  D: ['DWORD', 'DINT', 'REAL'],
}

/** What the tag reads, from its address, its `encoding` and its type together; or what does not fit. */
export function resolveTag(
  tag: Pick<TagConfig, 'address' | 'encoding' | 'type' | 'transform' | 'unit' | 'range'>,
): Resolved {
  const parsed = parseAddress(tag.address)
  if (!parsed.ok) return failed('address', ...inWords(parsed.fault))
  const { address } = parsed
  const encoding = tag.encoding === undefined ? undefined : s7Types.find((type) => type === tag.encoding?.toUpperCase())
  if (tag.encoding !== undefined && encoding === undefined) {
    return failed('encoding', 'This is not an S7 data type that can be read.', `Use one of ${s7Types.join(', ')}.`)
  }
  const type = address.notation === 'typed' ? address.type : typeOfOperand(address, encoding, tag.type)
  if (typeof type !== 'string') return type
  if (encoding !== undefined && encoding !== type) {
    const message = `The address ${formatAddress(address)} says ${type} already.`
    return failed('encoding', message, 'Remove the encoding, or change the type in the address.')
  }
  // What is calculated with may be any number: whether the result fits is said of each value.
  const allowed = takesAnyNumber(tag) && isNumber(type) ? numericTypes : exactTypes[type]
  if (!allowed.includes(tag.type)) {
    const message = `An S7 ${type} does not fit it exactly; allowed: ${allowed.join(', ')}.`
    return failed('type', message, `Use ${allowed[0]}, or read another S7 type.`)
  }
  const { db, offset, bit } = address
  const maxLength = address.notation === 'typed' ? address.maxLength : 0
  const item = { db, offset, length: bytesOf(type, maxLength), type, bit, maxLength, asBigInt: isBigInteger(tag.type) }
  return { ok: true, item }
}

/**
 * The S7 type behind Siemens' notation: the encoding's; else the one whose own counterpart is the tag's type
 * (Int16: INT); else the only one that fits exactly. Where several do, nothing is guessed.
 */
function typeOfOperand(address: SizedAddress, encoding: S7Type | undefined, type: DataType): S7Type | Resolved {
  const possible = typesOfWidth[address.width]
  const operand = `DB${address.width}`
  if (encoding !== undefined) {
    if (possible.includes(encoding)) return encoding
    const message = `A ${operand} operand cannot be a ${encoding}.`
    return failed('encoding', message, `Use one of ${possible.join(', ')}, or the notation DB1,${encoding}…`)
  }
  const counterpart = possible.find((each) => exactTypes[each][0] === type)
  if (counterpart) return counterpart
  const fitting = possible.filter((each) => exactTypes[each].includes(type))
  const [only] = fitting
  if (only === undefined) {
    const allowed = [...new Set(possible.flatMap((each) => exactTypes[each]))].join(', ')
    return failed(
      'type',
      `No S7 type of a ${operand} operand fits it exactly; allowed: ${allowed}.`,
      'Use one of them.',
    )
  }
  if (fitting.length === 1) return only
  return failed(
    'encoding',
    `A ${operand} operand of a ${type} tag can be ${fitting.join(' or ')}, and the address does not say which.`,
    `Set the encoding to one of ${fitting.join(', ')}, or write the address like DB1,${only}…`,
  )
}

const inWords = ({ column, message, mend }: AddressFault): [string, string] => [`Column ${column}: ${message}`, mend]

const failed = (setting: TagFault['setting'], message: string, mend: string) =>
  ({ ok: false, fault: { setting, message, mend } }) as const
