import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { openPenstockDatabase, penstockFile, preparePenstockDatabase } from '../../../src/store/penstock-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('what is committed is on disk, whatever happens', () => {
  const database = openPenstockDatabase(folder)
  expect(database.pragma('synchronous', { simple: true })).toBe(2)
  database.close()
})

it('a damaged file keeps the gateway from starting, and is left as it is', () => {
  const file = join(folder, penstockFile)
  writeFileSync(file, 'this is no database, though it is as long as one could be'.repeat(100))
  const before = readFileSync(file)
  expect(() => preparePenstockDatabase(folder)).toThrow(expect.objectContaining({ code: 'DATABASE_DAMAGED' }))
  expect(readFileSync(file)).toEqual(before)
})

it('damage inside the file is found before anything begins', () => {
  const database = openPenstockDatabase(folder)
  const insert = database.prepare(
    "INSERT INTO audit (at, user, origin, action, subject, outcome) VALUES (?, 'u', 'cli', 'a', ?, 'done')",
  )
  for (let row = 0; row < 2_000; row++) insert.run(row, 'x'.repeat(200))
  database.close()
  const file = join(folder, penstockFile)
  const bytes = readFileSync(file)
  bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 20_000)
  writeFileSync(file, bytes)
  expect(() => preparePenstockDatabase(folder)).toThrow(expect.objectContaining({ code: 'DATABASE_DAMAGED' }))
})

it('a file of a newer program is refused', () => {
  const database = openPenstockDatabase(folder)
  database.pragma('user_version = 9999')
  database.close()
  expect(() => preparePenstockDatabase(folder)).toThrow(expect.objectContaining({ code: 'SCHEMA_TOO_NEW' }))
})
