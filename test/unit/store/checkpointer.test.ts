import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { Checkpointer } from '../../../src/store/checkpointer.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'

let folder: string
let database: Database.Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  database = openHistoryDatabase(folder)
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

const waiting = () => {
  const [pages] = database.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }]
  return pages.log - pages.checkpointed
}
const autocheckpoint = () => database.pragma('wal_autocheckpoint', { simple: true })

it('what was committed comes into the database file without a commit that waits for the disk', async () => {
  const checkpointer = new Checkpointer(database, silentLogger)
  const write = database.prepare("INSERT INTO device_memory (device, memory) VALUES (?, printf('%.3000c', 'x'))")
  database.transaction(() => {
    for (let n = 0; n < 3_000; n++) write.run(`device ${n}`)
  })()
  expect(waiting()).toBeGreaterThan(1_000)
  await vi.waitFor(() => expect(waiting()).toBe(0), { timeout: 8_000 })
  await checkpointer.stop()
  database.close()
  expect(existsSync(join(folder, 'history.db-wal'))).toBe(false)
})

it('commits sync by themselves again when the thread for it fails', async () => {
  const before = autocheckpoint()
  const log = { ...silentLogger, error: vi.fn() }
  const elsewhere = { name: join(folder, 'no', 'such.db'), open: true, pragma: database.pragma.bind(database) }
  const checkpointer = new Checkpointer(elsewhere as unknown as Database.Database, log)
  expect(autocheckpoint()).not.toBe(before)
  await vi.waitFor(() => expect(log.error).toHaveBeenCalledOnce(), { timeout: 8_000 })
  expect(autocheckpoint()).toBe(before)
  await checkpointer.stop()
})
