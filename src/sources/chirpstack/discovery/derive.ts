import { linkTagKeys } from '../../../core/link-tags.ts'
import type { TagConfig } from '../../../core/plant.ts'
import type { Measurement, MeasurementKind } from '../listed.ts'
import { LONGEST_NAME, shownText } from '../shown-text.ts'
import { flatKey, tagKey, withoutObject } from './derived-names.ts'
import { type Observation, observationBounds, type SeenPath } from './observation.ts'
import { describeTypes, type TypeConflict, typesAt } from './type-fit.ts'

/** Numbers lose in ChirpStack's JSON whether they were integers, so that Double is the type that holds them all. */
export type DerivedType = 'Boolean' | 'Double' | 'String'

/** A tag learned from uplinks. Its key, type and address never change again. Plain data. */
export interface DerivedTag {
  readonly key: string
  readonly type: DerivedType
  readonly address: string
}

/** A type must be seen in so many uplinks before it is believed; in one where something else says the same. */
export const UPLINKS_TO_BELIEVE = 3

export interface DeriveInput {
  readonly observation: Observation
  /** Of the device's profile. */
  readonly measurements: readonly Measurement[]
  /** What was derived before. */
  readonly tags: readonly DerivedTag[]
  /** Types that other devices of the same profile have, by address. */
  readonly siblings: ReadonlyMap<string, DerivedType>
}

export interface Derived {
  /** Those before, and the new ones behind them. */
  readonly tags: readonly DerivedTag[]
  /** Paths that make no tag, since nobody can say of which type; and those where the profile says something else. */
  readonly conflicts: readonly TypeConflict[]
}

/** What the uplinks so far make of a device, at most as many tags as paths are observed. Never throws. */
export function deriveTags({ observation, measurements, tags: before, siblings }: DeriveInput): Derived {
  const tags = [...before]
  const conflicts: TypeConflict[] = []
  const known = new Set(before.map(({ address }) => address))
  const taken = new Set(before.map(({ key }) => key).concat(linkTagKeys))
  const kinds = new Map(measurements.map(({ key, kind }) => [key, kind]))
  for (const [address, seen] of Object.entries(observation.paths)) {
    const [type, ...others] = typesAt(seen)
    if (type === undefined || (type === 'group' && others.length === 0)) continue
    const kind = kinds.get(flatKey(address)) ?? 'UNKNOWN'
    if (type === 'group' || others.length > 0) {
      if (!known.has(address)) conflicts.push({ address, reason: `It was ${describeTypes(seen)}.` })
      continue
    }
    const derived = derivedTypes[type]
    if (agrees(kind, derived) === false) {
      conflicts.push({ address, reason: `It is ${describeTypes(seen)}, but a measurement of kind ${kind}.` })
    }
    const sure = agrees(kind, derived) === true || siblings.get(address) === derived
    if (known.has(address) || tags.length >= observationBounds.paths || !isBelieved(seen, sure)) continue
    const key = tagKey(address, taken)
    taken.add(key)
    tags.push({ key, type: derived, address })
  }
  return { tags, conflicts }
}

const derivedTypes = { boolean: 'Boolean', number: 'Double', text: 'String' } as const

function isBelieved(seen: SeenPath, sure: boolean): boolean {
  const times = Math.max(...Object.values(seen.types).map((sighting) => sighting?.times ?? 0))
  return times >= (sure ? 1 : UPLINKS_TO_BELIEVE)
}

/** Whether the profile says the same; undefined: it says nothing. ChirpStack gathers true and false as STRING. */
function agrees(kind: MeasurementKind, type: DerivedType): boolean | undefined {
  if (kind === 'UNKNOWN') return undefined
  return kind === 'STRING' ? type !== 'Double' : type === 'Double'
}

/** The tags of a device whose template is `auto`; a tag's name is its measurement's, or else its path. */
export function autoTags(
  derived: readonly DerivedTag[],
  profile: { readonly measurements: readonly Measurement[] } | undefined,
): TagConfig[] {
  const names = new Map(profile?.measurements.map(({ key, name }) => [key, name]))
  return derived.map(({ key, type, address }): TagConfig => {
    const name = names.get(flatKey(address)) || shownText(withoutObject(address), LONGEST_NAME)
    return { key, name, disabled: false, type, address }
  })
}
