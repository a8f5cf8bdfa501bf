import { LineCounter, parseDocument } from 'yaml'
import type { Problem } from '../core/problem.ts'
import type { Finding } from './finding.ts'
import type { Segments } from './raw.ts'
import { faultOf } from './yaml-faults.ts'
import { YamlTree } from './yaml-tree.ts'

/** A hundred bytes a tag are plenty: room for 100,000 tags and more. */
const MAX_CHARACTERS = 16 * 1024 * 1024

/** A configuration file that YAML can read: its values, and where each is written. */
export interface YamlFile {
  readonly ok: true
  readonly value: unknown
  /** What is wrong with the file beside its settings: names that are there twice, references to nothing. */
  readonly findings: readonly Finding[]
  /** Where the setting is, or the nearest thing around it; both count from 1. */
  placeOf(at: Segments): { line: number; column: number } | undefined
  unquotedAt(at: Segments): string | undefined
}

/** Reads YAML 1.2, never throws; `file` is what problems of the file as a whole call it. */
export function readYaml(text: string, file: string): YamlFile | { readonly ok: false; readonly problems: Problem[] } {
  const refuse = (message: string, mend: string) => ({ ok: false as const, problems: [{ path: file, message, mend }] })
  if (text.length > MAX_CHARACTERS) {
    return refuse(
      `The file is larger than ${MAX_CHARACTERS} characters.`,
      'Use several gateways, or anchors for what repeats.',
    )
  }
  const lines = new LineCounter()
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  let tree: YamlTree
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      uniqueKeys: false,
      logLevel: 'error',
    })
    const faults = [...document.errors, ...document.warnings]
    if (faults.length > 0) {
      const problems = faults.map((fault) => ({ path: file, ...place(fault.pos[0]), ...faultOf(fault) }))
      return { ok: false, problems: firstOfEachLine(problems) }
    }
    tree = new YamlTree(document.contents)
    if (tree.value === null) return refuse('The file is empty.', 'Begin with config/penstock.example.yaml.')
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const message = 'The settings are nested too deeply, or anchors multiply them.'
    return refuse(message, 'Remove the nesting, or the anchors that refer to anchors.')
  }
  const offsetOf = (at: Segments) => tree.writtenAt(at)?.offset
  return {
    ok: true,
    value: tree.value,
    findings: tree.findings,
    placeOf: (at) => {
      const offset = offsetOf(at)
      return offset === undefined ? undefined : place(offset)
    },
    unquotedAt: (at) => tree.writtenAt(at)?.unquoted,
  }
}

/** One mistake often makes the parser stumble several times. */
function firstOfEachLine<P extends { line: number }>(problems: readonly P[]): P[] {
  const ordered = [...problems].sort((one, other) => one.line - other.line)
  return ordered.filter((problem, position) => problem.line !== ordered[position - 1]?.line)
}
