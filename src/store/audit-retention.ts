import type Database from 'better-sqlite3'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Actor } from '../core/command.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { AuditLog } from './audit.ts'
import type { SweepSchedule } from './history-retention.ts'
import { Turns } from './turns.ts'

/** Rows a transaction: a few milliseconds. */
const ROWS = 250
/**
 * No sweep goes further than this beyond the oldest row: a clock that is years ahead for a day would otherwise take all of
 * the log with it.
 */
const MOST_AT_ONCE: Milliseconds = 31 * 86_400_000
const SYSTEM: Actor = { user: 'system', origin: 'system' }

export interface AuditSettings {
  /** Age at which rows are deleted. */
  readonly keepMs: Milliseconds
  /** Rows that the log may hold; beyond them the oldest are deleted whatever their age. */
  readonly maxRows: number
  /** Cron expression of when that is looked after. */
  readonly schedule: string
}

export interface AuditRetentionParts extends Pick<AuditSettings, 'keepMs' | 'maxRows'> {
  readonly database: Database.Database
  readonly audit: Pick<AuditLog, 'append'>
  readonly schedule: SweepSchedule
  readonly clock: Clock
  readonly log: Logger
}

/**
 * Deletes rows of the audit log that are older than `keepMs`, and the oldest while there are more than `maxRows`, in short
 * transactions with turns of the event loop between them. That it cut stands in the log itself: that it begins in the
 * transaction that cuts first, and how much it was at the end.
 */
export class AuditRetention {
  readonly #parts: AuditRetentionParts
  readonly #oldest: Database.Statement<[], Milliseconds | null>
  readonly #range: Database.Statement<[], { first: number | null; last: number | null }>
  readonly #deleteBefore: Database.Statement<[Milliseconds, number]>
  readonly #deleteUpTo: Database.Statement<[number, number]>
  #endSchedule: (() => void) | undefined
  #sweeping: Promise<number> | undefined
  #stopped = true

  constructor(parts: AuditRetentionParts) {
    this.#parts = parts
    const { database } = parts
    this.#oldest = database.prepare<[], Milliseconds | null>('SELECT min(at) FROM audit').pluck()
    this.#range = database.prepare('SELECT (SELECT min(id) FROM audit) AS first, (SELECT max(id) FROM audit) AS last')
    this.#deleteBefore = database.prepare(
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE at < ? ORDER BY at LIMIT ?)',
    )
    this.#deleteUpTo = database.prepare(
      'DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id <= ? ORDER BY id LIMIT ?)',
    )
  }

  start(): void {
    this.#stopped = false
    this.#endSchedule = this.#parts.schedule(() => void this.sweep())
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#endSchedule?.()
    this.#endSchedule = undefined
    await this.#sweeping
  }

  /** Answers how many rows were deleted; a second call while one is under way waits for it. Never rejects. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#cutOld().finally(() => {
      this.#sweeping = undefined
    })
    return this.#sweeping
  }

  async #cutOld(): Promise<number> {
    const { clock, keepMs, maxRows, log } = this.#parts
    let deleted = 0
    try {
      const oldest = this.#oldest.get()
      if (oldest === null || oldest === undefined) return 0
      const before = Math.min(clock.now() - keepMs, oldest + MOST_AT_ONCE)
      const olderThan = { olderThan: new Date(before).toISOString() }
      deleted += await this.#cut(olderThan, (most) => this.#deleteBefore.run(before, most).changes)
      // Numbers are given one after the other, so that counting them is not needed.
      const upTo = (this.#range.get()?.last ?? 0) - maxRows
      deleted += await this.#cut({ upToRow: upTo, maxRows }, (most) => this.#deleteUpTo.run(upTo, most).changes)
      if (deleted > 0)
        log.info({ deleted }, 'the audit log is rid of what is older than its time, or more than its size')
    } catch (error) {
      log.error({ cause: describeError(error) }, 'the audit log cannot be cut; it is tried again next time')
    }
    return deleted
  }

  /** `remove` deletes at most so many rows, and answers how many. */
  async #cut(what: Readonly<Record<string, unknown>>, remove: (most: number) => number): Promise<number> {
    const { database, clock } = this.#parts
    const turns = new Turns(clock)
    const first = database
      .transaction(() => {
        const changes = remove(ROWS)
        if (changes > 0) this.#append('audit.cut', changes < ROWS ? { ...what, deleted: changes } : what)
        return changes
      })
      .immediate()
    let deleted = first
    let last = first
    while (last === ROWS && !this.#stopped) {
      await turns.next()
      last = remove(ROWS)
      deleted += last
    }
    if (first === ROWS) this.#append('audit.cut-end', { ...what, deleted })
    return deleted
  }

  #append(action: string, details: Readonly<Record<string, unknown>>): void {
    const { audit, clock } = this.#parts
    audit.append({ at: clock.now(), by: SYSTEM, action, subject: 'audit', outcome: 'done', details })
  }
}
