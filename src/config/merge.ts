import { isDeepStrictEqual } from 'node:util'
import { type Difference, differencesBetween } from './differences.ts'
import type { Edit } from './edit.ts'
import { nameOf, valueAtPlace } from './places.ts'

/** Whose change holds where both changed the same. */
export type Winner = 'mine' | 'theirs'

/** Places that both changed, each otherwise. */
export interface Clash {
  readonly mine: Difference
  readonly theirs: Difference
}

interface Three {
  /** What both were made of, as values. */
  readonly base: unknown
  readonly mine: unknown
  readonly theirs: unknown
}

const within = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}/`)

/** Where two configurations that were made of the same one changed the same otherwise. */
export function clashesOf({ base, mine, theirs }: Three): Clash[] {
  const foreign = differencesBetween(base, theirs)
  return differencesBetween(base, mine).flatMap((own) => {
    const place = own.at.split('/')
    if (isDeepStrictEqual(valueAtPlace(mine, place), valueAtPlace(theirs, place))) return []
    const other = foreign.find(({ at, kind }) => kind !== 'moved' && (within(at, own.at) || within(own.at, at)))
    return other && own.kind !== 'moved' ? [{ mine: own, theirs: other }] : []
  })
}

/**
 * What I changed, as edits of what others made of it meanwhile. Where both changed the same, the winner's holds. A change
 * that has no place there any more is a problem of the edit.
 */
export function mergingEdits(three: Three, winner: Winner): Edit[] {
  const { base, mine, theirs } = three
  const clashes = new Map(clashesOf(three).map((clash) => [clash.mine.at, clash.theirs]))
  const edits = new Map<string, Edit>()
  for (const own of differencesBetween(base, mine)) {
    const place = own.at.split('/')
    if (own.kind === 'moved' || isDeepStrictEqual(valueAtPlace(mine, place), valueAtPlace(theirs, place))) continue
    const clash = clashes.get(own.at)
    if (clash && winner === 'theirs') continue
    // What they removed comes back whole with what I changed in it.
    const at = clash?.kind === 'removed' && own.kind !== 'removed' ? clash.at : own.at
    const edit = editFor(at.split('/'), mine, theirs)
    if (edit) edits.set(at, edit)
  }
  return [...edits.values()]
}

/** Makes the place as it is in mine. */
function editFor(place: readonly string[], mine: unknown, theirs: unknown): Edit | undefined {
  const value = valueAtPlace(mine, place)
  const isThere = valueAtPlace(theirs, place) !== undefined
  if (value === undefined) return isThere ? { remove: place } : undefined
  const parent = place.slice(0, -1)
  const isInList = Array.isArray(valueAtPlace(mine, parent)) && nameOf(value) !== undefined
  return isInList && !isThere ? { add: parent, value } : { set: place, value }
}
