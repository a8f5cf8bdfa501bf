import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { PenstockError } from '../core/errors.ts'

/**
 * Makes this process the only owner of the data folder until `release`, or until it dies: the lock is the operating
 * system's, held through an SQLite transaction, so a crash leaves nothing to clean up.
 * Keep what is returned: the lock lives as long as it does. Throws DATA_FOLDER_LOCKED when another process has it,
 * and DATA_FOLDER_UNUSABLE when it cannot be written.
 */
export function lockDataFolder(dataFolder: string): { release: () => void } {
  const lock = openLock(dataFolder)
  try {
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    if (!(cause instanceof Database.SqliteError) || !cause.code.startsWith('SQLITE_BUSY'))
      throw unusable(dataFolder, cause)
    throw new PenstockError(
      'DATA_FOLDER_LOCKED',
      `${dataFolder} belongs to another running Penstock: stop it, or give this one a data folder of its own`,
      { cause },
    )
  }
  return { release: () => lock.close() }
}

/** Whether a running process owns the data folder; changes nothing there. */
export function isOwned(dataFolder: string): boolean {
  const file = join(dataFolder, 'owner.lock')
  if (!existsSync(file)) return false
  try {
    const lock = new Database(file, { readonly: true, timeout: 0 })
    try {
      lock.prepare('SELECT count(*) FROM sqlite_schema').get()
      return false
    } finally {
      lock.close()
    }
  } catch (error) {
    return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')
  }
}

function openLock(dataFolder: string): Database.Database {
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
    return new Database(join(dataFolder, 'owner.lock'), { timeout: 0 })
  } catch (cause) {
    throw unusable(dataFolder, cause)
  }
}

const unusable = (dataFolder: string, cause: unknown): PenstockError =>
  new PenstockError(
    'DATA_FOLDER_UNUSABLE',
    `${dataFolder} (gateway.data) cannot be used as the data folder: it must be a folder that this user may write, on a ` +
      'disk with free space; an owner.lock in it that is damaged may be deleted while no Penstock runs',
    { cause },
  )
