import { type Document, parseDocument, type YAMLMap } from 'yaml'
import type { Problem } from '../core/problem.ts'
import { type Edit, editDocument, writtenOut } from './edit.ts'
import { type Read, yamlOf } from './yaml-file.ts'
import type { KnownValues } from './yaml-tree.ts'

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
      return document.errors.length + document.warnings.length > 0 ? undefined : new EditableDocument(document)
    } catch (error) {
      // Nested too deeply.
      if (error instanceof RangeError) return undefined
      throw error
    }
  }

  private constructor(document: Document) {
    this.#document = document
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
    const read = yamlOf(this.#document, text, 'configuration', this.#known)
    if (!read.ok || read.hasAnchors || read.findings.length > 0) this.#remembers = false
    return read
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
