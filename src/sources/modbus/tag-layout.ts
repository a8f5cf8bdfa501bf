import type { ModbusDeviceConfig, TagConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import {
  type AddressFault,
  formatAddress,
  isAddressFault,
  isBitArea,
  LAST_ADDRESS,
  type ModbusAddress,
  parseAddress,
} from './address.ts'
import {
  allowedEncodings,
  defaultEncoding,
  type Encoding,
  encodings,
  type Layout,
  type RegisterType,
  registersOf,
} from './encoding.ts'

/** Where a tag's value lies and how. `layout` is absent for the single bits of coils and discrete inputs. */
export interface TagLayout {
  readonly address: ModbusAddress
  /** Registers, or bits of a bit area, that hold the value. */
  readonly count: number
  readonly layout?: Layout
}

/** The most characters of a string: the 125 registers of one answer (MODBUS Application Protocol §6.3). */
const MAX_STRING_LENGTH = 250

/**
 * Works out how a tag lies in the device's tables; the tag's own byte and word order win over the device's.
 * Everything that is wrong with it goes to `problems`, with paths relative to the tag; then there is no layout.
 */
export function layoutOf(tag: TagConfig, device: ModbusDeviceConfig, problems: Problem[]): TagLayout | undefined {
  const address = parseAddress(tag.address)
  if (isAddressFault(address)) {
    problems.push(addressProblem(tag, address))
    return undefined
  }
  const before = problems.length
  const found = isBitArea(address.area)
    ? bitLayout(tag, address, problems)
    : registerLayout(tag, device, address, problems)
  return problems.length === before ? found : undefined
}

function bitLayout(tag: TagConfig, address: ModbusAddress, problems: Problem[]): TagLayout {
  if (tag.type !== 'Boolean') {
    const message = `A ${address.area} is a single bit; a tag of type ${tag.type} cannot hold it.`
    problems.push(problem('type', tag.type, message, 'Make the type Boolean, or use an input or holding address.'))
  }
  if (tag.encoding !== undefined && tag.encoding !== 'bool') {
    const message = `A ${address.area} is a single bit and has no other encoding than bool.`
    problems.push(problem('encoding', tag.encoding, message, 'Leave the encoding out.'))
  }
  for (const field of ['byteOrder', 'wordOrder', 'length'] as const) {
    if (tag[field] === undefined) continue
    problems.push(problem(field, tag[field], `A ${address.area} is a single bit and has no ${field}.`, 'Leave it out.'))
  }
  return { address, count: 1 }
}

function registerLayout(
  tag: TagConfig,
  device: ModbusDeviceConfig,
  address: ModbusAddress,
  problems: Problem[],
): TagLayout | undefined {
  const { type, length } = tag
  if (type === 'DateTime') {
    const message = 'Nothing says how a moment lies in registers.'
    problems.push(problem('type', type, message, 'Read the registers as numbers.'))
    return undefined
  }
  if (type === 'ByteString') {
    const message = 'Registers have no raw bytes that a ByteString could hold.'
    problems.push(problem('type', type, message, 'Make the type String, or read the registers as UInt16.'))
    return undefined
  }
  const encoding = encodingOf(tag, type, problems)
  if (!encoding) return undefined
  checkBit(tag, address, problems)
  const sized = checkLength(tag, problems)
  if (encoding === 'string' && tag.wordOrder !== undefined) {
    const message = 'The characters of a String follow one another; it has no wordOrder.'
    problems.push(problem('wordOrder', tag.wordOrder, message, 'Leave it out; byteOrder swaps the two of a register.'))
  }
  const count = registersOf(encoding, tag.length)
  if (sized) checkSpan(tag, device, address, count, problems)
  const byteOrder = tag.byteOrder ?? device.byteOrder
  const wordOrder = tag.wordOrder ?? device.wordOrder
  return { address, count, layout: { type, encoding, byteOrder, wordOrder, bit: address.bit, length } }
}

function encodingOf(tag: TagConfig, type: RegisterType, problems: Problem[]): Encoding | undefined {
  if (tag.encoding === undefined) return defaultEncoding(type)
  const allowed = allowedEncodings(type)
  const encoding = encodings.find((each) => each === tag.encoding)
  if (encoding && allowed.includes(encoding)) return encoding
  const message = encoding
    ? `Not every ${encoding} fits a tag of type ${tag.type} exactly; allowed are ${allowed.join(', ')}.`
    : `No such encoding; a tag of type ${tag.type} can have ${allowed.join(', ')}.`
  problems.push(problem('encoding', tag.encoding, message, mendEncoding(encoding)))
  return undefined
}

function mendEncoding(encoding: Encoding | undefined): string {
  const [type] = encoding ? typesFor(encoding) : []
  return type ? `Choose one of them, or make the type ${type}.` : 'Choose one of them, or leave it out.'
}

function typesFor(encoding: Encoding) {
  const types = [
    'Boolean',
    'Int16',
    'UInt16',
    'Int32',
    'UInt32',
    'Int64',
    'UInt64',
    'Float',
    'Double',
    'String',
  ] as const
  return types.filter((type) => defaultEncoding(type) === encoding)
}

function checkBit(tag: TagConfig, address: ModbusAddress, problems: Problem[]): void {
  if (tag.type === 'Boolean' && address.bit === undefined) {
    const message = 'A register holds 16 bits; a Boolean is one of them.'
    problems.push(problem('address', tag.address, message, `Name the bit: ${formatAddress({ ...address, bit: 0 })}.`))
  }
  if (tag.type !== 'Boolean' && address.bit !== undefined) {
    const message = `Names one bit of a register, which a tag of type ${tag.type} cannot hold.`
    problems.push(problem('address', tag.address, message, 'Make the type Boolean, or leave the bit out.'))
  }
}

/** Whether the size of the value is known. */
function checkLength(tag: TagConfig, problems: Problem[]): boolean {
  const { type, length } = tag
  if (type !== 'String') {
    if (length !== undefined) {
      problems.push(problem('length', length, `A tag of type ${type} has a fixed length.`, 'Leave it out.'))
    }
    return true
  }
  if (length !== undefined && Number.isInteger(length) && length >= 1 && length <= MAX_STRING_LENGTH) return true
  const message = `A String tag needs its number of characters, 1 to ${MAX_STRING_LENGTH}; two lie in a register.`
  problems.push(problem('length', length, message, 'Give the length that the manual of the device says.'))
  return false
}

function checkSpan(
  tag: TagConfig,
  device: ModbusDeviceConfig,
  address: ModbusAddress,
  count: number,
  problems: Problem[],
): void {
  const last = address.start + count - 1
  if (last > LAST_ADDRESS) {
    const message = `Takes ${count} registers and so ends at ${last}, after the last address ${LAST_ADDRESS}.`
    const latest = formatAddress({ area: address.area, start: LAST_ADDRESS - count + 1 })
    problems.push(problem('address', tag.address, message, `The last possible address is ${latest}.`))
  }
  if (count > device.maxRegisters) {
    const message = `Takes ${count} registers, but maxRegisters lets the device be asked for ${device.maxRegisters} at once.`
    problems.push(
      problem(
        tag.type === 'String' ? 'length' : 'address',
        tag.length ?? tag.address,
        message,
        'Raise maxRegisters of the device.',
      ),
    )
  }
}

function addressProblem(tag: TagConfig, fault: AddressFault): Problem {
  return problem('address', tag.address, `At column ${fault.column}: ${fault.message}`, fault.mend)
}

function problem(path: string, value: unknown, message: string, mend: string): Problem {
  return value === undefined ? { path, message, mend } : { path, value: showValue(value), message, mend }
}
