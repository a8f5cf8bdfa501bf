import type { Problem } from '../core/problem.ts'
import { type Edit, tooDeep, unreadable } from './edit.ts'
import { EditableDocument } from './editable-document.ts'
import { type Read, readYaml, type YamlFile } from './yaml-file.ts'

/** Texts of which the values are kept: of a version, of the drafts made of it, and of one before. */
const MOST_TEXTS = 4
/** Takes some milliseconds as a whole. */
const SHORT = 30_000
/** Of the newest of these the documents are kept too, which take more. */
const MOST_DOCUMENTS = 2

interface Parsed {
  readonly text: string
  readonly read: Read
  /** Of which text it was made, and by which edits, as JSON. */
  readonly madeOf?: { readonly text: string; readonly edits: string }
  document?: EditableDocument | undefined
}

export type EditedText =
  /** `yaml` is there where the text can be read. */
  { readonly text: string; readonly yaml: YamlFile | undefined } | { readonly problems: readonly Problem[] }

/**
 * The same few configurations are read, compared and edited again and again, and to parse one takes longer than all else
 * that is done with it. Their values may be shared with one another: nobody may change them.
 */
export class ParsedTexts {
  /** The one used last first. */
  #parsed: Parsed[] = []

  read(text: string): Read {
    return this.#of(text)?.read ?? this.#keep({ text, read: readYaml(text, 'configuration') })
  }

  /**
   * Reads the text, as far as that is not done, in pieces of some milliseconds. `toEdit`: so that it can be edited at once
   * too, unless an edit of it was tried already. Answers whether there was anything to do.
   */
  *inPieces(text: string, toEdit: boolean): Generator<void, boolean> {
    const isTried = this.#parsed.some(({ document, madeOf }) => document && madeOf?.text === text)
    const known = this.#of(text)
    if (text.length < SHORT || (known && (!toEdit || known.document || isTried))) return false
    const document = yield* EditableDocument.parseInPieces(text)
    if (document) this.#keep({ text, read: document.read(text), document })
    return document !== undefined
  }

  /** What it says; nothing where it is no YAML. */
  valuesOf(text: string): unknown {
    const read = this.read(text)
    return read.ok ? read.value : {}
  }

  /** Keeps nothing of what was read. */
  forget(): void {
    this.#parsed = []
  }

  /** The text with the edits done, as `editDocument` does them; what is tried first is not done twice. */
  edited(text: string, edits: readonly Edit[]): EditedText {
    try {
      return this.#edited(text, edits)
    } catch (error) {
      if (error instanceof RangeError) return { problems: [tooDeep] }
      throw error
    }
  }

  #edited(text: string, edits: readonly Edit[]): EditedText {
    const madeOf = { text, edits: JSON.stringify(edits) }
    const made = this.#parsed.find((each) => each.madeOf?.text === text && each.madeOf.edits === madeOf.edits)
    if (made?.read.ok) return { text: made.text, yaml: made.read }
    const document = this.#takeDocument(text)
    if (!document) return { problems: [unreadable] }
    const problems = document.edit(edits)
    if (problems.length > 0) return { problems }
    const after = document.write()
    const read = document.read(after)
    if (!read.ok) return { text: after, yaml: undefined }
    this.#keep({ text: after, read, madeOf, document })
    return { text: after, yaml: read }
  }

  /** It is edited in place, and becomes the document of another text. */
  #takeDocument(text: string): EditableDocument | undefined {
    const parsed = this.#of(text)
    const known = parsed?.document
    if (parsed && known) {
      parsed.document = undefined
      return known
    }
    const document = EditableDocument.parse(text)
    // In place of what was read before, so that the values are those that the edited text will share.
    if (document) this.#keep({ text, read: document.read(text) })
    return document
  }

  #of(text: string): Parsed | undefined {
    const found = this.#parsed.find((each) => each.text === text)
    if (found) this.#parsed = [found, ...this.#parsed.filter((each) => each !== found)]
    return found
  }

  #keep(parsed: Parsed): Read {
    this.#parsed = [parsed, ...this.#parsed.filter(({ text }) => text !== parsed.text)].slice(0, MOST_TEXTS)
    for (const older of this.#parsed.filter(({ document }) => document).slice(MOST_DOCUMENTS))
      older.document = undefined
    return parsed.read
  }
}
