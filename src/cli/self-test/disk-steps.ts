import { join } from 'node:path'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import Database from 'better-sqlite3'
import { openHistoryDatabase } from '../../store/history-database.ts'
import { openPenstockDatabase } from '../../store/penstock-database.ts'

const ROWS = 100

/** Both databases can be made and migrated, in WAL, and are whole. Throws what is wrong; answers what was seen. */
export function databases(folder: string): string {
  const seen = [openPenstockDatabase(folder), openHistoryDatabase(folder)].map((database) => {
    try {
      const mode = database.pragma('journal_mode', { simple: true })
      if (mode !== 'wal') throw new Error(`${database.name} is in the mode ${String(mode)}, not wal`)
      const found = database.pragma('integrity_check', { simple: true })
      if (found !== 'ok') throw new Error(`${database.name} is not whole: ${String(found)}`)
      return `schema ${String(database.pragma('user_version', { simple: true }))}`
    } finally {
      database.close()
    }
  })
  return `SQLite in WAL: penstock.db ${seen[0]}, history.db ${seen[1]}`
}

/** Commits reach the disk one by one (`synchronous=FULL`), and are read by another connection. */
export function commits(folder: string, monotonic: () => number): string {
  const file = join(folder, 'commits.db')
  const database = new Database(file)
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = FULL')
    database.exec('CREATE TABLE written (n INTEGER PRIMARY KEY)')
    const insert = database.prepare('INSERT INTO written VALUES (?)')
    const begun = monotonic()
    for (let n = 0; n < ROWS; n++) insert.run(n)
    const each = (monotonic() - begun) / ROWS
    const reader = new Database(file, { readonly: true })
    try {
      const { count } = reader.prepare('SELECT count(*) AS count FROM written').get() as { count: number }
      if (count !== ROWS) throw new Error(`${ROWS} rows were committed, and ${count} are there`)
    } finally {
      reader.close()
    }
    return `${ROWS} commits with fsync, ${each.toFixed(2)} ms each`
  } finally {
    database.close()
  }
}

/** History is compacted with zstd, which not every Node has. */
export function compression(): string {
  const plain = Buffer.from('a value that hardly changes '.repeat(1_000))
  const compressed = zstdCompressSync(plain)
  if (!zstdDecompressSync(compressed).equals(plain)) throw new Error('what was compressed is not what comes back')
  return `zstd makes ${compressed.length} bytes of ${plain.length}, and the same of these`
}
