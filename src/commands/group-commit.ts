import type { Clock, Milliseconds } from '../core/clock.ts'
import type { CommandJournal, JournalChange, StoredCommand } from '../core/command-journal.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

const AGAIN_AFTER: Milliseconds = 1_000

export interface Submission {
  readonly changes: readonly JournalChange[]
  /** Called at once after the commit, with what the journal answers to each change. */
  readonly done: (outcomes: readonly (StoredCommand | undefined)[]) => void
  /** Called where it could not be written, and it is forgotten; a submission without this is tried until it is written. */
  readonly failed?: (error: unknown) => void
}

/**
 * Writes what came together in one transaction, since one sync of the disk costs the same for one change as for a
 * hundred: what comes while a commit waits for the disk goes with the next one. Order is kept.
 */
export class GroupCommit {
  readonly #journal: CommandJournal
  readonly #clock: Clock
  readonly #log: Logger
  readonly #onCommitted: () => void
  #waiting: Submission[] = []
  #cancel: (() => void) | undefined
  #failing = false

  /** `onCommitted`: every submission of a commit has heard of it. */
  constructor(parts: { journal: CommandJournal; clock: Clock; log: Logger; onCommitted: () => void }) {
    this.#journal = parts.journal
    this.#clock = parts.clock
    this.#log = parts.log
    this.#onCommitted = parts.onCommitted
  }

  submit(submission: Submission): void {
    this.#waiting.push(submission)
    this.#schedule(this.#failing ? AGAIN_AFTER : 0)
  }

  /** Writes what waits, now. False where that failed. */
  flush(): boolean {
    this.#cancel?.()
    this.#cancel = undefined
    const batch = this.#waiting
    if (batch.length === 0) return true
    this.#waiting = []
    const unwritten = this.#commit(batch)
    if (unwritten.length < batch.length) this.#onCommitted()
    if (unwritten.length > 0) return false
    if (this.#failing) this.#log.info({}, 'commands are written again')
    this.#failing = false
    return true
  }

  /** Answers what could not be written. */
  #commit(batch: readonly Submission[]): readonly Submission[] {
    let outcomes: readonly (StoredCommand | undefined)[]
    try {
      outcomes = this.#journal.commit(batch.flatMap(({ changes }) => changes))
    } catch (error) {
      // One that the database does not take must not keep the others from it.
      if (batch.length > 1 && isOfTheData(error)) return batch.flatMap((each) => this.#commit([each]))
      this.#failed(batch, error)
      return batch
    }
    let at = 0
    for (const { changes, done } of batch) {
      done(outcomes.slice(at, at + changes.length))
      at += changes.length
    }
    return []
  }

  #failed(batch: readonly Submission[], error: unknown): void {
    if (!this.#failing) {
      const message = 'commands cannot be written: new ones are refused, and none is sent until that is mended'
      this.#log.error({ cause: describeError(error) }, message)
    }
    this.#failing = true
    this.#waiting = [...batch.filter(({ failed }) => !failed), ...this.#waiting]
    for (const { failed } of batch) failed?.(error)
    if (this.#waiting.length > 0) this.#schedule(AGAIN_AFTER)
  }

  #schedule(delay: Milliseconds): void {
    this.#cancel ??= this.#clock.after(delay, () => void this.flush())
  }
}

/** True where it is what is written that is wrong, and not the disk, or another who writes. */
function isOfTheData(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  return code === undefined || /^SQLITE_(?:CONSTRAINT|MISMATCH|TOOBIG|ERROR)/.test(code)
}
