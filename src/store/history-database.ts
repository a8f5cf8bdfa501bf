import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { migrate } from './migrate.ts'

const MIGRATIONS = fileURLToPath(new URL('../../migrations/history', import.meta.url))

/**
 * Opens `data/history.db` (last values and history), creating or migrating it. WAL with `synchronous=NORMAL`: a
 * killed process loses nothing that was committed, a power cut at most the last commits.
 */
export function openHistoryDatabase(dataFolder: string): Database.Database {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const database = new Database(join(dataFolder, 'history.db'))
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    database.pragma('journal_size_limit = 67108864')
    migrate(database, MIGRATIONS)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}
