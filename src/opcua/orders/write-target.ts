import type { CommandConfig, Order } from '../../core/command.ts'
import type { TagValue, ValueShape } from '../../core/data-type.ts'
import type { IndexedTag } from '../../core/tag-index.ts'

/** What a variable stands for that clients can write. */
export interface WriteTarget {
  /** Key of the device. */
  readonly device: string
  readonly shape: ValueShape
  /** What the value asks for; undefined where it asks for nothing. */
  orderOf(value: TagValue): Order | undefined
}

/** A tag that may be written; undefined for all others. */
export const tagTarget = ({ tag, device }: IndexedTag): WriteTarget | undefined =>
  tag.access === 'readWrite'
    ? { device: device.key, shape: tag, orderOf: (value) => ({ kind: 'write', tag: tag.key, value }) }
    : undefined

/** Whether the command can be asked for by writing a variable: with one value at most, and no word of confirmation. */
export const canBeWritten = ({ parameters, needsConfirmation }: CommandConfig): boolean =>
  parameters.length <= 1 && needsConfirmation !== true

/** The variable of a command: its only parameter, or true for one that has none. */
export function requestTarget(device: string, { key, parameters }: CommandConfig): WriteTarget {
  const [parameter] = parameters
  const order = (given: Readonly<Record<string, TagValue>>): Order => ({
    kind: 'command',
    command: key,
    arguments: given,
  })
  if (parameter) {
    return { device, shape: { type: parameter.type }, orderOf: (value) => order({ [parameter.key]: value }) }
  }
  return { device, shape: { type: 'Boolean' }, orderOf: (value) => (value === true ? order({}) : undefined) }
}

/** What the variable of a command shows once this was asked for; undefined where the record is of another shape. */
export function requestedValue({ parameters }: CommandConfig, order: Order): TagValue | undefined {
  if (order.kind !== 'command') return undefined
  const [parameter] = parameters
  return parameter ? order.arguments[parameter.key] : true
}
