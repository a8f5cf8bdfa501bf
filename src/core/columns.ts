/** A column of numbers, one row a tag. */
type Column = Float64Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>

/**
 * The column with room for at least `size` rows, new ones filled with `value`; the same column where it has the room.
 * It grows by more than asked for, so that tags added one by one do not copy it each time.
 */
export function grown<C extends Column>(column: C, size: number, value: number): C {
  if (column.length >= size) return column
  const capacity = column.length === 0 ? size : Math.max(size, Math.ceil(column.length * 1.5))
  const wider = new (column.constructor as new (length: number) => C)(capacity)
  wider.set(column)
  wider.fill(value, column.length)
  return wider
}
