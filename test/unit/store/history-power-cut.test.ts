import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { openHistoryDatabase, prepareHistoryDatabase } from '../../../src/store/history-database.ts'
import { historyOf, historyRun } from '../../support/history-run.ts'
import { randomFrom } from '../../support/seeded-random.ts'
import { aTag } from '../../support/small-plant.ts'

/** What a disk may be left with when the power goes: of what was written since it was synced, any part. */
const COMMITS = 40
const A_COMMIT = 50
const PAGE = 4_096
const SEED = 7
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const inFolder = (name: string) => join(folder, name)

/** What the gateway finds in these files when it starts again; the file has to be sound. */
function found(database: Buffer, log: Buffer): number[] {
  const after = mkdtempSync(join(tmpdir(), 'penstock-'))
  try {
    writeFileSync(join(after, 'history.db'), database)
    writeFileSync(join(after, 'history.db-wal'), log)
    prepareHistoryDatabase(after, 0, silentLogger)
    const opened = openHistoryDatabase(after)
    expect(opened.pragma('integrity_check', { simple: true })).toBe('ok')
    opened.close()
    return historyOf(after, 'meter/n').map(({ value }) => value as number)
  } finally {
    rmSync(after, { recursive: true })
  }
}

it(`a power cut leaves the first commits, each as a whole, whatever of the log was not on disk yet (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  const run = historyRun(folder, [aTag('n', { history: 'every' })])
  run.database.pragma('wal_checkpoint(TRUNCATE)')
  const lengths: number[] = []
  for (let commit = 0; commit < COMMITS; commit++) {
    for (let n = 0; n < A_COMMIT; n++) run.writer.record(0, commit * A_COMMIT + n, 0, commit * A_COMMIT + n, 0)
    await run.writer.commit()
    lengths.push(readFileSync(inFolder('history.db-wal')).length)
  }
  const [database, log] = [readFileSync(inFolder('history.db')), readFileSync(inFolder('history.db-wal'))]
  await run.close()

  for (let cut = 0; cut < 25; cut++) {
    const at = Math.floor(random() * log.length)
    const left = Buffer.from(log)
    // Behind the last sync some pages are there, and others are not.
    for (let page = at; page < left.length; page += PAGE) {
      if (random() < 0.5) left.fill(0, page, Math.min(page + PAGE, left.length))
    }
    left.fill(0, at, Math.min(at + 1 + Math.floor(random() * 512), left.length))
    const values = found(database, random() < 0.5 ? left : log.subarray(0, at))
    expect(values.length % A_COMMIT).toBe(0)
    expect(values).toEqual(Array.from({ length: values.length }, (_, n) => n))
    const synced = lengths.filter((length) => length <= at).length
    expect(values.length).toBeGreaterThanOrEqual(synced * A_COMMIT)
  }
})

it(`a power cut while the log is brought into the file loses nothing, whatever of the file was not on disk yet (seed ${SEED})`, async () => {
  const random = randomFrom(SEED)
  const run = historyRun(folder, [aTag('n', { history: 'every' })])
  for (let n = 0; n < 3_000; n++) run.writer.record(0, n, 0, n, 0)
  await run.writer.commit()
  const before = readFileSync(inFolder('history.db'))
  copyFileSync(inFolder('history.db-wal'), inFolder('log'))
  run.database.pragma('wal_checkpoint(PASSIVE)')
  const after = readFileSync(inFolder('history.db'))
  expect(after.length).toBeGreaterThan(before.length)
  await run.close()
  for (let cut = 0; cut < 10; cut++) {
    const left = Buffer.alloc(after.length)
    for (let at = 0; at < left.length; at += PAGE) {
      const page = random() < 0.5 ? after : before
      if (at < page.length) page.copy(left, at, at, at + PAGE)
    }
    expect(found(left, readFileSync(inFolder('log')))).toHaveLength(3_000)
  }
})
