import { writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'

/** Whether the database file itself is not what it should be, rather than the disk full or the like. */
export const isDamage = (error: unknown): error is Error =>
  error instanceof Database.SqliteError && /^SQLITE_(CORRUPT|NOTADB)/.test(error.code)

/** Stands beside a database of which a part turned out to be damaged while it was written. */
export const damageMarkOf = (file: string): string => `${file}.is-damaged`

/** Has the database moved aside before it is opened the next time; false where that cannot be noted. */
export function markDamaged({ name }: Pick<Database.Database, 'name'>, error: Error): boolean {
  try {
    writeFileSync(damageMarkOf(name), error.message)
    return true
  } catch {
    // Whoever writes the database has told of the damage, and goes on trying.
    return false
  }
}
