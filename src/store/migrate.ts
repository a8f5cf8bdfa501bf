import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { PenstockError } from '../core/errors.ts'

/**
 * Brings a database to the newest schema: the files `NNNN_what.sql` of `folder` above `PRAGMA user_version`, each in
 * a transaction of its own, so that a crash leaves the old schema or the new one and never a half.
 * Throws SCHEMA_TOO_NEW, with the database untouched, when a newer program wrote it.
 */
export function migrate(database: Database.Database, folder: string): void {
  const files = readdirSync(folder)
    .filter((file) => /^\d{4}_\w+\.sql$/.test(file))
    .sort()
  const newest = Number(files.at(-1)?.slice(0, 4) ?? 0)
  const current = database.pragma('user_version', { simple: true }) as number
  if (current > newest) {
    throw new PenstockError(
      'SCHEMA_TOO_NEW',
      `${database.name} has schema ${current}, this program knows up to ${newest}: start the newer program again, or use another data folder`,
    )
  }
  for (const file of files) {
    const version = Number(file.slice(0, 4))
    if (version <= current) continue
    const sql = readFileSync(join(folder, file), 'utf8')
    database.transaction(() => {
      database.exec(sql)
      database.pragma(`user_version = ${version}`)
    })()
  }
}
