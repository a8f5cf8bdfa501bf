import type { GuardConfig, Refusal } from '../core/command.ts'
import { guardInWords } from '../core/command-conditions.ts'
import type { DataType, TagValue } from '../core/data-type.ts'
import { fitArgument } from '../core/fit-argument.ts'
import { showValue } from '../core/problem.ts'
import { isGood, StatusCode, statusName } from '../core/status-code.ts'
import type { TagValues } from '../core/tag-values.ts'

/** The first condition that does not hold; undefined: all do. A value that is not Good fulfils nothing. */
export function brokenGuard(guards: readonly GuardConfig[], values: TagValues): Refusal | undefined {
  for (const guard of guards) {
    const reason = whyBroken(guard, values)
    if (reason !== undefined) {
      return { status: StatusCode.BadInvalidState, reason: `It is only done when ${guardInWords(guard)}; ${reason}.` }
    }
  }
  return undefined
}

function whyBroken({ tag: id, equals, above, below }: GuardConfig, values: TagValues): string | undefined {
  const found = values.tag(id)
  if (!found) return 'there is no such tag now'
  const status = values.table.status[found.index] as number
  const value = values.table.value(found.index)
  if (!isGood(status)) return `its status is ${statusName(status)}`
  const shown = typeof value === 'object' ? 'another value' : showValue(value)
  if (equals !== undefined) {
    const { arrayLength: _length, range: _range, ...shape } = found.tag
    const wanted = fitArgument(shape, equals)
    if (!('value' in wanted) || asHeld(shape.type, wanted.value) !== asHeld(shape.type, value)) return `it is ${shown}`
  }
  if (above === undefined && below === undefined) return undefined
  if (typeof value !== 'number' && typeof value !== 'bigint') return `it is ${shown}, which is no number`
  if (above !== undefined && !(value > above)) return `it is ${shown}`
  return below !== undefined && !(value < below) ? `it is ${shown}` : undefined
}

/** A Float is compared as its 32 bits hold it: what is written as 0.1 is 0.10000000149 when it comes from a device. */
const asHeld = (type: DataType, value: TagValue | null): TagValue | null =>
  type === 'Float' && typeof value === 'number' ? Math.fround(value) : value
