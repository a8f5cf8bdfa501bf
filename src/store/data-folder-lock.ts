import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { PenstockError } from '../core/errors.ts'

/**
 * Makes this process the only owner of the data folder until `release`, or until it dies: the lock is the operating
 * system's, held through an SQLite transaction, so a crash leaves nothing to clean up.
 * Keep what is returned: the lock lives as long as it does. Throws DATA_FOLDER_LOCKED when another process has it.
 */
export function lockDataFolder(dataFolder: string): { release: () => void } {
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const lock = new Database(join(dataFolder, 'owner.lock'), { timeout: 0 })
  try {
    lock.pragma('journal_mode = DELETE')
    lock.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new PenstockError(
      'DATA_FOLDER_LOCKED',
      `${dataFolder} belongs to another running Penstock: stop it, or give this one a data folder of its own`,
      { cause },
    )
  }
  return { release: () => lock.close() }
}
