import { type Document, isMap, isNode, isSeq, type Node, Pair, parseDocument, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import type { Problem } from '../core/problem.ts'
import { documentInPieces } from './document-in-pieces.ts'
import { type Edit, editDocument, writtenOut } from './edit.ts'
import type { Segments } from './raw.ts'
import { type Read, yamlOf } from './yaml-file.ts'
import { type KnownValues, writtenIn, YamlTree } from './yaml-tree.ts'

/** Characters; some milliseconds. */
const WRITTEN_A_PIECE = 4_000
const ELEMENTS_A_PIECE = 50

type Context = NonNullable<Parameters<YAMLMap['toString']>[0]>

/** How an element of a list was written. */
interface Written {
  readonly indent: string
  readonly inFlow: boolean | null
  readonly text: string
  /** Its comment is in the text already. */
  readonly hasComment: boolean
  /** It ends with lines that belong to its last value. */
  readonly endsOpen: boolean
}

/**
 * A configuration that was parsed once and is edited many times. Each element of its lists (a source, a device, a tag) is
 * remembered as it was written and with the values that it has, until an edit goes into it: what was not edited is
 * neither written nor read again, and its values are the same objects, so that nobody may change them.
 */
export class EditableDocument {
  readonly #document: Document
  /** What it was parsed from, until it is edited. */
  #source: string | undefined
  readonly #values = new WeakMap<object, unknown>()
  readonly #texts = new WeakMap<object, Written>()
  readonly #known: KnownValues
  /** Not where anchors are: what one stands for changes without an edit of the place that refers to it. */
  #remembers = true

  /** Undefined: it is no YAML that can be edited. */
  static parse(text: string): EditableDocument | undefined {
    try {
      const document = parseDocument(text, { logLevel: 'error' })
      // Reading refuses what the library only warns of, and would refuse the edited text too.
      return document.errors.length + document.warnings.length > 0 ? undefined : new EditableDocument(document, text)
    } catch (error) {
      // Nested too deeply.
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  /**
   * The same in pieces of some milliseconds, after each of which others may have their turn: also all that reading and
   * writing it takes, so that what comes then is quick. Undefined: it has to be parsed as a whole.
   */
  static *parseInPieces(text: string): Generator<void, EditableDocument | undefined> {
    const elements = new Set<unknown>()
    try {
      const document = yield* documentInPieces(text, (element) => elements.add(element))
      if (!document) return undefined
      const made = new EditableDocument(document, text)
      yield* made.#readInPieces(elements)
      yield* made.#writeInPieces(document.contents, elements, (content) => content)
      return made
    } catch (error) {
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  private constructor(document: Document, source: string) {
    this.#document = document
    this.#source = source
    this.#known = {
      get: (node) => (this.#remembers ? this.#values.get(node) : undefined),
      set: (node, value) => {
        this.#values.set(node, value)
        this.#rememberText(node)
      },
    }
  }

  /** Does the edits; where there are problems, the document is of no use any more. */
  edit(edits: readonly Edit[]): Problem[] {
    this.#source = undefined
    return editDocument(this.#document, edits, (node) => {
      this.#values.delete(node)
      this.#texts.delete(node)
    })
  }

  /** As YAML. */
  write(): string {
    return writtenOut(this.#document)
  }

  /** What reading `text` would find, which is what `write` made of it, or what it was parsed from. */
  read(text: string): Read {
    const find = (at: Segments) => writtenIn(this.#document.contents, at)
    const places = () => (this.#remembers && this.#source === text ? find : undefined)
    const read = yamlOf(this.#document, text, 'configuration', { known: this.#known, places })
    if (!read.ok || read.hasAnchors || read.findings.length > 0) this.#remembers = false
    return read
  }

  /** Inner elements come before those that they are in. */
  *#readInPieces(elements: ReadonlySet<unknown>): Generator<void> {
    let count = 0
    for (const element of elements) {
      if (!isMap(element)) continue
      const { value, findings } = new YamlTree(element, this.#known)
      if (findings.length === 0) this.#known.set(element, value)
      if (++count % ELEMENTS_A_PIECE === 0) yield
    }
  }

  /**
   * Writes some of the elements at a time, indented as they will be: what is around them is left out. Inner ones come first.
   */
  *#writeInPieces(node: unknown, elements: ReadonlySet<unknown>, within: (content: Node) => Node): Generator<void> {
    if (isMap(node)) {
      const inMap = (content: Node) => within(mapOf(content))
      for (const { value } of node.items) yield* this.#writeInPieces(value, elements, inMap)
    } else if (isSeq(node)) {
      const inList = (content: Node) => within(listOf([content]))
      for (const item of node.items) yield* this.#writeInPieces(item, elements, inList)
      if (!elements.has(node.items[0])) return
      for (const items of inPieces(node.items.filter(isNode))) {
        this.#writeOnly(within(listOf(items)))
        yield
      }
    }
  }

  #writeOnly(content: Node): void {
    const { contents } = this.#document
    try {
      this.#document.contents = content
      this.write()
    } finally {
      this.#document.contents = contents
    }
  }

  #rememberText(map: YAMLMap): void {
    if (Object.hasOwn(map, 'toString')) return
    const write = map.toString
    map.toString = (context, onComment, onOpenEnd) => {
      if (!context || !this.#remembers) return write.call(map, context, onComment, onOpenEnd)
      const { text, hasComment, endsOpen } = this.#written(map, context, write)
      if (hasComment) onComment?.()
      if (endsOpen) onOpenEnd?.()
      return text
    }
  }

  #written(map: YAMLMap, context: Context, write: YAMLMap['toString']): Written {
    const { indent, inFlow } = context
    const known = this.#texts.get(map)
    if (known?.indent === indent && known.inFlow === inFlow) return known
    const said = { hasComment: false, endsOpen: false }
    const text = write.call(
      map,
      context,
      () => {
        said.hasComment = true
      },
      () => {
        said.endsOpen = true
      },
    )
    const written = { indent, inFlow, text, ...said }
    this.#texts.set(map, written)
    return written
  }
}

function mapOf(content: Node): YAMLMap {
  const map = new YAMLMap()
  map.items = [new Pair(new Scalar('in'), content)]
  return map
}

function listOf(items: Node[]): YAMLSeq {
  const list = new YAMLSeq()
  list.items = items
  return list
}

/** By how much is written of each, without the long lists in it. */
function* inPieces(items: readonly Node[]): Generator<Node[]> {
  let piece: Node[] = []
  let length = 0
  for (const item of items) {
    piece.push(item)
    length += (item.range?.[2] ?? 0) - (item.range?.[0] ?? 0)
    if (length < WRITTEN_A_PIECE) continue
    yield piece
    piece = []
    length = 0
  }
  if (piece.length > 0) yield piece
}
