import type { Milliseconds } from './clock.ts'
import type { Actor, CommandQuery, CommandRecord, CommandState, CommandStep } from './command.ts'
import type { StatusCode } from './status-code.ts'

/** A command with what only its dispatcher needs. */
export interface StoredCommand extends CommandRecord {
  /** What it is done to, of its device: the key of a tag or command. */
  readonly subject: string
  readonly handle?: string | undefined
  readonly idempotencyKey?: string | undefined
}

/** A command that is accepted by being written. */
export type NewCommand = Omit<StoredCommand, 'id' | 'state' | 'reason' | 'status' | 'changedAt' | 'handle'> & {
  /** For the audit log: what the tag was before, where that is known. */
  readonly before?: unknown
}

/** One step of a command, taken only if it still is in one of the states `from`. */
export interface Move {
  readonly id: number
  readonly from: readonly CommandState[]
  readonly to: CommandState
  readonly at: Milliseconds
  readonly reason: string
  readonly status?: StatusCode | undefined
  /** Absent: as it was. */
  readonly handle?: string | undefined
  readonly expectedAt?: number | undefined
  /** Who caused it. */
  readonly by: Actor
}

export type JournalChange = { readonly accept: NewCommand } | { readonly move: Move }

/** Where commands are kept so that they survive everything. */
export interface CommandJournal {
  /**
   * All of it in one transaction, which is on disk when this returns, each with its row of the audit log. Answers for
   * each change the command as it is now; undefined where it was in none of the states that a step may begin from.
   * Throws where nothing could be written; then nothing is.
   */
  commit(changes: readonly JournalChange[]): readonly (StoredCommand | undefined)[]
  /** All that are not final, in the order in which they were accepted. */
  unfinished(): readonly StoredCommand[]
  find(id: number): StoredCommand | undefined
  /** The states it was in, the oldest first. */
  steps(id: number): readonly CommandStep[]
  /** The newest first. */
  list(query: CommandQuery): readonly StoredCommand[]
  /** The newest command of this user with this key that was accepted after `since`. */
  byKey(user: string, idempotencyKey: string, since: Milliseconds): StoredCommand | undefined
  /** When each subject of each device was last sent something, since then. */
  lastSent(since: Milliseconds): readonly { readonly device: string; readonly subject: string; readonly at: number }[]
  /** Deletes finished commands whose last step is older, at most so many; answers how many. */
  prune(before: Milliseconds, limit: number): number
}
