import { formatAddress, type PathStep } from '../address.ts'

/** What a decoded value can be. A group holds other values: an object, or a list. */
export const seenTypes = ['boolean', 'number', 'text', 'group'] as const
export type SeenType = (typeof seenTypes)[number]

/** In how many uplinks, and in which one last, counted from 1. */
export interface Sighting {
  readonly times: number
  readonly last: number
}

/** What was seen at one path of the decoded objects of a device. */
export interface SeenPath {
  readonly types: { readonly [Type in SeenType]?: Sighting | undefined }
  /** A number that was no integer was there. */
  readonly fractional: boolean
  /** The uplink that had the path last, with whatever value, null too. */
  readonly last: number
}

/** What the uplinks of a device held so far. Plain data; the same uplinks in the same order make the same. */
export interface Observation {
  /** Uplinks with a decoded object. */
  readonly uplinks: number
  /** Application uplinks without one since the last that had one. */
  readonly undecoded: number
  /** By address. */
  readonly paths: Readonly<Record<string, SeenPath>>
  /** Values of the last uplink that no path was kept for: beyond the bounds below. There may be more inside of those. */
  readonly leftOut: number
}

export const nothingObserved: Observation = { uplinks: 0, undecoded: 0, paths: {}, leftOut: 0 }

/** A device's codec decides what it sends, so all of it is bounded. */
export const observationBounds = { paths: 200, depth: 8, elements: 16, address: 200, visits: 2_000 } as const

/** The observation with one uplink more; `object` undefined: it could not be decoded. Never throws. */
export function observe(before: Observation, object: unknown): Observation {
  if (object === undefined) return { ...before, undecoded: before.undecoded + 1 }
  const walk: Walk = { uplink: before.uplinks + 1, paths: { ...before.paths }, kept: 0, leftOut: 0, visits: 0 }
  walk.kept = Object.keys(walk.paths).length
  visitMembers(walk, ['object'], object)
  return { uplinks: walk.uplink, undecoded: 0, paths: walk.paths, leftOut: walk.leftOut }
}

interface Walk {
  readonly uplink: number
  readonly paths: Record<string, SeenPath>
  kept: number
  leftOut: number
  visits: number
}

function visitMembers(walk: Walk, path: readonly PathStep[], group: unknown): void {
  if (Array.isArray(group)) {
    const elements = (group as unknown[]).slice(0, observationBounds.elements)
    walk.leftOut += group.length - elements.length
    elements.forEach((element, position) => {
      visit(walk, [...path, position], element)
    })
  } else if (typeof group === 'object' && group !== null) {
    const members = Object.entries(group)
    for (const [position, [key, value]] of members.entries()) {
      if (walk.visits >= observationBounds.visits) {
        walk.leftOut += members.length - position
        return
      }
      visit(walk, [...path, key], value)
    }
  }
}

function visit(walk: Walk, path: readonly PathStep[], value: unknown): void {
  walk.visits++
  const address = addressOf(path)
  const seen = address === undefined ? undefined : (walk.paths[address] ?? unseen)
  if (address === undefined || seen === undefined || (seen === unseen && walk.kept >= observationBounds.paths)) {
    walk.leftOut++
    return
  }
  if (seen === unseen) walk.kept++
  const type = typeOf(value)
  const types = type === undefined ? seen.types : { ...seen.types, [type]: sighted(seen.types[type], walk.uplink) }
  const fractional = seen.fractional || (type === 'number' && !Number.isInteger(value))
  walk.paths[address] = { types, fractional, last: walk.uplink }
  if (type === 'group') visitMembers(walk, path, value)
}

const unseen: SeenPath = { types: {}, fractional: false, last: 0 }

const sighted = (before: Sighting | undefined, uplink: number): Sighting => ({
  times: (before?.times ?? 0) + 1,
  last: uplink,
})

/** Undefined where no address can name the path. */
function addressOf(path: readonly PathStep[]): string | undefined {
  if (path.length - 1 > observationBounds.depth || path.includes('__proto__')) return undefined
  const keys = path.filter((step) => typeof step === 'string')
  if (keys.some((key) => key.length > observationBounds.address)) return undefined
  const plain = path.every((step) => typeof step === 'number' || /^\w+$/.test(step))
  const address = plain
    ? path
        .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
        .join('')
        .slice(1)
    : formatAddress({ event: 'up', path })
  return address.length > observationBounds.address ? undefined : address
}

/** Undefined for what says nothing of the type: null, and numbers that JSON has but no Double, which read as bad. */
function typeOf(value: unknown): SeenType | undefined {
  switch (typeof value) {
    case 'boolean':
      return 'boolean'
    case 'number':
      return Number.isFinite(value) ? 'number' : undefined
    case 'string':
      return 'text'
    case 'object':
      return value === null ? undefined : 'group'
    default:
      return undefined
  }
}
