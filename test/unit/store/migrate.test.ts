import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
