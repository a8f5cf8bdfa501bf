import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'

/** Databases as every schema that there ever was left them, opened by the program of today. */
const migrations = fileURLToPath(new URL('../../../migrations', import.meta.url))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-upgrade-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const databases = [
  { name: 'penstock', open: openPenstockDatabase },
  { name: 'history', open: openHistoryDatabase },
] as const
/** The numbers of the migrations: a schema has that of the last one. */
const schemasOf = (name: string) => filesOf(name).map(numberOf)
const filesOf = (name: string) => readdirSync(join(migrations, name)).toSorted()
const numberOf = (file: string) => Number(file.slice(0, 4))
const schemas = databases.flatMap(({ name, open }) =>
  schemasOf(name).map((version) => [`${name}.db`, version, name, open] as const),
)

type Row = Record<string, unknown>
interface Column {
  readonly name: string
  readonly type: string
}

const tablesOf = (database: Database.Database) =>
  database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .pluck()
    .all()

const rowsOf = (database: Database.Database, table: string) => database.prepare<[], Row>(`SELECT * FROM ${table}`).all()

/** As the program of schema `version` left it, with a row in every table: numbers refer to the row 1 of another table. */
function asLeftBy(name: 'penstock' | 'history', version: number): Map<string, Row[]> {
  const known = join(folder, 'migrations')
  mkdirSync(known)
  const files = filesOf(name).filter((file) => numberOf(file) <= version)
  for (const file of files) cpSync(join(migrations, name, file), join(known, file))
  const database = new Database(join(folder, `${name}.db`))
  database.pragma('journal_mode = WAL')
  database.pragma('foreign_keys = ON')
  migrate(database, known)
  expect(database.pragma('user_version', { simple: true })).toBe(version)
  const tables = tablesOf(database)
  for (const table of tables) {
    const columns = database.pragma(`table_info(${table})`) as Column[]
    const values = columns.map((column) => ({ INTEGER: 1, REAL: 1.5, BLOB: Buffer.from('x') })[column.type] ?? 'text')
    const places = columns.map(() => '?').join(', ')
    database.prepare(`INSERT INTO ${table} VALUES (${places})`).run(...values)
  }
  const rows = new Map(tables.map((table) => [table, rowsOf(database, table)]))
  database.close()
  return rows
}

describe('a data folder of an older version', () => {
  it.each(schemas)('%s of schema %i is opened, with every row that it had', (_file, version, name, open) => {
    const before = asLeftBy(name, version)
    const database = open(folder)
    try {
      expect(database.pragma('user_version', { simple: true })).toBe(schemasOf(name).at(-1))
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
      expect(database.pragma('foreign_key_check')).toEqual([])
      for (const [table, rows] of before) {
        // A later schema may know more of a row, never less.
        const now = rowsOf(database, table)
        expect(now, table).toHaveLength(rows.length)
        expect(now[0], table).toMatchObject(rows[0] as Row)
      }
      expect(tablesOf(database)).toEqual(expect.arrayContaining([...before.keys()]))
    } finally {
      database.close()
    }
  })
})
