import type { Problem } from '../../core/problem.ts'
import type { Edit } from '../edit.ts'
import type { ParsedTexts } from '../parsed-texts.ts'
import { settingOf } from '../raw.ts'
import { listOf, textOf } from '../tags/export-tags.ts'
import { checkSize } from './import-size.ts'
import { type ImportFormat, type ImportNote, Notes, UnreadableImport } from './imported.ts'
import { importKepwareCsv } from './kepware/import-csv.ts'
import { importKepwareJson } from './kepware/import-json.ts'
import { importOpcgw } from './opcgw/import-opcgw.ts'
import { type ImportCounts, type Placed, placeImport, placeTags } from './place-import.ts'
import { type ImportedParts, refusedIn, withoutRefused } from './refused-parts.ts'

/** The largest file: a project of 20,000 tags has some 20 MB. */
export const LARGEST_IMPORT = 48 * 1024 * 1024

export interface ImportInput {
  /** The configuration that it goes into, as YAML. */
  readonly text: string
  /** The file. */
  readonly file: string
  readonly format: ImportFormat
  /** Of CSV, which names no device: the device of the configuration that gets the tags. */
  readonly device?: string | undefined
  /** Of CSV: "Zero-Based Addressing" and "Zero-Based Bit Addressing" of the device there. */
  readonly zeroBased?: boolean | undefined
  readonly zeroBasedBits?: boolean | undefined
}

export interface ImportHelp {
  readonly texts: ParsedTexts
  /** Everything that is wrong with a configuration. */
  readonly judge: (text: string) => readonly Problem[]
  /** Awaited now and then, so that whoever runs it can do something else, and say how far it is. */
  readonly pause: (progress: ImportProgress) => Promise<void>
}

export interface ImportProgress {
  readonly step: 'reading' | 'checking'
  /** Tags and rows that are read. */
  readonly done: number
}

export interface PlantImport {
  /** What makes the plant of the file part of the configuration. */
  readonly edits: readonly Edit[]
  /** The configuration with it. */
  readonly text: string
  readonly counts: ImportCounts
  /** What is left out, what is another than it was, and what is to be looked at. */
  readonly notes: readonly ImportNote[]
}

/** What is shown of an import, and taken over: the configuration with it. */
export interface ImportOutcome extends Pick<PlantImport, 'text' | 'counts' | 'notes'> {
  /** What it changes, in words. */
  readonly changes: readonly string[]
}

/** An import under way. `outcome` rejects with UnreadableImport where nothing can be made of the file. */
export interface RunningImport {
  readonly outcome: Promise<ImportOutcome>
  /** Ends it; `outcome` rejects then. */
  cancel(): void
}

/** Runs an import wherever it is in nobody's way. */
export type RunImport = (input: ImportInput, onProgress: (progress: ImportProgress) => void) => RunningImport

const STEPS_A_PAUSE = 200
/** What is left out may uncover that something else is wrong. */
const MOST_ROUNDS = 5

/**
 * Makes sources, devices, tags and commands of a file of another product, for a configuration. What the configuration
 * would refuse is left out, with the reason. Throws UnreadableImport where nothing can be made of the file.
 */
export async function importPlant(input: ImportInput, help: ImportHelp): Promise<PlantImport> {
  if (input.file.length > LARGEST_IMPORT)
    throw new UnreadableImport(`The file is larger than ${LARGEST_IMPORT} characters: import channel by channel.`)
  checkSize(input.file, input.format)
  const { texts } = help
  const document = texts.valuesOf(input.text)
  const { parts, place } = await readImport(input, document, help)
  const before = new Set(help.judge(input.text).map(identityOf))
  let left = parts
  for (let round = 0; ; round++) {
    const notes = new Notes()
    const placed = place(left, notes)
    const made = texts.edited(input.text, placed.edits)
    if ('problems' in made)
      throw new UnreadableImport(made.problems.map(({ message, mend }) => `${message} ${mend}`).join(' '))
    await help.pause({ step: 'checking', done: placed.counts.tags })
    const problems = help.judge(made.text).filter((problem) => !before.has(identityOf(problem)))
    const refused = problems.length === 0 ? undefined : refusedIn(problems, texts.valuesOf(made.text), placed)
    if (!refused || refused.size === 0 || round === MOST_ROUNDS)
      return { edits: placed.edits, text: made.text, counts: placed.counts, notes: [...left.notes, ...notes.all] }
    left = withoutRefused(left, refused)
  }
}

/** Positions move when something is added; what is said stays. */
const identityOf = ({ path, message }: Problem): string => `${path.replace(/\[\d+\]/g, '[]')} ${message}`

interface Read {
  readonly parts: ImportedParts
  readonly place: (parts: ImportedParts, notes: Notes) => Placed
}

async function readImport(input: ImportInput, document: unknown, help: ImportHelp): Promise<Read> {
  const { file, format } = input
  if (format === 'kepware-csv') {
    const found = deviceOf(input, document)
    const { tags, notes } = await inSlices(importKepwareCsv(file, found.options), help)
    return {
      parts: { sources: [], tags, notes },
      place: (parts, more) => placeTags(document, parts.tags, found, more),
    }
  }
  const { sources, notes } = await inSlices(format === 'opcgw' ? importOpcgw(file) : importKepwareJson(file), help)
  return {
    parts: { sources, tags: [], notes },
    place: (parts, more) => placeImport(document, parts.sources, more),
  }
}

async function inSlices<Result>(run: Generator<void, Result>, { pause }: ImportHelp): Promise<Result> {
  for (let done = 0; ; done++) {
    const { done: isDone, value } = run.next()
    if (isDone) return value
    if (done % STEPS_A_PAUSE === STEPS_A_PAUSE - 1) await pause({ step: 'reading', done: done + 1 })
  }
}

function deviceOf({ device: key = '', zeroBased = true, zeroBasedBits = true }: ImportInput, document: unknown) {
  for (const source of listOf(document, 'sources')) {
    const kind = textOf(source, 'kind')
    const device = listOf(source, 'devices').find((each) => textOf(each, 'key') === key)
    if (device === undefined) continue
    if (kind !== 'modbus' && kind !== 's7')
      throw new UnreadableImport(
        `The device "${key}" is of a source of kind ${kind}; tags of KEPServerEX go to Modbus and S7 devices.`,
      )
    const order = settingOf(device, 'order')
    const bytesBig = settingOf(device, 'byteOrder') !== 'little' && order !== 'BADC' && order !== 'DCBA'
    const place = ['sources', textOf(source, 'key'), 'devices', key]
    return { device, place, options: { device: key, kind, zeroBased, zeroBasedBits, bytesBig } as const }
  }
  throw new UnreadableImport(
    key === ''
      ? 'CSV of KEPServerEX names no device: name the device of the configuration that gets the tags.'
      : `There is no device "${key.slice(0, 63)}" in the configuration; add it first, with its address.`,
  )
}
