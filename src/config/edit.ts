import { type Document, isCollection, isMap, isNode, isScalar, isSeq } from 'yaml'
import type { Problem } from '../core/problem.ts'

/**
 * One change of a configuration. `at` is where: names of settings, and in lists the key (of a user: the name) of the
 * element, as `['sources', 'meters', 'devices', 'boiler-1', 'poll']`.
 */
export type Edit =
  /** Gives the setting this value, in place of what stands there. */
  | { readonly set: readonly string[]; readonly value: unknown }
  /** Adds an element at the end of the list, which is made where there is none. */
  | { readonly add: readonly string[]; readonly value: unknown }
  /** Takes the setting or element out. */
  | { readonly remove: readonly string[] }

/**
 * Does the edits in the document, one after another; all else is as it was, with its comments. An edit that finds no place
 * is a problem, and then the document is of no use any more. Whether the result makes sense is not looked at here. `touch`
 * is told every node that an edit goes through.
 */
export function editDocument(
  document: Document,
  edits: readonly Edit[],
  touch: (node: object) => void = () => undefined,
): Problem[] {
  if (document.errors.length > 0) return [unreadable]
  return edits.flatMap((edit) => {
    const message = applied(document, edit, touch)
    return message === undefined
      ? []
      : [{ path: placeOfEdit(edit).join('/'), message, mend: 'Load the configuration again, and repeat the change.' }]
  })
}

export const unreadable: Problem = {
  path: 'configuration',
  message: 'It is no YAML that can be read, and nothing of it can be changed by itself.',
  mend: 'Mend it as a text, or discard it.',
}

export const tooDeep: Problem = {
  path: 'configuration',
  message: 'A value is nested too deeply.',
  mend: 'Settings are nested a dozen times at most.',
}

export function writtenOut(document: Document): string {
  const { directives } = document
  // To see whether it needs directives, the library visits every node, though a document without prefixes needs none.
  const needsNone =
    directives && !directives.yaml.explicit && !directives.docStart && Object.keys(directives.tags).length < 2
  // What refers to nothing, since an edit took that away say, is written as it is: reading the text says where that stands.
  return document.toString({ lineWidth: 120, directives: needsNone ? false : null, verifyAliasOrder: false })
}

/** Where an edit is, with keys. */
export const placeOfEdit = (edit: Edit): readonly string[] =>
  'set' in edit ? edit.set : 'add' in edit ? edit.add : edit.remove

/** Undefined: it is done; otherwise why not. */
function applied(document: Document, edit: Edit, touch: (node: object) => void): string | undefined {
  const found = placeOf(document, placeOfEdit(edit), touch)
  if (typeof found === 'string') return found
  if ('remove' in edit)
    return document.hasIn(found) && document.deleteIn(found) ? undefined : 'There is no such setting.'
  if ('set' in edit) {
    // A single value goes into the node that is there, and its comment stays.
    const { value } = edit
    setAt(document, found, typeof value === 'object' ? document.createNode(value) : value)
    return undefined
  }
  const list = document.getIn(found)
  if (list === undefined || list === null) setAt(document, found, document.createNode([edit.value]))
  else if (isSeq(list)) {
    // What stood there as [] is not for lists that people read.
    if (list.items.length === 0) list.flow = false
    list.add(document.createNode(edit.value))
  } else return 'This is no list.'
  return undefined
}

/** As setIn, but all of it in nodes, as parsing it makes them: setIn leaves the names of new settings, and their values, bare. */
function setAt(document: Document, place: readonly (string | number)[], value: unknown): void {
  const there = document.getIn(place, true)
  // A type that was forced upon the former value (!!str 5) would be read of the new one too.
  if (isScalar(there)) delete there.tag
  document.setIn(place, value)
  let node: unknown = document.contents
  for (const step of place) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => (isScalar(key) ? key.value : key) === step)
      if (!pair) return
      if (!isNode(pair.key)) pair.key = document.createNode(pair.key)
      if (!isNode(pair.value)) pair.value = document.createNode(pair.value)
      node = pair.value
    } else if (isSeq(node)) {
      const position = Number(step)
      if (!isNode(node.items[position])) node.items[position] = document.createNode(node.items[position])
      node = node.items[position]
    } else return
  }
}

/** The path with positions in place of keys, or what is not there. The last name of it need not be there. */
function placeOf(
  document: Document,
  path: readonly string[],
  touch: (node: object) => void,
): (string | number)[] | string {
  if (path.length === 0) return 'The path is empty.'
  const place: (string | number)[] = []
  let node: unknown = document.contents
  for (const [depth, name] of path.entries()) {
    if (isNode(node)) touch(node)
    if (isSeq(node)) {
      const position = node.items.findIndex((item) => isMap(item) && (item.get('key') ?? item.get('name')) === name)
      if (position < 0) return `There is no ${path.slice(0, depth + 1).join('/')}.`
      place.push(position)
      node = node.items[position]
    } else if (isMap(node)) {
      place.push(name)
      node = node.get(name, true)
    } else if (isCollection(node) || node !== undefined) return `${path.slice(0, depth).join('/')} has no settings.`
    else place.push(name)
  }
  if (isNode(node)) touch(node)
  return place
}
