import type { DataType, TagValue } from '../core/data-type.ts'

/**
 * How a value stands in a column: REAL for numbers, INTEGER for Boolean and 64-bit integers, TEXT for strings, BLOB for
 * bytes (read as a Buffer).
 */
export type Column = bigint | number | string | Uint8Array

/** Exactly, with UInt64 as two's complement. */
export function toColumn(value: TagValue): Column {
  if (typeof value === 'boolean') return value ? 1n : 0n
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) : value
}

/** `value` as read with safe integers. */
export function fromColumn(type: DataType, value: Column): TagValue {
  if (type === 'Boolean') return value === 1n
  if (type === 'UInt64') return BigInt.asUintN(64, value as bigint)
  return value
}
