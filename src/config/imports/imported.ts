import type { SourceKind } from '../../core/plant.ts'

/** Files of other products of which sources, devices and tags are made. */
export const importFormats = ['kepware-json', 'kepware-csv', 'opcgw'] as const
export type ImportFormat = (typeof importFormats)[number]

/** `leftOut`: it is not in the result; `changed`: it is there, but not as it was; `note`: to be looked at. */
export type NoteKind = 'leftOut' | 'changed' | 'note'

/** What did not come over as it stood, said once for each thing. */
export interface ImportNote {
  readonly kind: NoteKind
  /** Where in the file, in its own words: `Channel1.Boiler.Level`, `application.device.metric`. */
  readonly at: string
  /** Line of the file, from 1, where it has rows. */
  readonly line?: number
  readonly message: string
}

export type Settings = Record<string, unknown>

/** A tag as the configuration has it. `path`, `line`: where it came from. */
export interface ImportedTag {
  readonly path: string
  readonly line?: number
  readonly settings: Settings
}

export interface ImportedDevice {
  readonly path: string
  /** Without `tags`; `commands` only where there are any. */
  readonly settings: Settings
  readonly tags: readonly ImportedTag[]
}

export interface ImportedSource {
  readonly path: string
  readonly kind: SourceKind
  /** Without `devices`. */
  readonly settings: Settings
  readonly devices: readonly ImportedDevice[]
}

/** What a file comes to, with keys that are unique within it. */
export interface Imported {
  readonly sources: readonly ImportedSource[]
  readonly notes: readonly ImportNote[]
}

/** A file of which nothing can be made. */
export class UnreadableImport extends Error {
  readonly line: number | undefined

  constructor(message: string, line?: number) {
    super(message)
    this.name = 'UnreadableImport'
    this.line = line
  }
}

/** Of what a file says each note repeats a part. */
const LONGEST_PLACE = 500
const LONGEST_NOTE = 1_000

/** Collects what is to be said. */
export class Notes {
  readonly #notes: ImportNote[] = []

  add(kind: NoteKind, { path, line }: { readonly path: string; readonly line?: number }, message: string): void {
    const at = path.slice(0, LONGEST_PLACE)
    this.#notes.push({ kind, at, ...(line === undefined ? {} : { line }), message: message.slice(0, LONGEST_NOTE) })
  }

  get all(): readonly ImportNote[] {
    return this.#notes
  }
}
