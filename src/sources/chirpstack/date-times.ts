import type { ValueShape } from '../../core/data-type.ts'
import { parseDateTime } from '../../core/date-time.ts'

/**
 * What the sink is to be given for what ChirpStack or a codec said: for a DateTime, the moment that a text of ISO 8601
 * names. Undefined for any other text, and for a number, which does not say whether it counts seconds or milliseconds:
 * neither fits. All else, and whatever a tag of another type is given, stays as it was said.
 */
export function withDateTimes({ type, arrayLength }: ValueShape, said: unknown): unknown {
  if (type !== 'DateTime') return said
  if (arrayLength !== undefined && Array.isArray(said)) return said.map(momentOf)
  return momentOf(said)
}

const momentOf = (said: unknown): number | undefined => (typeof said === 'string' ? parseDateTime(said) : undefined)
