import type { Reason } from './kepware-tag.ts'

const MOST_ELEMENTS = 1_000

interface Plain {
  readonly address: string
  /** Undefined: a single value. */
  readonly arrayLength: number | undefined
}

/** `400001 [2][5]` is two rows of five columns; `[5]` and `[1][5]` are five elements. */
export function withoutArray(written: string, isArray: boolean): Plain | Reason {
  const [, address = '', first, second] = /^(.*?)(?:\s*\[\s*(\d{1,6})\s*\](?:\s*\[\s*(\d{1,6})\s*\])?)?$/.exec(
    written.trim(),
  ) ?? [undefined, written.trim()]
  if (first === undefined) {
    if (isArray) return { reason: `The type is an array, and the address ${quoted(written)} says no [length].` }
    return { address, arrayLength: undefined }
  }
  const [rows, columns] = second === undefined ? [1, Number(first)] : [Number(first), Number(second)]
  if (rows > 1 && columns > 1)
    return {
      reason: `It is an array of ${rows} × ${columns}; here arrays have one dimension. Import a tag for each row.`,
    }
  const length = rows * columns
  if (length < 1 || length > MOST_ELEMENTS)
    return { reason: `An array has 1 to ${MOST_ELEMENTS} elements here, and this one ${length}.` }
  return { address, arrayLength: length }
}

/** A text of the file, as it is said back to people. */
export const quoted = (text: string): string => `"${text.length > 60 ? `${text.slice(0, 57)}…` : text}"`
