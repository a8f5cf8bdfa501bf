import type { Milliseconds } from '../core/clock.ts'
import type { CommandConfig, CommandRequest, GuardConfig, Order, ParameterConfig, Refusal } from '../core/command.ts'
import type { TagValue } from '../core/data-type.ts'
import { fitArgument, fitPlain } from '../core/fit-argument.ts'
import { nearest } from '../core/nearest.ts'
import type { DeviceBase, SourceConfig, TagConfig } from '../core/plant.ts'
import { StatusCode } from '../core/status-code.ts'

/** A device with its source. */
export interface Place {
  readonly source: SourceConfig
  readonly device: DeviceBase
}

/** An order that the plant knows and that fits it, with what the configuration says of it. */
export interface Definition {
  readonly order: Order
  readonly subject: string
  readonly expiresAfterMs?: Milliseconds | undefined
  readonly minIntervalMs?: Milliseconds | undefined
  readonly latestWins: boolean
  readonly onlyWhen: readonly GuardConfig[]
  readonly needsConfirmation: boolean
}

/**
 * The order with values of the right types and its defaults filled in, or why it cannot be. `take` makes of what is given
 * the values: `fitPlain` where it comes as JSON has it.
 */
export function defineOrder({ source, device }: Place, order: Order, take: Take = fitArgument): Definition | Refusal {
  if (source.disabled || device.disabled) {
    const what = source.disabled ? `source "${source.key}"` : `device "${device.key}"`
    return { status: StatusCode.BadOutOfService, reason: `The ${what} is disabled in the configuration.` }
  }
  return order.kind === 'write' ? defineWrite({ source, device }, order, take) : defineCommand(device, order, take)
}

type Take = typeof fitArgument

/** The order of a request. */
export const defineRequest = (place: Place, { order, isPlain }: CommandRequest): Definition | Refusal =>
  defineOrder(place, order, isPlain ? fitPlain : fitArgument)

export const isRefusal = (answer: object): answer is Refusal => 'status' in answer && 'reason' in answer

function defineWrite({ source, device }: Place, order: Order & { kind: 'write' }, take: Take): Definition | Refusal {
  const tag = device.tags.find(({ key }) => key === order.tag)
  if (!tag)
    return unknown(StatusCode.BadNodeIdUnknown, `"${device.key}" has no tag "${order.tag}".`, order.tag, device.tags)
  const refusal = unwritable(source, device, tag)
  if (refusal) return refusal
  const fitted = take(tag, order.value)
  if ('status' in fitted) return { ...fitted, reason: `${device.key}/${tag.key}: ${fitted.reason}` }
  const { expiresAfterMs, minIntervalMs, latestWins = false } = tag.write ?? {}
  return {
    order: { kind: 'write', tag: tag.key, value: fitted.value },
    subject: tag.key,
    expiresAfterMs,
    minIntervalMs,
    latestWins,
    onlyWhen: [],
    needsConfirmation: false,
  }
}

function unwritable(source: SourceConfig, device: DeviceBase, tag: TagConfig): Refusal | undefined {
  const id = `${device.key}/${tag.key}`
  if (tag.disabled) return { status: StatusCode.BadOutOfService, reason: `${id} is disabled in the configuration.` }
  if (source.kind === 'calculated') {
    return { status: StatusCode.BadNotWritable, reason: `${id} is calculated: write the tags that it is made of.` }
  }
  if (tag.access === 'readWrite') return undefined
  const mend =
    source.kind === 'chirpstack' ? 'send one of the commands of the device' : 'set access: readWrite to change that'
  return { status: StatusCode.BadNotWritable, reason: `${id} can only be read; ${mend}.` }
}

function defineCommand(device: DeviceBase, order: Order & { kind: 'command' }, take: Take): Definition | Refusal {
  const commands = device.commands ?? []
  const command = commands.find(({ key }) => key === order.command)
  if (!command) {
    const reason = `"${device.key}" has no command "${order.command}".`
    return unknown(StatusCode.BadMethodInvalid, reason, order.command, commands)
  }
  const given = completeArguments(command, order.arguments, take)
  if (isRefusal(given)) return { ...given, reason: `${device.key}/${command.key}: ${given.reason}` }
  const refusal = unwritableByCommand(device, command, given.values)
  if (refusal) return { ...refusal, reason: `${device.key}/${command.key}: ${refusal.reason}` }
  const { expiresAfterMs, minIntervalMs, latestWins = false, onlyWhen = [], needsConfirmation = false } = command
  return {
    order: { kind: 'command', command: command.key, arguments: given.values },
    subject: command.key,
    expiresAfterMs,
    minIntervalMs,
    latestWins,
    onlyWhen,
    needsConfirmation,
  }
}

type Arguments = Readonly<Record<string, TagValue>>

function completeArguments(
  { parameters }: CommandConfig,
  given: Arguments,
  take: Take,
): { readonly values: Arguments } | Refusal {
  const superfluous = Object.keys(given).find((name) => !parameters.some(({ key }) => key === name))
  if (superfluous !== undefined) {
    const reason = `It has no argument "${superfluous}".`
    return unknown(StatusCode.BadTooManyArguments, reason, superfluous, parameters)
  }
  const missing = parameters.filter(
    ({ key, default: otherwise }) => !Object.hasOwn(given, key) && otherwise === undefined,
  )
  if (missing.length > 0) {
    const reason = `It needs ${missing.map(describeParameter).join(' and ')}.`
    return { status: StatusCode.BadArgumentsMissing, reason }
  }
  const values: Record<string, TagValue> = {}
  for (const parameter of parameters) {
    const value = Object.hasOwn(given, parameter.key) ? given[parameter.key] : parameter.default
    const fitted = take(parameter, value)
    if ('status' in fitted) return { ...fitted, reason: `the argument ${parameter.key}: ${fitted.reason}` }
    values[parameter.key] = fitted.value
  }
  return { values }
}

/** The values must fit the tags that they are written to, too. */
function unwritableByCommand(
  device: DeviceBase,
  { writes = [] }: CommandConfig,
  values: Arguments,
): Refusal | undefined {
  for (const { tag: key, value } of writes) {
    const tag = device.tags.find((each) => each.key === key)
    if (!tag || tag.disabled || tag.access !== 'readWrite') {
      const reason = `it writes "${key}", which is no enabled tag of the device with access: readWrite.`
      return { status: StatusCode.BadConfigurationError, reason }
    }
    const parameter = typeof value === 'string' && value.startsWith('$') ? value.slice(1) : undefined
    const fitted = fitArgument(tag, parameter === undefined ? value : values[parameter])
    if ('status' in fitted) return { ...fitted, reason: `the tag ${key}: ${fitted.reason}` }
  }
  return undefined
}

const describeParameter = ({ key, type, unit, range }: ParameterConfig): string => {
  const bounds = range ? `, ${range.low} to ${range.high}` : ''
  return `${key} (${type}${unit === undefined ? '' : `, ${unit}`}${bounds})`
}

function unknown(
  status: Refusal['status'],
  reason: string,
  name: string,
  known: readonly { readonly key: string }[],
): Refusal {
  const keys = known.map(({ key }) => key)
  const meant = nearest(name, keys)
  const few = keys.length <= 10 ? `There are: ${keys.join(', ') || 'none'}.` : ''
  return { status, reason: `${reason} ${meant === undefined ? few : `Did you mean ${meant}?`}`.trimEnd() }
}
