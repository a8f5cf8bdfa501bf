import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { migrate } from './migrate.ts'

export const penstockFile = 'penstock.db'
const MIGRATIONS = fileURLToPath(new URL('../../migrations/penstock', import.meta.url))

/**
 * Opens `data/penstock.db` (commands, users, audit), creating or migrating it. `synchronous=FULL`: what was committed
 * is there after a power cut too. Unlike the history it is never moved aside when it is damaged: what was promised
 * stands in it, so the gateway says so and does not start. Throws SCHEMA_TOO_NEW, and whatever else keeps it from being
 * opened.
 */
export function openPenstockDatabase(dataFolder: string): Database.Database {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const database = new Database(join(dataFolder, penstockFile))
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.pragma('journal_size_limit = 16777216')
    migrate(database, MIGRATIONS)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
