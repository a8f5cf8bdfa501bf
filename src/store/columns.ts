import type { DataType, Scalar, TagValue, ValueShape } from '../core/data-type.ts'
import { shapeNamed } from '../core/value-text.ts'

/**
 * How a value stands in a column: REAL for numbers and DateTime (milliseconds of the epoch), INTEGER for Boolean and
 * 64-bit integers, TEXT for strings, BLOB for bytes (read as a Buffer). An array is TEXT, a list in JSON, with 64-bit
 * integers as decimal texts and bytes in hexadecimal.
 */
export type Column = bigint | number | string | Uint8Array

/** Exactly, with UInt64 as two's complement. */
export function toColumn(value: TagValue): Column {
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return `[${value.map(toJson).join()}]`
  return typeof value === 'bigint' ? BigInt.asIntN(64, value) : value
}

function toJson(element: Scalar): string {
  if (typeof element === 'bigint') return `"${element}"`
  if (element instanceof Uint8Array) return `"${Buffer.from(element).toString('hex')}"`
  // JSON has a negative zero, which `stringify` does not write.
  return Object.is(element, -0) ? '-0' : JSON.stringify(element)
}

/** `value` as read with safe integers, of a series of this shape. */
export function fromColumn({ type, arrayLength }: ValueShape, value: Column): TagValue {
  if (arrayLength !== undefined) return fromJson(type, value)
  if (type === 'Boolean') return value === 1n
  if (type === 'UInt64') return BigInt.asUintN(64, value as bigint)
  return value
}

/** Whether values of this shape are in a column as they are. */
export const isPlainColumn = ({ type, arrayLength }: ValueShape): boolean =>
  arrayLength === undefined && type !== 'Boolean' && type !== 'UInt64'

/** An array of a tag that never had one stands as something else; it is nothing then. */
function fromJson(type: DataType, value: Column): readonly Scalar[] {
  if (typeof value !== 'string') return []
  const elements = JSON.parse(value) as readonly (boolean | number | string)[]
  if (type === 'Int64' || type === 'UInt64') return elements.map(BigInt)
  return type === 'ByteString' ? elements.map((hex) => Buffer.from(String(hex), 'hex')) : elements
}

/** The shape that a series was named after with `shapeName`. */
export function shapeOf(name: string): ValueShape {
  const shape = shapeNamed(name)
  if (!shape) throw new TypeError(`The history has a series of type ${name}, which this program does not know`)
  return shape
}
