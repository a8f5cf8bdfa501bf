import { type DataType, dataTypes, isBigInteger, isNumeric } from '../core/data-type.ts'
import { fitPlain, type Wanted } from '../core/fit-argument.ts'
import type { StateConfig } from '../core/states.ts'
import type { Complaint } from './complaint.ts'
import { isGroup, settingOf } from './raw.ts'

interface Entry {
  readonly at: readonly (string | number)[]
  readonly value: unknown
}

type Field = Readonly<Record<string, unknown>>

/** The longest payload of any data rate (LoRaWAN Regional Parameters), bytes. */
const LONGEST_PAYLOAD = 242

/** Parameters whose range, states or default cannot be; and keys that are there twice. */
export function argumentFaults({ at, value }: Entry): Complaint[] {
  const taken = new Set<unknown>()
  return listOf(value, 'parameters').flatMap((parameter, position): Complaint[] => {
    const place = [...at, 'parameters', position]
    const key = settingOf(parameter, 'key')
    const isTwice = typeof key === 'string' && taken.has(key)
    taken.add(key)
    const message = 'The command has a parameter with this key already.'
    return [
      ...(isTwice ? [{ at: [...place, 'key'], message, mend: 'Choose another key for one of the two.' }] : []),
      ...rangeFaults(place, parameter),
      ...constantFault([...place, 'default'], settingOf(parameter, 'default'), parameter),
    ]
  })
}

function rangeFaults(place: Entry['at'], parameter: unknown): Complaint[] {
  const range = settingOf(parameter, 'range')
  const type = dataTypes.find((each) => each === settingOf(parameter, 'type'))
  if (!isGroup(range) || !type) return []
  const at = [...place, 'range']
  if (!isNumeric(type)) {
    return [{ at, message: `A ${type} has no range.`, mend: 'Remove it, or choose a numeric type.' }]
  }
  if (!(Number(range.low) > Number(range.high))) return []
  return [{ at, message: 'Its low end is above its high end.', mend: 'Exchange the two.' }]
}

/** A constant that does not fit what it is given to; nothing for a parameter, for none, and where the type is wrong. */
export function constantFault(at: Entry['at'], constant: unknown, owner: unknown): Complaint[] {
  const wanted = wantedOf(owner)
  if (constant === undefined || !wanted || isParameter(constant)) return []
  const fitted = fitPlain(wanted, constant)
  if ('value' in fitted) return []
  return [{ at, message: fitted.reason, mend: 'Write a value that fits, or change what it has to fit.' }]
}

/** What a condition compares with a tag that can never have it, since its type has no such value. */
export function guardFault(at: Entry['at'], constant: unknown, tag: unknown): Complaint[] {
  const type = settingOf(tag, 'type')
  if (settingOf(tag, 'arrayLength') !== undefined) return []
  return constantFault(at, constant, { type, states: settingOf(tag, 'states') })
}

/** A parameter of which no value can ever be one of the tag that it is written to. */
export function parameterFault(
  at: Entry['at'],
  given: unknown,
  parameters: readonly unknown[],
  tag: unknown,
): Complaint[] {
  if (!isParameter(given)) return []
  const parameter = parameters.find((each) => settingOf(each, 'key') === given.slice(1))
  const [from, to] = [parameter, tag].map((owner) => dataTypes.find((each) => each === settingOf(owner, 'type')))
  if (!from || !to || settingOf(tag, 'states') !== undefined) return []
  const isArray = settingOf(tag, 'arrayLength') !== undefined
  if (!isArray && mayFit(from, to)) return []
  const what = isArray ? 'an array, and a parameter is a single value' : `a ${to}`
  const message = `The parameter ${given.slice(1)} is a ${from}, which the tag never takes: it is ${what}.`
  const mend = isArray ? 'Write another tag.' : `Give the parameter the type ${to}, or write another tag.`
  return [{ at, message, mend }]
}

function mayFit(from: DataType, to: DataType): boolean {
  if (from === to) return true
  if (isNumeric(from)) return isNumeric(to)
  return from === 'String' && (isBigInteger(to) || to === 'DateTime' || to === 'ByteString')
}

function wantedOf(owner: unknown): Wanted | undefined {
  const type = dataTypes.find((each) => each === settingOf(owner, 'type'))
  const [range, states, arrayLength] = ['range', 'states', 'arrayLength'].map((name) => settingOf(owner, name))
  if (!type || !(states === undefined || areStates(states))) return undefined
  const isRange = isGroup(range) && typeof range.low === 'number' && typeof range.high === 'number'
  return {
    type,
    states,
    ...(isRange ? { range: { low: Number(range.low), high: Number(range.high) } } : {}),
    ...(typeof arrayLength === 'number' ? { arrayLength } : {}),
  }
}

const areStates = (states: unknown): states is readonly StateConfig[] =>
  Array.isArray(states) &&
  states.every((state) => typeof settingOf(state, 'name') === 'string' && Array.isArray(settingOf(state, 'codes')))

const isParameter = (value: unknown): value is string => typeof value === 'string' && /^\$./.test(value)

/** Every place where the command names one of its parameters. */
export function parametersUsed({ at, value }: Entry): { readonly at: Entry['at']; readonly name: string }[] {
  const downlink = settingOf(value, 'downlink')
  const inList = (list: readonly unknown[], place: Entry['at']) =>
    list.flatMap((entry, position) => usedIn(settingOf(entry, 'value'), [...place, position, 'value']))
  return [
    ...inList(listOf(value, 'writes'), [...at, 'writes']),
    ...usedIn(settingOf(downlink, 'object'), [...at, 'downlink', 'object']),
    ...inList(listOf(downlink, 'payload'), [...at, 'downlink', 'payload']),
  ]
}

function usedIn(value: unknown, at: Entry['at']): { readonly at: Entry['at']; readonly name: string }[] {
  if (isParameter(value)) return [{ at, name: value.slice(1) }]
  if (Array.isArray(value)) return value.flatMap((each, position) => usedIn(each, [...at, position]))
  return isGroup(value) ? Object.entries(value).flatMap(([name, each]) => usedIn(each, [...at, name])) : []
}

/** A downlink is an object for the codec or a payload of whole bytes. */
export function downlinkFaults({ at, value }: Entry): Complaint[] {
  const downlink = settingOf(value, 'downlink')
  if (!isGroup(downlink)) return []
  const place = [...at, 'downlink']
  const has = ['object', 'payload'].filter((name) => downlink[name] !== undefined)
  if (has.length !== 1) {
    const found = has.length === 2 ? 'both' : 'none'
    const message = `A downlink has either an object or a payload, and this one has ${found}.`
    const mend = 'Keep "object" where the device profile has a codec that encodes, "payload" where the bytes are given.'
    return [{ at: [...place, has[1] ?? 'object'], message, mend }]
  }
  if (downlink.object !== undefined) {
    if (isGroup(downlink.object)) return []
    const message = 'What the codec encodes is an object.'
    return [{ at: [...place, 'object'], message, mend: 'Write for example { setpoint: $value }.' }]
  }
  const fields = listOf(downlink, 'payload').filter(isGroup)
  const faults = fields.flatMap((field, position) => fieldFaults([...place, 'payload', position], field))
  return faults.length > 0 ? faults : lengthFaults([...place, 'payload'], fields)
}

const bitsOf = ({ hex, bits = 8 }: Field): number => (typeof hex === 'string' ? hex.length * 4 : Number(bits))

function lengthFaults(at: Entry['at'], fields: readonly Field[]): Complaint[] {
  const bits = fields.reduce((sum, field) => sum + bitsOf(field), 0)
  if (bits === 0) return [{ at, message: 'It has no fields.', mend: 'Add for example - hex: "01".' }]
  if (bits % 8 !== 0) {
    const mend = `Add a field of ${8 - (bits % 8)} bits, with value: 0 where they mean nothing.`
    return [{ at, message: `Its fields have ${bits} bits together, which are no whole bytes.`, mend }]
  }
  if (bits / 8 <= LONGEST_PAYLOAD) return []
  const message = `It has ${bits / 8} bytes, and LoRaWAN carries at most ${LONGEST_PAYLOAD}.`
  return [{ at, message, mend: 'Shorten it.' }]
}

function fieldFaults(at: Entry['at'], field: Field): Complaint[] {
  const { hex, value, encoding = 'uint', bits = 8, byteOrder, scale, offset } = field
  const fault = (setting: string, message: string, mend: string): Complaint => ({ at: [...at, setting], message, mend })
  if (hex !== undefined) {
    const other = Object.keys(field).find((name) => name !== 'hex' && field[name] !== undefined)
    return other === undefined ? [] : [fault(other, 'Constant bytes have no other settings.', 'Remove it, or hex.')]
  }
  if (typeof bits !== 'number') return []
  const isWhole = bits % 8 === 0
  const isCount = encoding === 'uint' || encoding === 'int'
  return [
    ...(value === undefined
      ? [fault('value', 'A field has a value, or constant bytes.', 'Add value: $name, or hex.')]
      : []),
    ...(isCount && bits > 64 ? [fault('bits', 'A whole number has at most 64 bits.', 'Write 64 or less.')] : []),
    ...(encoding === 'float' && ![32, 64].includes(bits)
      ? [fault('bits', 'A float has 32 or 64 bits.', 'Write bits: 32, or bits: 64.')]
      : []),
    ...(!isCount && encoding !== 'float' && !isWhole
      ? [fault('bits', `The encoding ${String(encoding)} takes whole bytes.`, 'Write a multiple of 8.')]
      : []),
    ...(byteOrder === 'little' && !isWhole
      ? [fault('byteOrder', 'Only whole bytes have an order.', 'Remove it, or give the field a multiple of 8 bits.')]
      : []),
    ...(scale === 0 ? [fault('scale', 'Nothing can be divided by 0.', 'Write for example 0.1, or remove it.')] : []),
    ...(!isCount && encoding !== 'float' && (scale !== undefined || offset !== undefined)
      ? [fault(scale === undefined ? 'offset' : 'scale', 'Only numbers are scaled.', 'Remove it.')]
      : []),
  ]
}

function listOf(group: unknown, name: string): readonly unknown[] {
  const list = settingOf(group, name)
  return Array.isArray(list) ? list : []
}
