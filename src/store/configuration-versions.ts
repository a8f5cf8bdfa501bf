import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import type Database from 'better-sqlite3'
import type { Actor } from '../core/command.ts'
import type { ConfigurationVersion, NewVersion } from '../core/configuration-version.ts'
import { AuditLog } from './audit.ts'

interface Row {
  readonly id: number
  readonly at: number
  readonly user: string
  readonly origin: Actor['origin']
  readonly address: string | null
  readonly client: string | null
  readonly comment: string
}

/** Changes that are written into the audit log one by one; the versions themselves tell of all. */
const MOST_CHANGES = 200
/** Versions that are kept; each is a few kilobytes for a plant of a thousand tags. */
const KEPT = 1_000
/** More would take longer than all else that a change of a large plant takes here, for a tenth of the size. */
const FAST = { level: constants.Z_BEST_SPEED }
const COLUMNS = 'id, at, user, origin, address, client, comment'

/** The configurations that were in force, in `penstock.db`. */
export class ConfigurationVersions {
  readonly #database: Database.Database
  readonly #audit: AuditLog
  /** The version that was asked for or added last, which mostly is the one that holds. */
  #last: { readonly id: number; readonly text: string } | undefined

  constructor(database: Database.Database) {
    this.#database = database
    this.#audit = new AuditLog(database)
  }

  /** Keeps it, and its audit row, in one transaction; on disk when this returns. Answers its number. */
  add({ at, by, comment, text, fileHash = undefined, changes }: NewVersion): number {
    const { user, origin, address = null, client = null } = by
    const id = this.#database.transaction(() => {
      const { lastInsertRowid } = this.#database
        .prepare(
          `INSERT INTO configuration_versions (at, user, origin, address, client, comment, file_hash, text)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(at, user, origin, address, client, comment, fileHash ?? null, deflateRawSync(text, FAST))
      const id = Number(lastInsertRowid)
      this.#database.prepare('DELETE FROM configuration_versions WHERE id <= ?').run(id - KEPT)
      const left = changes.length - MOST_CHANGES
      const told = left > 0 ? [...changes.slice(0, MOST_CHANGES), `and ${left} more`] : changes
      const details = { version: id, comment, changes: told }
      this.#audit.append({ at, by, action: 'configuration.apply', subject: 'configuration', outcome: 'done', details })
      return id
    })()
    this.#last = { id, text }
    return id
  }

  get newest(): ConfigurationVersion | undefined {
    return this.page(1)[0]
  }

  /** The newest before the number `before`, the newest first. */
  page(limit: number, before = Number.MAX_SAFE_INTEGER): ConfigurationVersion[] {
    return this.#database
      .prepare<[number, number], Row>(
        `SELECT ${COLUMNS} FROM configuration_versions WHERE id < ? ORDER BY id DESC LIMIT ?`,
      )
      .all(before, limit)
      .map(versionOf)
  }

  /** The configuration of this number as YAML; undefined: there is none, or it is kept no longer. */
  text(id: number): string | undefined {
    if (this.#last?.id === id) return this.#last.text
    const row = this.#database
      .prepare<[number], { text: Buffer }>('SELECT text FROM configuration_versions WHERE id = ?')
      .get(id)
    if (row) this.#last = { id, text: inflateRawSync(row.text).toString('utf8') }
    return row && this.#last?.text
  }

  /** Hash of the file that was read last. */
  get fileHash(): string | undefined {
    return this.#database
      .prepare<[], { hash: string }>(
        'SELECT file_hash AS hash FROM configuration_versions WHERE file_hash IS NOT NULL ORDER BY id DESC LIMIT 1',
      )
      .get()?.hash
  }
}

function versionOf({ id, at, user, origin, address, client, comment }: Row): ConfigurationVersion {
  const by = { user, origin, ...(address === null ? {} : { address }), ...(client === null ? {} : { client }) }
  return { id, at, by, comment }
}
