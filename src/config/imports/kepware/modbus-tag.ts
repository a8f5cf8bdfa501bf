import type { DataType } from '../../../core/data-type.ts'
import type { ModbusEncoding } from '../../../core/encodings.ts'
import type { Settings } from '../imported.ts'
import { quoted, withoutArray } from './array-suffix.ts'
import { isReason, type KepwareTag, type KepwareType, type Reason } from './kepware-tag.ts'
import { type Scaled, scaled } from './scaling.ts'

/** How the Modbus drivers of KEPServerEX read a device, as far as the tags depend on it. */
export interface ModbusReading {
  /** "Zero-Based Addressing": 400001 is register 0 on the wire; otherwise 400000 is. Enabled unless set. */
  readonly zeroBased: boolean
  /** "Zero-Based Bit Addressing": bits are 0 to 15; otherwise 1 to 16. Enabled unless set. */
  readonly zeroBasedBits: boolean
  /** "Modbus Byte Order". */
  readonly bytesBig: boolean
  /** "First Word Low" and "First DWord Low" say the same, so that 64 bits have an order that can be said here. */
  readonly has64Bit: boolean
  /** "Treat Longs as Decimals". */
  readonly longsAreDecimal: boolean
  /** "Modbus Function 05" and "06": otherwise single coils and registers are written by 15 and 16. */
  readonly singleCoils: boolean
  readonly singleRegisters: boolean
  /** "Holding Register Bit Writes": bits are written by function 22. */
  readonly maskWrites: boolean
}

interface Lying {
  readonly type: DataType
  readonly encoding: ModbusEncoding
  readonly registers: number
}

const lying: Readonly<Partial<Record<KepwareType, Lying>>> = {
  Boolean: { type: 'Boolean', encoding: 'bool', registers: 1 },
  Short: { type: 'Int16', encoding: 'int16', registers: 1 },
  Word: { type: 'UInt16', encoding: 'uint16', registers: 1 },
  BCD: { type: 'UInt16', encoding: 'bcd16', registers: 1 },
  Long: { type: 'Int32', encoding: 'int32', registers: 2 },
  DWord: { type: 'UInt32', encoding: 'uint32', registers: 2 },
  LBCD: { type: 'UInt32', encoding: 'bcd32', registers: 2 },
  Float: { type: 'Float', encoding: 'float32', registers: 2 },
  Double: { type: 'Double', encoding: 'float64', registers: 4 },
  LLong: { type: 'Int64', encoding: 'int64', registers: 4 },
  QWord: { type: 'UInt64', encoding: 'uint64', registers: 4 },
}

/** Of the tag, without its key, name, access and period. */
export interface ModbusTag extends Scaled {
  readonly settings: Settings
  /** Registers, or bits, that it takes, for the longest request of the device. */
  readonly size: { readonly registers: number } | { readonly bits: number }
}

const LAST_REFERENCE = 65_536
const LONGEST_STRING = 250

/**
 * What a tag of the Modbus drivers (TCP/IP Ethernet, RTU Serial, ASCII Serial) is here. The notation is that of
 * Modicon: the table's digit, then four or five digits (after an H hexadecimal ones); `.n` is a bit, `.nH` and `.nL` a
 * string of n bytes, the more or the less significant byte of each register first.
 */
export function modbusTag(tag: KepwareTag, reading: ModbusReading): ModbusTag | Reason {
  const plain = withoutArray(tag.address, tag.dataType.isArray)
  if (isReason(plain)) return plain
  const { arrayLength } = plain
  const match = /^(H?)\s*([0134])([0-9A-F]{4,5})(?:\.(\d{1,3})([HL]?))?$/i.exec(plain.address)
  const digits = match?.[3] ?? ''
  if (!match || (match[1] === '' && !/^\d+$/.test(digits)))
    return { reason: `${quoted(tag.address)} is no address of a Modbus table, such as 400001, 400001.3 or 400001.20H.` }
  const [, hex, table = '', , suffix, order = ''] = match
  const number = Number.parseInt(digits, hex === '' ? 10 : 16)
  const reference = reading.zeroBased ? number : number + 1
  if (reference < 1 || reference > LAST_REFERENCE)
    return { reason: `${quoted(tag.address)} is none of the 65536 addresses of its table.` }
  const address = `${table}${String(reference).padStart(5, '0')}`
  const isBitTable = table === '0' || table === '1'
  const { type = isBitTable || (suffix !== undefined && order === '') ? 'Boolean' : order === '' ? 'Word' : 'String' } =
    tag.dataType
  const array = arrayLength === undefined ? {} : { arrayLength }
  const count = arrayLength ?? 1
  if (type === 'String') return textTag({ tag, reading, address, suffix, order, arrayLength })
  if (order !== '') return { reason: `${quoted(tag.address)} is a text, and the type is ${type}.` }
  if (isBitTable) {
    if (type !== 'Boolean')
      return { reason: `Coils and discrete inputs are Booleans, not ${type}: import them one by one.` }
    if (suffix !== undefined) return { reason: `${quoted(tag.address)}: a coil or discrete input has no bits.` }
    const write = table === '0' && tag.canWrite && !reading.singleCoils ? { write: { functions: 'multiple' } } : {}
    return { settings: { type: 'Boolean', address, ...array, ...write }, size: { bits: count }, changed: [] }
  }
  if (suffix !== undefined) return bitTag({ tag, reading, address, suffix, type, array, count })
  const how = lying[type]
  if (!how || type === 'Boolean') return { reason: reasonOf(type) }
  if (reading.longsAreDecimal && (type === 'Long' || type === 'DWord'))
    return {
      reason: 'The device has "Treat Longs as Decimals": each register is four decimal digits, which is not read here.',
    }
  if (how.registers === 4 && !reading.has64Bit)
    return {
      reason: 'The device has "First Word Low" other than "First DWord Low"; 64 bits in that order are not read here.',
    }
  const made = scaled(tag, how, arrayLength !== undefined)
  if (isReason(made)) return made
  const isSingle = how.registers === 1 && tag.canWrite && !reading.singleRegisters
  const settings = { ...made.settings, address, ...array, ...(isSingle ? { write: { functions: 'multiple' } } : {}) }
  return { settings, size: { registers: how.registers * count }, changed: made.changed }
}

const reasonOf = (type: KepwareType): string =>
  type === 'Boolean'
    ? 'A Boolean of a register needs its bit, as 400001.3.'
    : `Registers hold no ${type} here; take Short or Word.`

interface TextParts {
  readonly tag: KepwareTag
  readonly reading: ModbusReading
  readonly address: string
  readonly suffix: string | undefined
  readonly order: string
  readonly arrayLength: number | undefined
}

function textTag({ tag, reading, address, suffix, order, arrayLength }: TextParts): ModbusTag | Reason {
  const length = Number(suffix)
  if (suffix === undefined || order === '')
    return {
      reason: `A String needs its length in bytes and their order, as 400001.20H; ${quoted(tag.address)} has none.`,
    }
  if (length < 1 || length > LONGEST_STRING)
    return { reason: `A text has 1 to ${LONGEST_STRING} bytes here, not ${length}.` }
  if (arrayLength !== undefined) return { reason: 'Arrays of texts are not read here; import them one by one.' }
  const byteOrder = order.toUpperCase() === 'H' ? 'big' : 'little'
  const own = (byteOrder === 'big') === reading.bytesBig ? {} : { byteOrder }
  return {
    settings: { type: 'String', address, length, ...own },
    size: { registers: Math.ceil(length / 2) },
    changed: [],
  }
}

interface BitParts extends Omit<TextParts, 'order' | 'suffix' | 'arrayLength'> {
  readonly suffix: string
  readonly type: KepwareType
  readonly array: Settings
  readonly count: number
}

function bitTag({ tag, reading, address, suffix, type, array, count }: BitParts): ModbusTag | Reason {
  if (type !== 'Boolean') return { reason: `${quoted(tag.address)} is one bit, and the type is ${type}.` }
  const bit = Number(suffix) - (reading.zeroBasedBits ? 0 : 1)
  const [first, last] = reading.zeroBasedBits ? [0, 15] : [1, 16]
  if (bit < 0 || bit > 15) return { reason: `A register has the bits ${first} to ${last}, and no ${suffix}.` }
  const write = tag.canWrite && address.startsWith('4') && reading.maskWrites ? { write: { bits: 'mask' } } : {}
  return {
    settings: { type: 'Boolean', address: `${address}.${bit}`, ...array, ...write },
    size: { registers: Math.ceil((bit + count) / 16) },
    changed: [],
  }
}
