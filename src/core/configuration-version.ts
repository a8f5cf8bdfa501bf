import type { Actor } from './command.ts'

/** One configuration that was in force; the higher its number, the later. */
export interface ConfigurationVersion {
  readonly id: number
  /** Milliseconds of the epoch. */
  readonly at: number
  readonly by: Actor
  readonly comment: string
}

/** A configuration that is to be the newest. */
export interface NewVersion {
  /** Milliseconds of the epoch. */
  readonly at: number
  readonly by: Actor
  /** Why, in the words of whoever did it. */
  readonly comment: string
  readonly text: string
  /** SHA-256 of the file that it was read from. */
  readonly fileHash?: string | undefined
  /** What it changes, in words, for the audit log. */
  readonly changes: readonly string[]
}

/** A configuration that a user is changing, and that is not in force. */
export interface ConfigurationDraft {
  readonly user: string
  /** The version that it was made of. */
  readonly basedOn: number
  /** Another one after each change of the draft. */
  readonly revision: number
  /** When it was changed last, milliseconds of the epoch. */
  readonly at: number
  readonly text: string
}
