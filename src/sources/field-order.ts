import type { TagValue } from '../core/data-type.ts'
import { shapeName } from '../core/data-type.ts'
import type { DeviceBase } from '../core/plant.ts'
import { StatusCode } from '../core/status-code.ts'
import type { DeviceTags, IndexedTag } from '../core/tag-index.ts'
import { isUnwritable, type Unwritable, unwritable } from '../core/transform/inverse.ts'
import { fitWritten, shown } from './field-write.ts'
import type { OutgoingCommand } from './source.ts'

/** A tag and what it is to be given, which fits its type. */
export interface Assignment {
  readonly tag: IndexedTag
  readonly value: TagValue
}

/** The tags that an order writes, in its order; or why it cannot be done. */
export function assignmentsOf(
  of: DeviceTags<DeviceBase>,
  order: OutgoingCommand['order'],
): readonly Assignment[] | Unwritable {
  const { device } = of
  if (device.disabled) return unwritable(StatusCode.BadOutOfService, `Device "${device.name}" is disabled.`)
  if (order.kind === 'write') {
    const only = assignment(of, order.tag, order.value)
    return isUnwritable(only) ? only : [only]
  }
  const command = device.commands?.find(({ key }) => key === order.command)
  if (!command?.writes) {
    return unwritable(
      StatusCode.BadNotSupported,
      `Device "${device.name}" has no command "${order.command}" that writes.`,
    )
  }
  const assignments: Assignment[] = []
  for (const { tag, value } of command.writes) {
    const given = typeof value === 'string' && value.startsWith('$') ? order.arguments[value.slice(1)] : value
    if (given === undefined) {
      const reason = `Command "${command.name}" writes ${value} to "${tag}", and there is no such argument.`
      return unwritable(StatusCode.BadConfigurationError, reason)
    }
    const one = assignment(of, tag, given)
    if (isUnwritable(one)) return one
    assignments.push(one)
  }
  return assignments
}

function assignment({ device, tags }: DeviceTags<DeviceBase>, key: string, given: TagValue): Assignment | Unwritable {
  const tag = tags.find((each) => each.tag.key === key)
  if (!tag) return unwritable(StatusCode.BadConfigurationError, `Device "${device.name}" has no tag "${key}".`)
  const { name, access } = tag.tag
  if (tag.disabled) return unwritable(StatusCode.BadOutOfService, `Tag "${name}" is disabled.`)
  if (access !== 'readWrite') {
    return unwritable(
      StatusCode.BadNotWritable,
      `Tag "${name}" can only be read; it is written with "access: readWrite".`,
    )
  }
  const value = fitWritten(tag.tag, given)
  if (value !== undefined) return { tag, value }
  const reason = `Tag "${name}" is a ${shapeName(tag.tag)}, which ${shown(given)} does not fit.`
  return unwritable(StatusCode.BadTypeMismatch, reason)
}
