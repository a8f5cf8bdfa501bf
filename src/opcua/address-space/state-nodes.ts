import { coerceInt64, DataType, type DataValue, EnumValueType, LocalizedText, type UAVariable } from 'node-opcua'
import { isInteger, type DataType as TagDataType } from '../../core/data-type.ts'
import type { StateConfig } from '../../core/states.ts'
import { makeDataValue, nullVariant, scalar } from '../data-values.ts'
import { markTold } from '../hardening/deliver-on-change.ts'
import { setDataValue } from '../projected-variable.ts'
import { addProperty, type PropertyOf, removeProperty } from './properties.ts'

/**
 * The properties of an enumeration: TrueState and FalseState of a Boolean (OPC 10000-8 §5.3.3.2), EnumValues and
 * ValueAsText of an integer (§5.3.3.4). States numbered from 0 without a gap also stand in EnumStrings, for clients that
 * know only MultiStateDiscreteType (§5.3.3.3). A String says its state itself.
 */
export function addStates(of: PropertyOf, type: TagDataType, states: readonly StateConfig[]): void {
  if (type === 'Boolean') {
    for (const { value, name } of states) {
      addProperty(of, value === 1 ? 'TrueState' : 'FalseState', 'LocalizedText', textOf(name))
    }
  }
  if (!isInteger(type)) return
  addProperty(of, 'EnumValues', 'EnumValueType', {
    dataType: DataType.ExtensionObject,
    value: states.map(({ value, name }) => new EnumValueType({ value: coerceInt64(value), displayName: name })),
  })
  const names = namesInOrder(states)
  if (names) {
    const value = names.map((text) => new LocalizedText({ text }))
    addProperty(of, 'EnumStrings', 'LocalizedText', { dataType: DataType.LocalizedText, value })
  }
  const textOfValue = new Map(states.map(({ value, name }) => [value, name]))
  followValue(of.variable, addProperty(of, 'ValueAsText', 'LocalizedText', textOf('')), textOfValue)
}

/** The names by their numbers, where these are 0, 1, 2 and so on. */
function namesInOrder(states: readonly StateConfig[]): string[] | undefined {
  const ordered = states.toSorted((one, other) => one.value - other.value)
  return ordered.every(({ value }, position) => value === position) ? ordered.map(({ name }) => name) : undefined
}

/** Removes what `addStates` has added. */
export function removeStates(of: PropertyOf): void {
  const variable = of.variable as Following
  if (variable[follower]) variable.removeListener('value_changed', variable[follower])
  delete variable[follower]
  for (const name of ['TrueState', 'FalseState', 'EnumStrings', 'EnumValues', 'ValueAsText']) removeProperty(of, name)
}

const follower = Symbol('follower of the value')
type Following = UAVariable & { [follower]?: (dataValue: DataValue) => void }

/** ValueAsText has status and times of the value; empty for a value that is no state, nothing where there is none. */
function followValue(variable: UAVariable, valueAsText: UAVariable, names: ReadonlyMap<number, string>): void {
  markTold(valueAsText)
  const follow = ({ value, statusCode, sourceTimestamp, serverTimestamp }: DataValue) => {
    const text =
      value.dataType === DataType.Null
        ? nullVariant()
        : scalar(DataType.LocalizedText, new LocalizedText({ text: names.get(numberOf(value.value)) ?? '' }))
    const serverTime = serverTimestamp?.getTime() ?? 0
    setDataValue(valueAsText, makeDataValue(text, statusCode, sourceTimestamp?.getTime() ?? serverTime, serverTime))
  }
  Object.assign(variable, { [follower]: follow })
  variable.on('value_changed', follow)
}

/** node-opcua holds a 64-bit integer as its high and low half. */
function numberOf(value: unknown): number {
  if (!Array.isArray(value)) return Number(value)
  const [high, low] = value as [number, number]
  return Number(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low)))
}

const textOf = (text: string) => ({ dataType: DataType.LocalizedText, value: new LocalizedText({ text }) })
