import type { Actor } from '../core/command.ts'
import type { ConfigurationDraft, ConfigurationVersion, NewVersion } from '../core/configuration-version.ts'
import type { Problem } from '../core/problem.ts'
import type { Edit } from './edit.ts'
import type { Origins } from './origins.ts'
import type { ParsedTexts } from './parsed-texts.ts'

/** The whole configuration as YAML, or what is to be different in the one that holds. */
export type Draft = { readonly text: string } | { readonly edits: readonly Edit[] }

/** What would come of a draft. */
export type Checked =
  | {
      readonly ok: true
      readonly text: string
      /** In words, one a difference. */
      readonly changes: readonly string[]
      /** Sections that differ and take a restart of the gateway. */
      readonly restart: readonly string[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }

export type Applied =
  | {
      readonly ok: true
      /** The version that holds now; the same as before where nothing differs. */
      readonly version: number
      readonly changes: readonly string[]
      readonly restart: readonly string[]
      /** False: it is committed, and the plant follows as soon as the engine answers again. */
      readonly live: boolean
    }
  | { readonly ok: false; readonly problems: readonly Problem[] }
  /** Somebody else was first: the draft was made of an older version. */
  | { readonly ok: false; readonly holds: number }

/** The configurations that were in force, wherever they are kept. */
export interface Versions {
  readonly newest: ConfigurationVersion | undefined
  /** SHA-256 of the file that was read last. */
  readonly fileHash: string | undefined
  /** Keeps it; on disk when this returns. Answers its number. */
  add(version: NewVersion): number
  /** The newest before the number `before`, the newest first. */
  page(limit: number, before?: number): ConfigurationVersion[]
  /** As YAML; undefined: there is none, or it is kept no longer. */
  text(id: number): string | undefined
}

/** What users change and have not applied yet, wherever it is kept. */
export interface DraftStore {
  of(user: string): ConfigurationDraft | undefined
  /** In place of the one that the user has; on disk when this returns. */
  keep(draft: ConfigurationDraft): void
  discard(user: string): void
}

/** Where the configuration is changed while the gateway runs. */
export interface ConfigurationDesk {
  /** Those that were read last. */
  readonly texts: ParsedTexts
  /**
   * Reads and checks a long text, between turns of others, so that all that is asked of it afterwards is quick. `toEdit`: it
   * is going to be edited. Safe to repeat.
   */
  prepare(text: string, toEdit?: boolean): Promise<void>
  current(): { readonly version: ConfigurationVersion; readonly text: string; readonly origins: Origins }
  /** Everything that is wrong with it, or what it would change; nothing is done. */
  check(draft: Draft): Checked
  /** As `check`, of a whole text, without saying what it changes. */
  judge(text: string): { readonly problems: readonly Problem[]; readonly restart: readonly string[] }
  /**
   * Checks, commits with an audit row and makes the plant follow, live; one after another. `basedOn` is the version
   * that the draft was made of; absent: whichever holds.
   */
  apply(change: {
    readonly draft: Draft
    readonly by: Actor
    readonly comment: string
    readonly basedOn?: number | undefined
  }): Promise<Applied>
  /** The newest versions before the number `before`. */
  versions(limit: number, before?: number): readonly ConfigurationVersion[]
  /** Undefined: there is no such version, or it is kept no longer. */
  text(version: number): string | undefined
}
