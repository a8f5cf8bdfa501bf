import type Database from 'better-sqlite3'
import type { AuditEntry, AuditRow } from '../core/audit.ts'
import type { Actor } from '../core/command.ts'

export type { AuditEntry, AuditRow } from '../core/audit.ts'

interface StoredRow {
  readonly id: number
  readonly at: number
  readonly user: string
  readonly origin: Actor['origin']
  readonly address: string | null
  readonly client: string | null
  readonly action: string
  readonly subject: string
  readonly outcome: AuditEntry['outcome']
  readonly details: string
}

/** The audit log in `penstock.db`; `append` belongs into the transaction that makes the change. */
export class AuditLog {
  readonly #insert: Database.Statement<unknown[]>
  readonly #page: Database.Statement<[number, number], StoredRow>

  constructor(database: Database.Database) {
    this.#insert = database.prepare(
      'INSERT INTO audit (at, user, origin, address, client, action, subject, outcome, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    this.#page = database.prepare('SELECT * FROM audit WHERE id < ? ORDER BY id DESC LIMIT ?')
  }

  append({ at, by, action, subject, outcome, details = {} }: AuditEntry): void {
    const { user, origin, address = null, client = null } = by
    this.#insert.run(at, user, origin, address, client, action, subject, outcome, JSON.stringify(details))
  }

  /** The newest rows before the number `before`, the newest first. */
  page(limit: number, before = Number.MAX_SAFE_INTEGER): AuditRow[] {
    return this.#page
      .all(before, limit)
      .map(({ id, at, user, origin, address, client, action, subject, outcome, ...row }) => ({
        id,
        at,
        by: { user, origin, ...(address === null ? {} : { address }), ...(client === null ? {} : { client }) },
        action,
        subject,
        outcome,
        details: JSON.parse(row.details) as Record<string, unknown>,
      }))
  }
}
