import { isGroup } from './raw.ts'
import { readYaml } from './yaml-file.ts'

/** One setting, device, tag or the like in which two configurations differ. */
export interface Difference {
  /** Where, with things that have a key by their keys: `sources/meters/devices/boiler-1/poll`. */
  readonly at: string
  readonly kind: 'added' | 'removed' | 'changed' | 'moved'
  /** As they are written; of a whole device or the like it is not said. */
  readonly before?: Plain
  readonly after?: Plain
}

type Plain = boolean | number | string | null

/**
 * In what two configurations differ, as they are written: a default that is written out is a difference. Things in
 * lists are told apart by their keys (users by their names), so that one that only stands elsewhere is `moved`.
 */
export function differencesBetween(before: unknown, after: unknown): Difference[] {
  const found: Difference[] = []
  compare(before, after, '', found)
  return found
}

/** In what two configurations differ, given as YAML, one difference a line for people; a text that is none is empty. */
export const changesBetween = (before: string, after: string): string[] =>
  differencesBetween(valuesOf(before), valuesOf(after)).map(inWords)

/** What a configuration given as YAML says; nothing where the text is none. */
export function valuesOf(text: string): unknown {
  const yaml = readYaml(text, 'configuration')
  return yaml.ok ? yaml.value : {}
}

/** A line for people. */
export function inWords({ at, kind, before, after }: Difference): string {
  if (kind === 'changed') return `${at}: ${shown(before)} → ${shown(after)}`
  return after === undefined && before === undefined ? `${at}: ${kind}` : `${at}: ${kind} ${shown(after ?? before)}`
}

const shown = (value: Plain | undefined): string =>
  value === undefined ? 'as it was by default' : JSON.stringify(value)

function compare(before: unknown, after: unknown, at: string, found: Difference[]): void {
  // Values of an edited configuration are the same objects where nothing was edited.
  if (before === after) return
  if (isGroup(before) && isGroup(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compareMember(before[name], after[name], under(at, name), found)
    }
  } else if (Array.isArray(before) && Array.isArray(after)) compareLists(before, after, at, found)
  else found.push(differing('changed', at, before, after))
}

function compareMember(before: unknown, after: unknown, at: string, found: Difference[]): void {
  if (before === undefined && after !== undefined) found.push(differing('added', at, undefined, after))
  else if (before !== undefined && after === undefined) found.push(differing('removed', at, before, undefined))
  else compare(before, after, at, found)
}

function compareLists(before: readonly unknown[], after: readonly unknown[], at: string, found: Difference[]): void {
  const nameOf = keyedBy([...before, ...after])
  if (!nameOf) {
    const [old, fresh] = [JSON.stringify(before), JSON.stringify(after)]
    if (old !== fresh) found.push({ at, kind: 'changed', before: old, after: fresh })
    return
  }
  const byName = (list: readonly unknown[]) => new Map(list.map((element) => [nameOf(element), element]))
  const [old, fresh] = [byName(before), byName(after)]
  for (const name of new Set([...old.keys(), ...fresh.keys()])) {
    compareMember(old.get(name), fresh.get(name), under(at, name), found)
  }
  const stayed = (list: Iterable<string>, other: ReadonlyMap<string, unknown>) =>
    [...list].filter((name) => other.has(name))
  const [was, is] = [stayed(old.keys(), fresh), stayed(fresh.keys(), old)]
  if (was.join('\n') !== is.join('\n')) found.push({ at, kind: 'moved' })
}

/** What the elements of a list are called, if all have a name of their own. */
function keyedBy(elements: readonly unknown[]): ((element: unknown) => string) | undefined {
  for (const setting of ['key', 'name']) {
    const has = (element: unknown) => isGroup(element) && typeof element[setting] === 'string'
    if (elements.length > 0 && elements.every(has))
      return (element) => (element as Record<string, string>)[setting] ?? ''
  }
  return undefined
}

const under = (at: string, name: string): string => (at === '' ? name : `${at}/${name}`)

function differing(kind: Difference['kind'], at: string, before: unknown, after: unknown): Difference {
  return {
    at,
    kind,
    ...(isPlain(before) ? { before } : {}),
    ...(isPlain(after) ? { after } : {}),
  }
}

const isPlain = (value: unknown): value is Plain =>
  value === null || ['boolean', 'number', 'string'].includes(typeof value)
