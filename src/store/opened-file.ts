import Database from 'better-sqlite3'
import { PenstockError } from '../core/errors.ts'

/** What SQLite says where the disk, or the rights on it, keep it from opening and writing a file. */
const OF_THE_DISK = /^SQLITE_(?:CANTOPEN|READONLY|PERM|AUTH|IOERR|FULL)/

/**
 * Opens the database file, creating it, and lets `prepare` do what comes first; closes it again where that fails.
 * Throws DATA_FOLDER_UNUSABLE where files cannot be opened or written, and everything else as it is.
 */
export function openedFile(file: string, prepare: (database: Database.Database) => void): Database.Database {
  let database: Database.Database | undefined
  try {
    database = new Database(file)
    prepare(database)
    return database
  } catch (error) {
    database?.close()
    throw error instanceof Database.SqliteError && OF_THE_DISK.test(error.code) ? unusable(file, error) : error
  }
}

function unusable(file: string, cause: Error): PenstockError {
  const message =
    `${file} cannot be opened (${cause.message}): it and what stands beside it, ${file}-wal and ${file}-shm, have to be ` +
    'files that the user of the gateway may write, on a disk that has room and no errors (penstock doctor)'
  return new PenstockError('DATA_FOLDER_UNUSABLE', message, { cause })
}
