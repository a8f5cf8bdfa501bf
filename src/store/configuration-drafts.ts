import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type Database from 'better-sqlite3'
import type { ConfigurationDraft } from '../core/configuration-version.ts'

interface Row {
  readonly based_on: number
  readonly revision: number
  readonly at: number
  readonly text: Buffer
}

/** What users have changed of the configuration and not applied yet, in `penstock.db`. */
export class ConfigurationDrafts {
  readonly #database: Database.Database

  constructor(database: Database.Database) {
    this.#database = database
  }

  of(user: string): ConfigurationDraft | undefined {
    const row = this.#database
      .prepare<[string], Row>('SELECT based_on, revision, at, text FROM configuration_drafts WHERE user = ?')
      .get(user)
    if (!row) return undefined
    const { based_on: basedOn, revision, at, text } = row
    return { user, basedOn, revision, at, text: inflateRawSync(text).toString('utf8') }
  }

  /** In place of the one that the user has; on disk when this returns. */
  keep({ user, basedOn, revision, at, text }: ConfigurationDraft): void {
    this.#database
      .prepare(
        `INSERT INTO configuration_drafts (user, based_on, revision, at, text) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (user) DO UPDATE SET based_on = excluded.based_on, revision = excluded.revision,
           at = excluded.at, text = excluded.text`,
      )
      .run(user, basedOn, revision, at, deflateRawSync(text))
  }

  discard(user: string): void {
    this.#database.prepare('DELETE FROM configuration_drafts WHERE user = ?').run(user)
  }
}
