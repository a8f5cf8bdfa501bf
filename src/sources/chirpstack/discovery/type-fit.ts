import type { DataType, ValueShape } from '../../../core/data-type.ts'
import { type Observation, type SeenPath, type SeenType, seenTypes } from './observation.ts'

/** A value that was seen where a tag of another type is, or of two types at one path. */
export interface TypeConflict {
  readonly address: string
  readonly reason: string
}

/** A value seen this many uplinks ago no longer counts against a tag. */
const FORGIVEN_AFTER = 50

const words: Readonly<Record<SeenType, string>> = {
  boolean: 'true or false',
  number: 'a number',
  text: 'text',
  group: 'an object or a list',
}

/** What stands in the decoded object for a tag of this shape. */
function seenTypeOf({ type, arrayLength }: ValueShape): SeenType {
  if (arrayLength !== undefined) return 'group'
  if (type === 'Boolean') return 'boolean'
  return isText(type) ? 'text' : 'number'
}

const isText = (type: DataType): boolean => type === 'String' || type === 'DateTime'

/** The types seen at a path, most often first. */
export const typesAt = (seen: SeenPath): SeenType[] =>
  seenTypes
    .filter((type) => seen.types[type])
    .sort((one, other) => (seen.types[other]?.times ?? 0) - (seen.types[one]?.times ?? 0))

/** `a number (12 uplinks) and text (1 uplink)` */
export function describeTypes(seen: SeenPath): string {
  const parts = typesAt(seen).map((type) => {
    const times = seen.types[type]?.times ?? 0
    return `${words[type]} (${times} ${times === 1 ? 'uplink' : 'uplinks'})`
  })
  return parts.join(' and ')
}

/** What was lately seen where a tag of `type` reads that does not fit it; undefined: nothing. */
export function misfitOf(observation: Observation, address: string, shape: ValueShape): string | undefined {
  const seen = observation.paths[address]
  if (!seen) return undefined
  const wanted = seenTypeOf(shape)
  const misfits = typesAt(seen).filter((each) => each !== wanted && isLate(seen, each, observation.uplinks))
  if (misfits.length > 0) return misfits.map((each) => words[each]).join(' and ')
  const { type } = shape
  const whole = wanted === 'number' && type !== 'Double' && type !== 'Float'
  return whole && seen.fractional ? 'numbers with a fraction' : undefined
}

const isLate = (seen: SeenPath, type: SeenType, uplinks: number): boolean =>
  uplinks - (seen.types[type]?.last ?? Number.NEGATIVE_INFINITY) < FORGIVEN_AFTER
