import type { DataType, Scalar, TagValue } from './data-type.ts'
import { formatDateTime } from './date-time.ts'

/** A value as JSON can hold it. */
export type Plain = Exclude<Scalar, bigint> | null

/** 64-bit integers as text, since not every reader of JSON or CSV keeps all their digits; a DateTime in ISO 8601. */
export function plainValue(type: DataType, value: TagValue | null): Plain | readonly Plain[] {
  if (value === null) return null
  if (typeof value !== 'object' || value instanceof Uint8Array) return plainScalar(type, value)
  return value.map((element) => {
    const shown = plainScalar(type, element)
    return shown instanceof Uint8Array ? Buffer.from(shown).toString('hex') : shown
  })
}

function plainScalar(type: DataType, value: Scalar): Plain {
  if (typeof value === 'bigint') return String(value)
  return type === 'DateTime' ? formatDateTime(value as number) : value
}
