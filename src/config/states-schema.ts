import { z } from 'zod'
import { type DataType, isInteger } from '../core/data-type.ts'
import type { StateConfig } from '../core/states.ts'
import { complain } from './complaint.ts'
import { explain } from './fields.ts'

const MOST_STATES = 1_000
const LONGEST = 200

/**
 * The states of an enumeration as they may be written: a list of names, counted from 0, or names by value. A name may
 * be a list: its first entry is what clients see, the others are codes that stand for the state.
 */
export const states = explain(
  z
    .union([z.array(z.unknown()), z.record(z.string(), z.unknown())])
    .transform((written, context): readonly StateConfig[] => {
      const entries = Array.isArray(written) ? [...written.entries()] : Object.entries(written)
      const read = entries.map(([value, texts]) => stateOf(String(value), texts))
      const bad = read.indexOf(undefined)
      if (bad >= 0 || entries.length === 0 || entries.length > MOST_STATES) {
        const at = entries[bad]?.[0]
        complain(context, [{ at: at === undefined ? [] : [at], message: 'This is no state.', mend: MEND }])
        return z.NEVER
      }
      return read.filter((state) => state !== undefined)
    }),
  {
    description:
      'What each value means, of an enumeration; clients see the names. Of a Boolean, the names of false and true.',
    allowed: 'a list of names counted from 0, or names by value; a name may be a list of a name and codes that mean it',
    example: '{ 0: Closed, 1: [Open, open] }',
  },
)

const MEND = 'Write for example { 0: Closed, 1: [Open, open] }, with whole numbers and texts in quotes.'

function stateOf(written: string, texts: unknown): StateConfig | undefined {
  const value = written === 'false' ? 0 : written === 'true' ? 1 : Number(written)
  if (!/^(?:false|true|-?\d{1,15})$/.test(written)) return undefined
  const [name, ...codes]: unknown[] = Array.isArray(texts) ? texts : [texts]
  if (!isText(name) || !codes.every(isText)) return undefined
  return { value, name, codes }
}

const isText = (text: unknown): text is string => typeof text === 'string' && text !== '' && text.length <= LONGEST

/** What states demand of the rest of their tag. */
export function checkStates(
  tag: {
    type: DataType
    states?: readonly StateConfig[] | undefined
    range?: unknown
    instrumentRange?: unknown
    unit?: unknown
    arrayLength?: unknown
  },
  context: z.core.$RefinementCtx,
): void {
  const { type, states: known } = tag
  if (known === undefined) return
  const say = (at: string, message: string, mend: string) => complain(context, [{ at: [at], message, mend }])
  if (!isInteger(type) && type !== 'Boolean' && type !== 'String') {
    say('states', `A ${type} has no states.`, 'Make the type an integer, Boolean or String, or remove the states.')
  }
  if (tag.arrayLength !== undefined) say('states', 'An array has no states.', 'Remove the states or the arrayLength.')
  if (
    type === 'Boolean' &&
    known
      .map(({ value }) => value)
      .sort()
      .join() !== '0,1'
  ) {
    say('states', 'A Boolean has two states, 0 (false) and 1 (true).', 'Write [Closed, Open], false first.')
  }
  for (const field of ['range', 'instrumentRange', 'unit'] as const) {
    if (tag[field] !== undefined) say(field, `An enumeration has no ${field}.`, `Remove the ${field} or the states.`)
  }
  const texts = known.flatMap(({ name, codes }) => [...new Set([name, ...codes])])
  const twice = texts.find((text, position) => texts.indexOf(text) !== position)
  if (twice !== undefined) say('states', `"${twice}" stands for two states.`, 'Give each state a name of its own.')
}
