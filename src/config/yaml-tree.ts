import { isAlias, isMap, isScalar, isSeq, type Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Finding } from './finding.ts'
import { isGroup, type Segments } from './raw.ts'

/** Where a setting or an entry of a list is written. */
export interface Written {
  /** Offset in the text: of a single value itself, of the name of anything else. */
  readonly offset: number
  /** A single value without quotes, as it stands there. */
  readonly unquoted?: string
}

interface Anchored {
  readonly value: unknown
  /** Values in it, counted as often as they are used. */
  readonly size: number
}

/** A plant of 100,000 tags has fewer; a few lines of anchors that multiply each other soon have more. */
const MAX_VALUES = 3_000_000
const MAX_DEPTH = 64

const misuse = 'Use *name only below the block that &name marks, and never within it.'
const merging = 'Write "<<: *name", with &name before a group of settings above.'

/** The values of elements of lists that were read before, and are not written otherwise since. */
export interface KnownValues {
  get(node: YAMLMap): unknown
  set(node: YAMLMap, value: unknown): void
}

/**
 * The plain values of a YAML document, with the place of each. An anchor's value is shared by all that refer to it,
 * and how much all of it is together is bounded; `<<` merges groups of settings.
 */
export class YamlTree {
  readonly value: unknown
  readonly findings: Finding[] = []
  readonly #written = new Map<object, Map<string | number, Written>>()
  readonly #anchors = new Map<string, Anchored | 'open'>()
  readonly #known: KnownValues | undefined
  #size = 0

  /** Throws a RangeError where the settings are too many or nested too deeply. */
  constructor(contents: unknown, known?: KnownValues) {
    this.#known = known
    this.value = this.#plain(contents, [])
  }

  /** Something is marked with a name, so that other places may refer to it. */
  get hasAnchors(): boolean {
    return this.#anchors.size > 0
  }

  /** Where the setting is written, or the nearest thing around it that is. */
  writtenAt(at: Segments): Written | undefined {
    let value = this.value
    let nearest: Written | undefined
    for (const segment of at) {
      if (typeof value !== 'object' || value === null) return nearest
      const found = this.#written.get(value)?.get(typeof segment === 'number' ? segment : String(segment))
      if (!found) return nearest
      nearest = found
      value = (value as Record<PropertyKey, unknown>)[segment]
    }
    return nearest
  }

  #plain(node: unknown, at: Segments): unknown {
    if (++this.#size > MAX_VALUES || at.length > MAX_DEPTH)
      throw new RangeError('too many settings, or nested too deeply')
    if (isAlias(node)) return this.#anchored(node.source, at)
    const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined
    const before = this.#size
    if (anchor !== undefined) this.#anchors.set(anchor, 'open')
    const value = isMap(node)
      ? this.#group(node, at)
      : isSeq(node)
        ? this.#list(node, at)
        : isScalar(node)
          ? node.value
          : null
    if (anchor !== undefined) this.#anchors.set(anchor, { value, size: this.#size - before })
    return value
  }

  #anchored(name: string, at: Segments): unknown {
    const anchored = this.#anchors.get(name)
    if (anchored === undefined || anchored === 'open') {
      const message = anchored
        ? 'This refers to the block that it stands in.'
        : 'This refers to a name that nothing above has.'
      this.#refuse(at, message, misuse)
      return null
    }
    this.#size += anchored.size
    return anchored.value
  }

  #list(node: YAMLSeq, at: Segments): unknown[] {
    const list: unknown[] = []
    const places = new Map<number, Written>()
    this.#written.set(list, places)
    for (const [position, item] of node.items.entries()) {
      places.set(position, writtenOf(item, item))
      list.push(isMap(item) ? this.#element(item, [...at, position]) : this.#plain(item, [...at, position]))
    }
    return list
  }

  #element(node: YAMLMap, at: Segments): unknown {
    const known = this.#known?.get(node)
    if (known !== undefined) return known
    const value = this.#plain(node, at)
    this.#known?.set(node, value)
    return value
  }

  #group(node: YAMLMap, at: Segments): Record<string, unknown> {
    // Without a prototype, a setting named __proto__ is a setting like any other.
    const group: Record<string, unknown> = Object.create(null)
    const places = new Map<string, Written>()
    this.#written.set(group, places)
    const merged: unknown[] = []
    for (const { key, value } of node.items as Pair[]) {
      const name = nameOf(key)
      if (name === undefined) {
        this.#refuse(at, 'The name of a setting must be text.', 'Write a name, then ": " and its value.')
      } else if (name === '<<' && isScalar(key) && isPlain(key)) {
        merged.push(this.#plain(value, [...at, name]))
      } else if (places.has(name)) {
        this.#refuse([...at, name], 'This setting is there twice.', 'Remove one of the two.')
      } else {
        places.set(name, writtenOf(value, key))
        group[name] = this.#plain(value, [...at, name])
      }
    }
    for (const source of merged.flat()) this.#merge(source, group, places, at)
    return group
  }

  /** What the group says itself wins over what is merged into it. */
  #merge(source: unknown, group: Record<string, unknown>, places: Map<string, Written>, at: Segments): void {
    if (!isGroup(source)) {
      this.#refuse([...at, '<<'], 'Only groups of settings can be merged.', merging)
      return
    }
    for (const [name, value] of Object.entries(source)) {
      const written = this.#written.get(source)?.get(name)
      if (name in group || !written) continue
      places.set(name, written)
      group[name] = value
    }
  }

  #refuse(at: Segments, message: string, mend: string): void {
    this.findings.push({ at, message, mend })
  }
}

/** The same as `writtenAt`, looked up in a document without anchors that nobody edited since it was parsed. */
export function writtenIn(contents: unknown, at: Segments): Written | undefined {
  let node = contents
  let nearest: Written | undefined
  for (const segment of at) {
    const pair = isMap(node) ? node.items.find(({ key }) => nameOf(key) === String(segment)) : undefined
    const value = pair ? pair.value : isSeq(node) && typeof segment === 'number' ? node.items[segment] : undefined
    if (!pair && value === undefined) return nearest
    nearest = writtenOf(value, pair ? pair.key : value)
    node = value
  }
  return nearest
}

/** Without quotes; what an edit brought, and was never read, is written without them. */
const isPlain = ({ type }: Scalar): boolean => type === Scalar.PLAIN || type === undefined

function nameOf(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined
  return typeof key.value === 'string' ? key.value : (key.source ?? String(key.value))
}

function writtenOf(node: unknown, around: unknown): Written {
  const inside = isScalar(node) && node.value !== null
  const offset = (inside || isAlias(node) ? node.range?.[0] : undefined) ?? startOf(around) ?? startOf(node) ?? 0
  if (!inside || node.type !== Scalar.PLAIN || typeof node.value === 'string' || node.source === undefined)
    return { offset }
  return { offset, unquoted: node.source }
}

function startOf(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined
}
