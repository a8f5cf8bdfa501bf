import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { openHistoryDatabase, prepareHistoryDatabase } from '../../../src/store/history-database.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

it('a damaged database is moved aside, said once, and a new one is begun', () => {
  writeFileSync(join(folder, 'history.db'), Buffer.alloc(8_192, 'not a database '))
  const error = vi.fn()
  prepareHistoryDatabase(folder, NOW, { ...silentLogger, error })
  const aside = 'history.db.damaged-2026-01-02T030405.000Z'
  expect(readdirSync(folder)).toContain(aside)
  expect(readFileSync(join(folder, aside)).toString()).toContain('not a database')
  expect(error).toHaveBeenCalledOnce()
  openHistoryDatabase(folder).close()
})

it('a database of a newer program is refused, untouched', () => {
  const database = openHistoryDatabase(folder)
  database.pragma('user_version = 99')
  database.close()
  expect(() => prepareHistoryDatabase(folder, NOW, silentLogger)).toThrow(
    expect.objectContaining({ code: 'SCHEMA_TOO_NEW' }),
  )
  expect(readdirSync(folder).filter((name) => name.includes('damaged'))).toEqual([])
})

it('a sound database is left as it is', () => {
  const database = openHistoryDatabase(folder)
  database.exec("INSERT INTO series (tag, type) VALUES ('meter/level', 'Double')")
  database.close()
  prepareHistoryDatabase(folder, NOW, silentLogger)
  const again = openHistoryDatabase(folder)
  expect(again.prepare('SELECT count(*) FROM series').pluck().get()).toBe(1)
  again.close()
})
