import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPenstockDatabase } from '../../src/store/penstock-database.ts'
import { FaultyOs } from '../support/faulty-os.ts'

/** What can happen to the files of a data folder while nobody runs, and while they are migrated. */
const { MIGRATION_KILLS } = process.env
/** Every write is the last one where that is asked for; otherwise some, spread over all of them. */
const mostKills = Number(MIGRATION_KILLS ?? 6)
const migrations = fileURLToPath(new URL('../../migrations', import.meta.url))
const opener = fileURLToPath(new URL('../support/opening-process.ts', import.meta.url))
const databases = [
  ['penstock', openPenstockDatabase],
  ['history', openHistoryDatabase],
] as const
type Name = (typeof databases)[number][0]

let os: FaultyOs
let root: string
let folder: string
beforeAll(() => {
  os = new FaultyOs()
  root = mkdtempSync(join(tmpdir(), 'penstock-store-'))
})
beforeEach(() => {
  folder = mkdtempSync(join(root, 'data-'))
})
afterAll(() => {
  os.remove()
  rmSync(root, { recursive: true, force: true })
})

const fileOf = (name: Name) => join(folder, `${name}.db`)
const schemaOf = (database: Database.Database) =>
  database.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all()

/** The first schema that there was, with `rows` that were committed. */
function ofTheFirstSchema(name: Name, rows: number): void {
  const known = mkdtempSync(join(root, 'migrations-'))
  const [first = ''] = readdirSync(join(migrations, name)).toSorted()
  cpSync(join(migrations, name, first), join(known, first))
  const database = new Database(fileOf(name))
  database.pragma('journal_mode = WAL')
  migrate(database, known)
  fill(database, 1, rows)
  database.close()
}

/** Rows in a table that the first schema has, and every later one. */
function fill(database: Database.Database, first: number, last: number): void {
  const table = tableOf(database)
  const columns = database.pragma(`table_info(${table})`) as { readonly name: string; readonly type: string }[]
  const insert = database.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`)
  database.pragma('foreign_keys = OFF')
  for (let row = first; row <= last; row++) {
    insert.run(
      ...columns.map(({ type }) => ({ INTEGER: row, REAL: row, BLOB: Buffer.from('x') })[type] ?? `text ${row}`),
    )
  }
}
const tableOf = (database: Database.Database) =>
  database
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE name IN ('series', 'audit')")
    .pluck()
    .get() as string
const countOf = (database: Database.Database) =>
  database
    .prepare(`SELECT count(*) FROM ${tableOf(database)}`)
    .pluck()
    .get()

/** A process opens the database as a start does; the signal that ended it. */
function openedBy(name: Name, killAtWrite: number): NodeJS.Signals | null {
  os.set({ killAtWrite })
  const { signal, status, stderr } = spawnSync(process.execPath, [opener, name, folder], {
    env: { ...process.env, ...os.env },
    encoding: 'utf8',
  })
  if (signal === null && status !== 0) throw new Error(stderr)
  return signal
}

describe.each(databases)('%s.db', (name, open) => {
  it('that is killed in the midst of its migrations has the old schema or the new one, and every row', () => {
    ofTheFirstSchema(name, 50)
    const untouched = join(root, `untouched-${name}`)
    cpSync(folder, untouched, { recursive: true })
    expect(openedBy(name, 1_000_000)).toBeNull()
    const writes = os.writes
    expect(writes).toBeGreaterThan(6)
    const kills = Math.min(mostKills, writes)
    const whole = new Database(fileOf(name))
    const wanted = schemaOf(whole)
    whole.close()

    for (let kill = 0; kill < kills; kill++) {
      folder = mkdtempSync(join(root, 'data-'))
      cpSync(untouched, folder, { recursive: true })
      expect(openedBy(name, 1 + Math.floor((kill * writes) / kills))).toBe('SIGKILL')
      const database = open(folder)
      expect(schemaOf(database), `killed at write ${1 + Math.floor((kill * writes) / kills)}`).toEqual(wanted)
      expect(countOf(database)).toBe(50)
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
      database.close()
    }
  })

  it('without the files beside it has all that was in it itself, and is whole', () => {
    const running = open(folder)
    fill(running, 1, 20)
    running.pragma('wal_checkpoint(TRUNCATE)')
    fill(running, 21, 30)
    const copy = mkdtempSync(join(root, 'data-'))
    cpSync(folder, copy, { recursive: true })
    running.close()
    for (const { gone, rows } of [
      { gone: ['-shm'], rows: 30 },
      { gone: ['-wal'], rows: 20 },
      { gone: ['-wal', '-shm'], rows: 20 },
    ]) {
      folder = mkdtempSync(join(root, 'data-'))
      cpSync(copy, folder, { recursive: true })
      for (const part of gone) rmSync(`${fileOf(name)}${part}`, { force: true })
      const database = open(folder)
      expect(countOf(database), gone.join()).toBe(rows)
      expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
      database.close()
    }
  })

  it.each([
    ['itself', ''],
    ['of the log', '-wal'],
  ])('whose file %s cannot be opened is refused in words, and left as it is', (_which, part) => {
    mkdirSync(`${fileOf(name)}${part}`)
    const refusal = expect.objectContaining({
      code: 'DATA_FOLDER_UNUSABLE',
      message: expect.stringContaining(fileOf(name)),
    })
    expect(() => open(folder)).toThrow(refusal)
    expect(statSync(`${fileOf(name)}${part}`).isDirectory()).toBe(true)
  })
})
