import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { migrate } from '../../../src/store/migrate.ts'

let folder: string
let database: Database.Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  database = new Database(':memory:')
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

const file = (name: string, sql: string) => writeFileSync(join(folder, name), sql)
const tables = () => database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck().all()
const version = () => database.pragma('user_version', { simple: true })

it('every file above the present version runs once, in order', () => {
  file('0001_a.sql', 'CREATE TABLE a (x)')
  migrate(database, folder)
  file('0002_b.sql', 'CREATE TABLE b AS SELECT * FROM a')
  migrate(database, folder)
  migrate(database, folder)
  expect([tables(), version()]).toEqual([['a', 'b'], 2])
})

it('a file that fails leaves the schema before it', () => {
  file('0001_a.sql', 'CREATE TABLE a (x)')
  file('0002_b.sql', 'CREATE TABLE b (x); CREATE TABLE a (x)')
  expect(() => migrate(database, folder)).toThrow('already exists')
  expect([tables(), version()]).toEqual([['a'], 1])
})

it('a database of a newer program is refused and left as it is', () => {
  file('0001_a.sql', 'CREATE TABLE a (x)')
  database.pragma('user_version = 2')
  expect(() => migrate(database, folder)).toThrow(expect.objectContaining({ code: 'SCHEMA_TOO_NEW' }))
  expect([tables(), version()]).toEqual([[], 2])
})

it('the last values of the first schema are there in the newest', () => {
  const migrations = new URL('../../../migrations/history/', import.meta.url)
  file('0001_last_values.sql', readFileSync(new URL('0001_last_values.sql', migrations), 'utf8'))
  database.pragma('foreign_keys = ON')
  migrate(database, folder)
  database.exec(`INSERT INTO series VALUES (7, 'meter/level', 'Double');
    INSERT INTO last_values VALUES (7, 42.5, 0, 1000, 2000)`)
  migrate(database, fileURLToPath(migrations))
  expect(
    database.prepare('SELECT * FROM series NATURAL JOIN (SELECT series AS id, value FROM last_values)').all(),
  ).toEqual([{ id: 7, tag: 'meter/level', type: 'Double', value: 42.5 }])
  expect(() => database.exec('INSERT INTO last_values VALUES (8, 1, 0, 0, 0)')).toThrow('FOREIGN KEY')
  database.exec('DELETE FROM series')
  expect(database.prepare('SELECT count(*) FROM last_values').pluck().get()).toBe(0)
})
