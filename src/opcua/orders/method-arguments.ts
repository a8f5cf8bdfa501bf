import {
  Argument,
  coerceNodeId,
  DataType,
  LocalizedText,
  type NodeId,
  type StatusCode,
  StatusCodes,
  type Variant,
} from 'node-opcua'
import type { CommandConfig, ParameterConfig } from '../../core/command.ts'
import type { TagValue } from '../../core/data-type.ts'
import { isKnownState } from '../../core/states.ts'
import { variantType } from '../data-values.ts'
import { scalarOf } from './written-value.ts'

/** The argument of a command that wants a confirmation. */
export const CONFIRM = 'Confirm'

/** InputArguments of the command's method: its parameters in order, and, where it wants one, the confirmation. */
export function inputArgumentsOf({ parameters, needsConfirmation }: CommandConfig): Argument[] {
  const given = parameters.map((parameter) =>
    argument(parameter.key, idOf(variantType[parameter.type]), descriptionOf(parameter)),
  )
  const confirm = argument(CONFIRM, idOf(DataType.Boolean), 'Must be true: that the command is meant')
  return needsConfirmation ? [...given, confirm] : given
}

/** OutputArguments of each method of a command: what became of it so far. */
export const outputArgumentsOf = (stateType: NodeId): Argument[] => [
  argument('CommandId', idOf(DataType.UInt64), 'Number of the command, which is never used twice'),
  argument('State', stateType, 'How far it came'),
]

export const cancelArguments = (): Argument[] => [
  argument('CommandId', idOf(DataType.UInt64), 'Number of the command or write that is to be taken back'),
]

export const cancelResults = (stateType: NodeId): Argument[] => [argument('State', stateType, 'How far it came')]

/** What a client has to know to give the parameter: what it is, its unit, range, states and default. */
export function descriptionOf({ name, description, unit, range, states, default: otherwise }: ParameterConfig): string {
  const facts = [
    unit,
    range && `${range.low} to ${range.high}`,
    states?.map((state) => `${state.value} = ${state.name}`).join(', '),
    otherwise === undefined ? undefined : `${otherwise} where it is null`,
  ].filter((fact) => fact !== undefined)
  const what = description === undefined ? name : `${name}: ${description}`
  return facts.length === 0 ? what : `${what} (${facts.join('; ')})`
}

export type Arguments =
  | { readonly arguments: Readonly<Record<string, TagValue>>; readonly confirmed: boolean }
  /** For each argument what is wrong with it (OPC 10000-4 §5.12.2.2). */
  | { readonly invalid: StatusCode[] }

/**
 * The arguments of a call, of which number, types and ranks are right already: those that the type cannot hold, and those
 * outside of their range or states, are BadOutOfRange, and a confirmation that is not given is BadInvalidArgument.
 */
export function argumentsOf(
  { parameters, needsConfirmation }: CommandConfig,
  inputs: readonly Variant[],
  isOmitted: (input: Variant) => boolean,
): Arguments {
  const given: Record<string, TagValue> = {}
  const results = parameters.map((parameter, position) => {
    const input = inputs[position]
    if (!input || isOmitted(input)) return StatusCodes.Good
    const value = scalarOf(parameter.type, input.value)
    if (value === undefined || !isAllowed(parameter, value)) return StatusCodes.BadOutOfRange
    given[parameter.key] = value
    return StatusCodes.Good
  })
  const confirmed = needsConfirmation === true && inputs[parameters.length]?.value === true
  if (needsConfirmation) results.push(confirmed ? StatusCodes.Good : StatusCodes.BadInvalidArgument)
  const isValid = results.every((result) => result === StatusCodes.Good)
  return isValid ? { arguments: given, confirmed } : { invalid: results }
}

function isAllowed({ type, range, states }: ParameterConfig, value: TagValue): boolean {
  const isInRange = !range || (Number(value) >= range.low && Number(value) <= range.high)
  return isInRange && isKnownState({ type, states }, value)
}

const idOf = (type: DataType): NodeId => coerceNodeId(`i=${type}`)

const argument = (name: string, dataType: NodeId, description: string): Argument =>
  new Argument({ name, dataType, valueRank: -1, description: new LocalizedText({ text: description }) })
