import type { DataType } from '../../core/data-type.ts'
import { modbusEncodings } from '../../core/encodings.ts'
import { byteOrderOf, type ModbusDeviceConfig, type TagConfig, wordOrderOf } from '../../core/plant.ts'
import type { Problem } from '../../core/problem.ts'
import { takesAnyNumber } from '../../core/transform/transform.ts'
import { countingOf, isAddressFault, isBitArea, type ModbusAddress } from './address.ts'
import type { ParsedAddress } from './address-parts.ts'
import {
  allowedEncodings,
  defaultEncoding,
  type Encoding,
  type Layout,
  numberEncodings,
  registersOf,
  spanOf,
} from './encoding.ts'
import { parseAddress } from './parse-address.ts'
import { bitAreaProblems, orderProblems, partProblems, problem, sizeProblems, spanProblems } from './tag-problems.ts'

/** Where a tag's value lies and how. `layout` is absent for a single coil or discrete input. */
export interface TagLayout {
  readonly address: ModbusAddress
  /** Registers, or bits of a bit area, that hold the value. */
  readonly count: number
  readonly layout?: Layout
}

/**
 * Works out how a tag lies in the device's tables; the tag's own settings win over the device's.
 * Everything that is wrong with it goes to `problems`, with paths relative to the tag; then there is no layout.
 */
export function layoutOf(tag: TagConfig, device: ModbusDeviceConfig, problems: Problem[]): TagLayout | undefined {
  const parsed = parseAddress(tag.address, countingOf(device))
  if (isAddressFault(parsed)) {
    problems.push(problem('address', tag, `At column ${parsed.column}: ${parsed.message}`, parsed.mend))
    return undefined
  }
  const before = problems.length
  const found = isBitArea(parsed.address.area)
    ? bitLayout(tag, device, parsed.address, problems)
    : registerLayout(tag, device, parsed, problems)
  return problems.length === before ? found : undefined
}

function bitLayout(tag: TagConfig, device: ModbusDeviceConfig, address: ModbusAddress, problems: Problem[]): TagLayout {
  const { type, arrayLength } = tag
  const count = arrayLength ?? 1
  problems.push(...bitAreaProblems(tag, address))
  problems.push(...spanProblems(tag, device, address, count))
  if (arrayLength === undefined) return { address, count }
  const layout: Layout = { type, encoding: 'bool', byteOrder: 'big', wordOrder: 'big', packed: true, arrayLength }
  return { address, count, layout }
}

function registerLayout(
  tag: TagConfig,
  device: ModbusDeviceConfig,
  parsed: ParsedAddress,
  problems: Problem[],
): TagLayout | undefined {
  const { address } = parsed
  const encoding = encodingOf(tag, parsed, problems)
  if (!encoding) return undefined
  const length = tag.length ?? parsed.length
  const charset = tag.charset ?? device.charset
  const own = [
    ...partProblems(tag, address, encoding),
    ...orderProblems(tag, encoding),
    ...sizeProblems(tag, { encoding, length, charset }),
    ...widthProblems(tag, parsed, encoding),
  ]
  problems.push(...own)
  if (own.length > 0) return undefined
  const layout: Layout = {
    // What is calculated with is read as the number that it is, whichever type the result has.
    type: takesAnyNumber(tag) ? 'Double' : tag.type,
    encoding,
    byteOrder: tag.order ? byteOrderOf(tag.order) : (tag.byteOrder ?? device.byteOrder),
    wordOrder: tag.order ? wordOrderOf(tag.order) : (tag.wordOrder ?? device.wordOrder),
    bit: address.bit,
    bitOrder: device.bitOrder,
    half: address.half,
    length,
    charset,
    padding: tag.padding ?? device.padding,
    timeZone: device.timeZone,
    arrayLength: tag.arrayLength,
  }
  const count = spanOf(layout)
  problems.push(...spanProblems(tag, device, address, count))
  return { address, count, layout }
}

/** The tag's own encoding, the one in its address, or that of its type. */
function encodingOf(
  tag: TagConfig,
  { address, encoding: said }: ParsedAddress,
  problems: Problem[],
): Encoding | undefined {
  const { type } = tag
  const allowed = takesAnyNumber(tag) ? numberEncodings : allowedEncodings(type)
  if (said !== undefined && tag.encoding !== undefined && tag.encoding !== said) {
    const message = `The address ${tag.address} says that it is ${said}.`
    problems.push(
      problem('encoding', tag, message, 'Leave the encoding out, or write an address that does not say it.'),
    )
    return undefined
  }
  if (said !== undefined && !allowed.includes(said)) {
    const message = `Says ${said}, which does not fit a tag of type ${type} exactly; allowed are ${allowed.join(', ')}.`
    problems.push(problem('address', tag, message, `Make the type ${typeOf(said)}, or write another address.`))
    return undefined
  }
  if (said !== undefined) return said
  if (tag.encoding === undefined) {
    return address.half ? byteOf(tag, problems) : (defaultEncoding(type) ?? unsaid(tag, problems))
  }
  const encoding = modbusEncodings.find((each) => each === tag.encoding)
  if (encoding && allowed.includes(encoding)) return encoding
  const message = encoding
    ? `Not every ${encoding} fits a tag of type ${type} exactly; allowed are ${allowed.join(', ')}.`
    : `No such encoding; a tag of type ${type} can have ${allowed.join(', ')}.`
  const mend = encoding
    ? `Choose one of them, or make the type ${typeOf(encoding)}.`
    : 'Choose one of them, or leave it out.'
  problems.push(problem('encoding', tag, message, mend))
  return undefined
}

/** Nothing is guessed where devices differ. */
function unsaid(tag: TagConfig, problems: Problem[]): undefined {
  const message = `A ${tag.type} can lie in registers in many ways: ${allowedEncodings(tag.type).join(', ')}.`
  problems.push(problem('encoding', tag, message, 'Choose the one that the manual of the device describes.'))
}

/** Whether a byte has a sign, where no encoding says it. */
function byteOf(tag: TagConfig, problems: Problem[]): Encoding | undefined {
  if (tag.type === 'SByte') return 'int8'
  if (tag.type === 'Byte') return 'uint8'
  const bytes = allowedEncodings(tag.type).filter((each) => each === 'int8' || each === 'uint8')
  const message =
    bytes.length > 0
      ? `A byte in a tag of type ${tag.type} can have the encoding ${bytes.join(' or ')}.`
      : `Names one byte of a register, which a tag of type ${tag.type} cannot hold.`
  const mend =
    bytes.length > 0 ? `Write encoding: ${bytes.at(-1)}, or make the type Byte.` : 'Make the type Byte or SByte.'
  problems.push(problem(bytes.length > 0 ? 'encoding' : 'address', tag, message, mend))
  return undefined
}

/** An address may say how wide the value is, without saying what it is; or how long, which the tag says too. */
function widthProblems(tag: TagConfig, { registers, length }: ParsedAddress, encoding: Encoding): Problem[] {
  if (length !== undefined && tag.length !== undefined && tag.length !== length) {
    return [problem('length', tag, `The address ${tag.address} says that it is ${length}.`, 'Leave the length out.')]
  }
  if (registers === undefined || registersOf(encoding, tag.length, tag.charset) === registers) return []
  const message = `Names ${registers} registers, which ${encoding} does not take.`
  return [problem('address', tag, message, 'Write the %MW with which the value begins.')]
}

/** The type that an encoding is the natural one of. */
function typeOf(encoding: Encoding): DataType {
  const types: readonly DataType[] = [
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
    'ByteString',
    'DateTime',
  ]
  const natural = types.find((type) => defaultEncoding(type) === encoding)
  if (natural) return natural
  return types.find((type) => allowedEncodings(type).includes(encoding)) ?? 'String'
}
