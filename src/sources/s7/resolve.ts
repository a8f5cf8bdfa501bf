import { type DataType, dataTypes, isBigInteger, isNumeric } from '../../core/data-type.ts'
import type { TagConfig } from '../../core/plant.ts'
import { takesAnyNumber } from '../../core/transform/transform.ts'
import { formatAddress, parseAddress, type S7Width, type SizedAddress } from './address.ts'
import { isNumbered, NUMBERED_BYTES, type S7Area } from './areas.ts'
import type { AddressFault } from './cursor.ts'
import type { Decoding } from './decode.ts'
import { LARGEST_PDU, payloadOf } from './pdu-budget.ts'
import { bytesOf, exactTypes, type S7Type, s7Types, strideOf, typeNamed } from './types.ts'

/** What a tag reads: bytes of an area, and how they become its value. */
export interface S7Item extends Decoding {
  readonly area: S7Area
  readonly db: number
  /** First byte in the area; timers and counters are two bytes each, from number 0. */
  readonly offset: number
  /** Bytes that the value takes. */
  readonly length: number
}

/** Why a tag cannot be read, and which of its settings to mend. */
export interface TagFault {
  readonly setting: 'address' | 'arrayLength' | 'encoding' | 'type'
  readonly message: string
  readonly mend: string
}

export type Resolved = { readonly ok: true; readonly item: S7Item } | { readonly ok: false; readonly fault: TagFault }

const numericTypes: readonly DataType[] = dataTypes.filter(isNumeric)
const isNumber = (type: S7Type): boolean => exactTypes(type).some(isNumeric)

/**
 * S7 types that an operand of a width can hold. The `plain` ones are what Siemens' notation means without a further word;
 * the others are taken where the tag's type is their counterpart, or where the encoding says so.
 */
const typesOfWidth: Readonly<
  Record<S7Width, { readonly plain: readonly S7Type[]; readonly other: readonly S7Type[] }>
> = {
  X: { plain: ['BOOL'], other: [] },
  B: { plain: ['BYTE'], other: ['SINT', 'USINT', 'CHAR'] },
  W: { plain: ['WORD', 'INT'], other: ['UINT', 'WCHAR', 'DATE', 'S5TIME'] },
  D: { plain: ['DWORD', 'DINT', 'REAL'], other: ['UDINT', 'TIME', 'TOD'] },
}
/** A Double says nothing of these: it may as well be a number. */
const onlyByEncoding: readonly S7Type[] = ['S5TIME', 'TIME', 'TOD']

type ReadTag = Pick<TagConfig, 'address' | 'arrayLength' | 'encoding' | 'type' | 'transform' | 'unit' | 'range'>

/** What the tag reads, from its address, its `encoding`, its type and its `arrayLength` together; or what does not fit. */
export function resolveTag(tag: ReadTag): Resolved {
  const parsed = parseAddress(tag.address)
  if (!parsed.ok) return failed('address', ...inWords(parsed.fault))
  const { address } = parsed
  const encoding = tag.encoding === undefined ? undefined : typeNamed(tag.encoding.toUpperCase())
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
  const allowed = takesAnyNumber(tag) && isNumber(type) ? numericTypes : exactTypes(type)
  if (!allowed.includes(tag.type)) {
    const message = `An S7 ${type} does not fit it exactly; allowed: ${allowed.join(', ')}.`
    return failed('type', message, `Use ${allowed[0]}, or read another S7 type.`)
  }
  const { area, db, bit } = address
  const maxLength = address.notation === 'typed' ? address.maxLength : 0
  const offset = isNumbered(area) ? address.offset * NUMBERED_BYTES : address.offset
  const { arrayLength: count } = tag
  const stride = strideOf(type, maxLength)
  const length = lengthOf(type, { bit, maxLength, stride, count })
  if (count !== undefined && length > MOST_BYTES) return tooLong(length, count)
  const item = { area, db, offset, length, type, bit, maxLength, asBigInt: isBigInteger(tag.type), count, stride }
  return { ok: true, item }
}

/** The most that any CPU answers at once; an array is only read whole, so that its elements belong together. */
const MOST_BYTES = payloadOf(LARGEST_PDU)

function lengthOf(type: S7Type, how: Pick<Decoding, 'bit' | 'maxLength' | 'stride' | 'count'>): number {
  const { bit, maxLength, stride, count = 1 } = how
  return type === 'BOOL' ? (bit + count + 7) >> 3 : (count - 1) * stride + bytesOf(type, maxLength)
}

const tooLong = (length: number, count: number): Resolved =>
  failed(
    'arrayLength',
    `${count} elements are ${length} bytes, and a CPU answers at most ${MOST_BYTES} at once: read in several answers, the ` +
      'elements of an array would not belong together.',
    `Use at most ${Math.floor((count * MOST_BYTES) / length)}, or several tags.`,
  )

/**
 * The S7 type behind Siemens' notation: the encoding's; else the one whose own counterpart is the tag's type
 * (Int16: INT); else the only one that fits exactly. Where several do, nothing is guessed.
 */
function typeOfOperand(address: SizedAddress, encoding: S7Type | undefined, type: DataType): S7Type | Resolved {
  const { plain, other } = typesOfWidth[address.width]
  const possible = [...plain, ...other]
  const operand = address.area === 'DB' ? `DB${address.width}` : `${address.area}${address.width}`
  const typed = (name: S7Type) => (address.area === 'DB' ? `DB1,${name}…` : `${address.area}${name}…`)
  if (encoding !== undefined) {
    if (possible.includes(encoding)) return encoding
    const message = `A ${operand} operand cannot be a ${encoding}.`
    return failed('encoding', message, `Use one of ${possible.join(', ')}, or the notation ${typed(encoding)}`)
  }
  const counterpart = possible.find((each) => exactTypes(each)[0] === type && !onlyByEncoding.includes(each))
  if (counterpart) return counterpart
  const fitting = plain.filter((each) => exactTypes(each).includes(type))
  const [only] = fitting
  if (only === undefined) {
    const allowed = [...new Set(possible.flatMap((each) => exactTypes(each)))].join(', ')
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
    `Set the encoding to one of ${fitting.join(', ')}, or write the address like ${typed(only)}`,
  )
}

const inWords = ({ column, message, mend }: AddressFault): [string, string] => [`Column ${column}: ${message}`, mend]

const failed = (setting: TagFault['setting'], message: string, mend: string) =>
  ({ ok: false, fault: { setting, message, mend } }) as const
