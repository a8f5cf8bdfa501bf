import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { PenstockError } from '../core/errors.ts'
import { migrate } from './migrate.ts'
import { openedFile } from './opened-file.ts'

export const penstockFile = 'penstock.db'
const MIGRATIONS = fileURLToPath(new URL('../../migrations/penstock', import.meta.url))

/**
 * Opens `data/penstock.db` (commands, users, audit), creating or migrating it. `synchronous=FULL`: what was committed
 * is there after a power cut too. Unlike the history it is never moved aside when it is damaged: what was promised
 * stands in it, so the gateway says so and does not start. Throws SCHEMA_TOO_NEW, DATABASE_DAMAGED and
 * DATA_FOLDER_UNUSABLE.
 */
export function openPenstockDatabase(dataFolder: string): Database.Database {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const file = join(dataFolder, penstockFile)
  try {
    return openedFile(file, (database) => {
      database.pragma('journal_mode = WAL')
      database.pragma('synchronous = FULL')
      database.pragma('foreign_keys = ON')
      database.pragma('journal_size_limit = 16777216')
      migrate(database, MIGRATIONS)
    })
  } catch (error) {
    throw isDamage(error) ? damaged(file, error) : error
  }
}

/** Makes sure that the database can be opened and is whole, before anything is begun. Throws as `openPenstockDatabase`. */
export function preparePenstockDatabase(dataFolder: string): void {
  const database = openPenstockDatabase(dataFolder)
  try {
    const found = database.pragma('quick_check(1)', { simple: true })
    if (found !== 'ok') throw damaged(database.name, new Error(String(found)))
  } catch (error) {
    throw isDamage(error) ? damaged(database.name, error) : error
  } finally {
    database.close()
  }
}

const isDamage = (error: unknown): boolean =>
  error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)

function damaged(file: string, cause: unknown): PenstockError {
  const message =
    `${file} is damaged. It holds commands that were accepted and the audit log, so it is left as it is and the gateway ` +
    'does not start: put back a copy of it, or move it away to begin anew without them'
  return new PenstockError('DATABASE_DAMAGED', message, { cause })
}
