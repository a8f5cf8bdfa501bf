import { type Document, LineCounter, parseDocument } from 'yaml'
import type { Problem } from '../core/problem.ts'
import type { Finding } from './finding.ts'
import type { Segments } from './raw.ts'
import { faultOf } from './yaml-faults.ts'
import { type KnownValues, type Written, YamlTree } from './yaml-tree.ts'

/** A hundred bytes a tag are plenty: room for 100,000 tags and more. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/** A configuration file that YAML can read: its values, and where each is written. */
export interface YamlFile {
  readonly ok: true
  readonly value: unknown
  /** What is wrong with the file beside its settings: names that are there twice, references to nothing. */
  readonly findings: readonly Finding[]
  readonly hasAnchors: boolean
  /** Where the setting is, or the nearest thing around it; both count from 1. */
  placeOf(at: Segments): { line: number; column: number } | undefined
  unquotedAt(at: Segments): string | undefined
}

export type Read = YamlFile | { readonly ok: false; readonly problems: Problem[] }

/** Reads YAML 1.2, never throws; `file` is what problems of the file as a whole call it. */
export function readYaml(text: string, file: string): Read {
  if (text.length > MAX_CHARACTERS) return tooLarge(file)
  const lines = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  let document: Document
  try {
    document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false, logLevel: 'error' })
  } catch (error) {
    return tooDeep(error, file)
  }
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    const problems = faults.map((fault) => ({ path: file, ...place(fault.pos[0]), ...faultOf(fault) }))
    return { ok: false, problems: firstOfEachLine(problems) }
  }
  return treeOf(document, file, undefined, (tree) => ({
    placeOf: (at) => {
      const offset = tree.writtenAt(at)?.offset
      return offset === undefined ? undefined : place(offset)
    },
    unquotedAt: (at) => tree.writtenAt(at)?.unquoted,
  }))
}

/**
 * The same of a document that was parsed without faults and edited since, and of its text, without reading that again:
 * where something is written is looked up in the text when it is asked for. `known`: what was read of it before;
 * `places`: where things are written, as long as the document is as it was parsed.
 */
export function yamlOf(
  document: Document,
  text: string,
  file: string,
  { known, places }: { known: KnownValues; places: () => ((at: Segments) => Written | undefined) | undefined },
): Read {
  if (text.length > MAX_CHARACTERS) return tooLarge(file)
  let read: Read | undefined
  const written = () => {
    read ??= readYaml(text, file)
    return read.ok ? read : undefined
  }
  return treeOf(document, file, known, () => ({
    placeOf: (at) => {
      const find = places()
      return find ? placeIn(text, find(at)?.offset) : written()?.placeOf(at)
    },
    unquotedAt: (at) => {
      const find = places()
      return find ? find(at)?.unquoted : written()?.unquotedAt(at)
    },
  }))
}

function placeIn(text: string, offset: number | undefined): { line: number; column: number } | undefined {
  if (offset === undefined) return undefined
  let [line, begins] = [1, 0]
  for (let end = text.indexOf('\n'); end >= 0 && end < offset; end = text.indexOf('\n', begins)) {
    begins = end + 1
    line++
  }
  return { line, column: offset - begins + 1 }
}

function treeOf(
  document: Document,
  file: string,
  known: KnownValues | undefined,
  lookUp: (tree: YamlTree) => Pick<YamlFile, 'placeOf' | 'unquotedAt'>,
): Read {
  let tree: YamlTree
  try {
    tree = new YamlTree(document.contents, known)
  } catch (error) {
    return tooDeep(error, file)
  }
  const { value, findings, hasAnchors } = tree
  if (value === null) return refused(file, 'The file is empty.', 'Begin with config/penstock.example.yaml.')
  return { ok: true, value, findings, hasAnchors, ...lookUp(tree) }
}

const refused = (path: string, message: string, mend: string): Read => ({
  ok: false,
  problems: [{ path, message, mend }],
})

const tooLarge = (file: string): Read =>
  refused(
    file,
    `The file is larger than ${MAX_CHARACTERS} characters.`,
    'Use several gateways, or anchors for what repeats.',
  )

/** Rethrows what is not about the depth of a document. */
function tooDeep(error: unknown, file: string): Read {
  if (!(error instanceof RangeError)) throw error
  const message = 'The settings are nested too deeply, or anchors multiply them.'
  return refused(file, message, 'Remove the nesting, or the anchors that refer to anchors.')
}

/** One mistake often makes the parser stumble several times. */
function firstOfEachLine<P extends { line: number }>(problems: readonly P[]): P[] {
  const ordered = [...problems].sort((one, other) => one.line - other.line)
  return ordered.filter((problem, position) => problem.line !== ordered[position - 1]?.line)
}
