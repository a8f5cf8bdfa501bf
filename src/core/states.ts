import { fitArray, fitValue, isInteger, type TagValue } from './data-type.ts'
import type { TagConfig } from './plant.ts'

/** One state of an enumeration. */
export interface StateConfig {
  /** The number of the state; of a Boolean 0 is false and 1 is true. */
  readonly value: number
  /** What clients show. */
  readonly name: string
  /** What a device or codec says instead of the number, beside the name. */
  readonly codes: readonly string[]
}

/**
 * The value as the tag holds it, or undefined where it does not fit. A tag with states also takes what stands for one
 * of them: a code or name for an integer or Boolean, 0 and 1 for a Boolean, a number or code for a String. All else is
 * as `fitValue` and `fitArray` have it: nothing is rounded, parsed or invented.
 */
export function fitTag(tag: Pick<TagConfig, 'type' | 'states' | 'arrayLength'>, value: unknown): TagValue | undefined {
  if (tag.arrayLength !== undefined) return fitArray({ type: tag.type, length: tag.arrayLength }, value)
  return fitValue(tag.type, tag.states ? fromState(tag.type, tag.states, value) : value)
}

/**
 * False for a value that is none of the tag's states. A device may well say such a number, and clients are told to be
 * prepared for it (OPC 10000-8 §5.3.3.4): it is kept and Uncertain.
 */
export function isKnownState({ type, states }: Pick<TagConfig, 'type' | 'states'>, value: TagValue): boolean {
  if (!states || type === 'Boolean') return true
  return states.some((state) => (type === 'String' ? state.name === value : state.value === Number(value)))
}

function fromState(type: TagConfig['type'], states: readonly StateConfig[], value: unknown): unknown {
  if (type === 'String') return stateOf(states, value)?.name ?? value
  if (type === 'Boolean') {
    const state = typeof value === 'boolean' ? undefined : stateOf(states, value)
    return state ? state.value === 1 : value
  }
  return isInteger(type) && typeof value === 'string' ? (stateOf(states, value)?.value ?? value) : value
}

/** A code must be as it is configured; the name may be in any case. */
function stateOf(states: readonly StateConfig[], said: unknown): StateConfig | undefined {
  if (typeof said === 'boolean') return states.find(({ value }) => value === Number(said))
  if (typeof said === 'number' || typeof said === 'bigint') return states.find(({ value }) => value === Number(said))
  if (typeof said !== 'string') return undefined
  const exact = states.find(({ name, codes }) => name === said || codes.includes(said))
  if (exact) return exact
  const lower = said.toLowerCase()
  return states.find(({ name }) => name.toLowerCase() === lower)
}
