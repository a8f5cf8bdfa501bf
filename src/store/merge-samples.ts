import type { StoredSample } from './chunk-codec.ts'
import type { Column } from './columns.ts'

/**
 * Samples of chunks and rows of `samples`, each in the same order, as one list of at most `limit`. Of two with the same
 * source time the row counts, which came later, unless it says what is known already: then that is when it was received.
 */
export function mergeSamples(
  chunked: readonly StoredSample[],
  rows: readonly StoredSample[],
  ascending: boolean,
  limit: number,
): readonly StoredSample[] {
  if (rows.length === 0) return chunked.length > limit ? chunked.slice(0, limit) : chunked
  if (chunked.length === 0) return rows.length > limit ? rows.slice(0, limit) : rows
  const merged: StoredSample[] = []
  let [nextChunked, nextRow] = [0, 0]
  while (merged.length < limit) {
    const one = chunked[nextChunked]
    const row = rows[nextRow]
    if (one === undefined && row === undefined) break
    const difference = one && row ? (ascending ? 1 : -1) * (one.sourceTime - row.sourceTime) : one ? -1 : 1
    if (difference <= 0) nextChunked++
    if (difference >= 0) nextRow++
    const isKnown = difference < 0 || (difference === 0 && one && row && isSameStatement(one, row))
    merged.push((isKnown ? one : row) as StoredSample)
  }
  return merged
}

const isSameStatement = (one: StoredSample, other: StoredSample): boolean =>
  one.status === other.status && isSameColumn(one.value, other.value)

function isSameColumn(one: Column | null, other: Column | null): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  return one === other
}
