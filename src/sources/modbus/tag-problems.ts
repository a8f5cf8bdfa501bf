import { byteOrderOf, type ModbusDeviceConfig, type TagConfig, wordOrderOf } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { countingOf, formatAddress, isBitArea, LAST_ADDRESS, type ModbusAddress } from './address.ts'
import { bytesPerCharacter, type Encoding, isByte, isSized, type Layout, registersOf } from './encoding.ts'

/** The bytes of the 125 registers of one answer (MODBUS Application Protocol §6.3). */
const MOST_BYTES = 250

/** One thing that is wrong with a tag; `field` is the setting of the tag. */
export const problem = (field: keyof TagConfig, tag: TagConfig, message: string, mend: string): Problem =>
  tag[field] === undefined
    ? { path: field, message, mend }
    : { path: field, value: showValue(tag[field]), message, mend }

const textFields = ['charset', 'padding'] as const

/** What belongs to values in registers only. */
export function bitAreaProblems(tag: TagConfig, { area }: ModbusAddress): Problem[] {
  const problems: Problem[] = []
  if (tag.type !== 'Boolean') {
    const message = `A ${area} is a single bit; a tag of type ${tag.type} cannot hold it.`
    problems.push(problem('type', tag, message, 'Make the type Boolean, or use an input or holding address.'))
  }
  if (tag.encoding !== undefined && tag.encoding !== 'bool') {
    const message = `A ${area} is a single bit and has no other encoding than bool.`
    problems.push(problem('encoding', tag, message, 'Leave the encoding out.'))
  }
  const unused = (['byteOrder', 'wordOrder', 'order', 'length', ...textFields] as const).filter(
    (field) => tag[field] !== undefined,
  )
  const needless = unused.map((field) =>
    problem(field, tag, `A ${area} is a single bit and has no ${field}.`, 'Leave it out.'),
  )
  return [...problems, ...needless]
}

/** Whether the address names a bit or a byte where the encoding is one, and only there. */
export function partProblems(tag: TagConfig, address: ModbusAddress, encoding: Encoding): Problem[] {
  const { bit, half } = address
  if (encoding === 'bool') {
    if (bit !== undefined) return []
    const message = 'A register holds 16 bits; a Boolean is one of them.'
    return [problem('address', tag, message, `Name the bit: ${tag.address.replace(/\.[hl]$/i, '')}.0.`)]
  }
  if (bit !== undefined) {
    const message = `Names one bit of a register, which a tag of type ${tag.type} cannot hold.`
    return [problem('address', tag, message, 'Make the type Boolean, or leave the bit out.')]
  }
  if (isByte(encoding)) {
    if (half) return []
    const message = `A register holds two bytes; ${encoding} is one of them.`
    return [problem('address', tag, message, `Name the high or the low one: ${tag.address}.h or ${tag.address}.l.`)]
  }
  if (!half) return []
  const message = `Names one byte of a register, but ${encoding} is not a byte.`
  return [problem('address', tag, message, 'Make the encoding int8 or uint8, or leave the .h or .l out.')]
}

/** Orders of what has none, or two orders for one thing. */
export function orderProblems(tag: TagConfig, encoding: Encoding): Problem[] {
  if (tag.order !== undefined && (tag.byteOrder !== undefined || tag.wordOrder !== undefined)) {
    const mend = `Keep order, or byteOrder: ${byteOrderOf(tag.order)} and wordOrder: ${wordOrderOf(tag.order)} in its place.`
    return [problem('order', tag, 'It says what byteOrder and wordOrder say.', mend)]
  }
  if (!isSized(encoding) && registersOf(encoding) > 1) return []
  const why = isSized(encoding)
    ? `The ${encoding === 'string' ? 'characters of a String' : 'bytes of a ByteString'} follow one another`
    : `A value with the encoding ${encoding} lies in one register`
  const problems: Problem[] = []
  if (tag.wordOrder !== undefined) {
    const mend = 'Leave it out; byteOrder swaps the two bytes of a register.'
    problems.push(problem('wordOrder', tag, `${why}; it has no wordOrder.`, mend))
  }
  if (tag.order !== undefined) {
    const swapped = byteOrderOf(tag.order) === 'little'
    const mend = swapped ? 'Write byteOrder: little in its place.' : 'Leave it out.'
    problems.push(problem('order', tag, `${why}; it has no order of registers.`, mend))
  }
  return problems
}

type Sized = Pick<Layout, 'encoding' | 'length' | 'charset'>

/** `length` of what needs one; settings of text that is none. */
export function sizeProblems(tag: TagConfig, { encoding, length, charset }: Sized): Problem[] {
  const problems: Problem[] = []
  if (encoding !== 'string') {
    for (const field of textFields) {
      if (tag[field] === undefined) continue
      problems.push(problem(field, tag, `Only a String has a ${field}.`, 'Leave it out, or make the type String.'))
    }
  }
  if (isSized(encoding)) return [...problems, ...lengthProblems(tag, { encoding, length, charset })]
  if (tag.length === undefined) return problems
  return [...problems, problem('length', tag, `A tag of type ${tag.type} has a fixed length.`, 'Leave it out.')]
}

function lengthProblems(tag: TagConfig, { encoding, length, charset = 'utf-8' }: Sized): Problem[] {
  const isText = encoding === 'string'
  const most = MOST_BYTES / (isText ? bytesPerCharacter(charset) : 1)
  if (length !== undefined && Number.isInteger(length) && length >= 1 && length <= most) return []
  const needed = isText ? 'A String tag needs its number of characters' : 'A ByteString tag needs its number of bytes'
  const message = `${needed}, 1 to ${most}; ${most === MOST_BYTES ? 'two lie' : 'one lies'} in a register.`
  if (tag.length === undefined && length !== undefined) {
    const mend = 'Write the number that the manual of the device says behind the colon.'
    return [problem('address', tag, `It says ${length}. ${message}`, mend)]
  }
  return [problem('length', tag, message, 'Give the length that the manual of the device says.')]
}

/** Whether `count` registers or bits from the address exist, and the device can be asked for them at once. */
export function spanProblems(
  tag: TagConfig,
  device: ModbusDeviceConfig,
  { area, start }: ModbusAddress,
  count: number,
): Problem[] {
  const problems: Problem[] = []
  const { maxRegisters, maxCoils } = device
  const isBits = isBitArea(area)
  const unit = isBits ? 'bits' : 'registers'
  const last = start + count - 1
  if (last > LAST_ADDRESS) {
    const message = `Takes ${count} ${unit} and so ends at ${last} on the wire, after the last address ${LAST_ADDRESS}.`
    const latest = LAST_ADDRESS - count + 1
    const mend =
      latest < 0
        ? `A table has ${LAST_ADDRESS + 1} ${unit}.`
        : `The last possible address is ${formatAddress({ area, start: latest }, countingOf(device))}.`
    problems.push(problem('address', tag, message, mend))
  }
  const [most, setting] = isBits ? [maxCoils, 'maxCoils'] : [maxRegisters, 'maxRegisters']
  if (count > most) {
    const message = `Takes ${count} ${unit}, but ${setting} lets the device be asked for ${most} at once.`
    const raised = count <= (isBits ? 2_000 : 125) ? `Raise ${setting} of the device, or make` : 'Make'
    const field = spanField(tag)
    problems.push(problem(field, tag, message, `${raised} ${field === 'address' ? 'two tags of it' : 'it shorter'}.`))
  }
  return problems
}

const spanField = ({ length, arrayLength }: TagConfig): 'arrayLength' | 'length' | 'address' => {
  if (arrayLength !== undefined) return 'arrayLength'
  return length === undefined ? 'address' : 'length'
}
