import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { damageMarkOf, isDamage } from './damage.ts'
import { migrate } from './migrate.ts'
import { openedFile } from './opened-file.ts'

const FILE = 'history.db'
const MIGRATIONS = fileURLToPath(new URL('../../migrations/history', import.meta.url))

/**
 * Opens `data/history.db` (last values and history), creating or migrating it. WAL with `synchronous=NORMAL`: a
 * killed process loses nothing that was committed, a power cut at most the last commits. Throws SCHEMA_TOO_NEW,
 * DATA_FOLDER_UNUSABLE, and what SQLite says of a file that is damaged.
 */
export function openHistoryDatabase(dataFolder: string): Database.Database {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  return openedFile(join(dataFolder, FILE), (database) => {
    // Of a file that is being made: what was deleted can be given back to the disk.
    database.pragma('auto_vacuum = INCREMENTAL')
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.pragma('foreign_keys = ON')
    database.pragma('journal_size_limit = 67108864')
    migrate(database, MIGRATIONS)
  })
}

/**
 * Makes sure that the database can be opened: one that is damaged, or turned out to be when it was written, is moved
 * aside, since the gateway serves what it hears also without what it knew. Throws SCHEMA_TOO_NEW, and whatever else keeps it from being opened.
 */
export function prepareHistoryDatabase(dataFolder: string, now: Milliseconds, log: Logger): void {
  const mark = damageMarkOf(join(dataFolder, FILE))
  const damage = existsSync(mark) ? readFileSync(mark, 'utf8') : damageOf(dataFolder)
  if (damage !== undefined) {
    const suffix = `.damaged-${new Date(now).toISOString().replaceAll(':', '')}`
    for (const part of [FILE, `${FILE}-wal`, `${FILE}-shm`]) {
      const path = join(dataFolder, part)
      if (existsSync(path)) renameSync(path, `${path}${suffix}`)
    }
    log.error(
      { cause: damage, movedTo: join(dataFolder, `${FILE}${suffix}`) },
      'The database of last values and history is damaged: it was moved aside, and a new one is begun',
    )
    rmSync(mark, { force: true })
    openHistoryDatabase(dataFolder).close()
  }
}

/** What keeps the database from being opened since it is damaged, in words. */
function damageOf(dataFolder: string): string | undefined {
  try {
    openHistoryDatabase(dataFolder).close()
    return undefined
  } catch (error) {
    if (!isDamage(error)) throw error
    return describeError(error)
  }
}
