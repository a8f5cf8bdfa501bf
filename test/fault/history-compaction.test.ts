import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { historyOf } from '../support/history-run.ts'
import { randomFrom } from '../support/seeded-random.ts'

const program = fileURLToPath(new URL('../support/compacting-process.ts', import.meta.url))
const SEED = 7
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Records and compacts from `from` on, until so many rounds are committed and a little later; answers the last number told. */
async function killAfter(from: number, rounds: number, wait: number): Promise<number> {
  const child = spawn(process.execPath, [program, folder, String(from)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let told = from - 1
  let left = rounds
  for await (const line of createInterface({ input: child.stdout })) {
    told = Number(line)
    if (--left !== 0) continue
    // Somewhere within the turns that follow.
    for (let n = 0; n < wait; n++) await new Promise(setImmediate)
    child.kill('SIGKILL')
  }
  if (child.signalCode === null) await once(child, 'exit')
  return told
}

it(`kill -9 in the midst of compacting, again and again, loses nothing and doubles nothing (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  let next = 0
  for (let kill = 0; kill < 8; kill++) {
    const told = await killAfter(next, 1 + Math.floor(random() * 4), Math.floor(random() * 5_000))
    const numbers = historyOf(folder, 'meter/n').map(({ value }) => value)
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => n))
    expect(numbers.length).toBeGreaterThan(told)
    next = numbers.length
  }
  const database = new Database(join(folder, 'history.db'), { readonly: true })
  const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(count('chunks')).toBeGreaterThan(10)
  const overlapping = database.prepare(
    'SELECT 1 FROM chunks a JOIN chunks b USING (series) WHERE a.id <> b.id AND a.first_time BETWEEN b.first_time AND b.last_time',
  )
  expect(overlapping.all()).toEqual([])
  database.close()
})
