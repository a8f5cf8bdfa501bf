import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { HistoryCompaction } from '../../../src/store/history-compaction.ts'
import { HistoryFile } from '../../../src/store/history-file.ts'
import { historyOf, historyRun } from '../../support/history-run.ts'
import { aTag } from '../../support/small-plant.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const DAY = 24 * HOUR
let folder: string
let run: ReturnType<typeof historyRun>
let compaction: HistoryCompaction
const log = { ...silentLogger, error: vi.fn() }
beforeEach(() => {
  log.error.mockClear()
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  run = historyRun(folder, [aTag('a', { history: 'every' }), aTag('text', { type: 'String', history: 'every' })])
  compaction = new HistoryCompaction({ database: run.database, keepMs: 90 * DAY, clock: run.clock, log })
  compaction.start()
})
afterEach(async () => {
  await compaction.stop()
  await run.close()
  rmSync(folder, { recursive: true })
})

/** A value for each of these ages, the same as the age. */
async function record(...ages: number[]): Promise<void> {
  const now = run.clock.now()
  for (const age of ages) run.writer.record(0, age, StatusCode.Good, now - age, now)
  await run.writer.commit()
}
const agesFrom = (age: number, count: number, every = SECOND) =>
  Array.from({ length: count }, (_, n) => age - n * every)
const chunks = () => run.database.prepare('SELECT count FROM chunks ORDER BY series, first_time').pluck().all()
const rows = () => run.database.prepare('SELECT count(*) FROM samples').pluck().get()
const values = () => historyOf(folder, 'meter/a').map(({ value }) => value)

it('a thousand samples older than an hour become a chunk; what is newer, and less than that, stays rows', async () => {
  const ages = agesFrom(HOUR + 1_500 * SECOND, 1_600)
  await record(...ages)
  expect(await compaction.run()).toBe(1_000)
  expect([chunks(), rows(), values()]).toEqual([[1_000], 600, ages])
  expect(await compaction.run()).toBe(0)
})

it('a sensor that says little has its samples of nine days, a tenth of how long they are kept, in a chunk', async () => {
  const ages = agesFrom(10 * DAY, 10 * 24 * 4, HOUR / 4)
  await record(...ages)
  await compaction.run()
  expect([chunks(), rows(), values()]).toEqual([[9 * 24 * 4], 24 * 4, ages])
})

it('what comes late goes into the chunk that it belongs to, and what replaces a value takes its place', async () => {
  const ages = agesFrom(2 * HOUR, 1_000, 2 * SECOND)
  await record(...ages)
  await compaction.run()
  const late = ages.slice(100, 200).map((age) => age - SECOND)
  await record(...late)
  const replaced = run.clock.now() - (ages[300] as number)
  run.writer.record(0, -1, StatusCode.Good, replaced, run.clock.now())
  await run.writer.commit()
  const expected = [...ages, ...late].sort((a, b) => b - a).map((age) => (age === ages[300] ? -1 : age))
  expect([rows(), values()]).toEqual([101, expected])
  await compaction.run()
  expect([chunks(), rows(), values()]).toEqual([[550, 550], 0, expected])
})

it('what comes late between two chunks joins the one before, so that no small ones gather', async () => {
  await record(...agesFrom(5 * HOUR, 1_000), ...agesFrom(2 * HOUR, 1_000))
  await compaction.run()
  expect(chunks()).toEqual([1_000, 1_000])
  for (let n = 0; n < 5; n++) {
    await record(3 * HOUR - n)
    await compaction.run()
  }
  expect(chunks()).toEqual([501, 504, 1_000])
})

it('long texts end a chunk earlier', async () => {
  const now = run.clock.now()
  const long = 'x'.repeat(100_000)
  for (let n = 0; n < 12; n++) {
    run.writer.record(1, `${n}${long}`, StatusCode.Good, now - 2 * HOUR + n, now)
    await run.writer.commit()
  }
  await compaction.run()
  expect([chunks(), rows()]).toEqual([[3, 3, 3, 3], 0])
  expect(historyOf(folder, 'meter/text').map(({ value }) => String(value).length)).toEqual(
    Array.from({ length: 12 }, (_, n) => `${n}`.length + 100_000),
  )
})

it('a reader in the midst of a series goes on where it was when the rest is compacted', async () => {
  const ages = agesFrom(2 * HOUR, 3_000)
  await record(...ages)
  const file = new HistoryFile(folder)
  const series = { tag: 'meter/a', shape: { type: 'Double' } } as const
  const page = (last: number) => file.read(series, { first: 0, last, order: 'descending', limit: 700 })
  const first = page(run.clock.now())
  await compaction.run()
  const second = page((first.at(-1)?.sourceTime ?? 0) - 1)
  expect([...first, ...second].map(({ value }) => value)).toEqual(ages.slice(-1_400).reverse())
  file.close()
})

it('a chunk that is damaged is said, and keeps no other tag from being compacted, nor its own values from being kept', async () => {
  await record(...agesFrom(2 * HOUR, 1_000))
  await compaction.run()
  const data = run.database.prepare('SELECT data FROM chunks').pluck().get() as Buffer
  data[data.length >> 1] = (data[data.length >> 1] as number) ^ 0xff
  run.database.prepare('UPDATE chunks SET data = ?').run(data)
  const late = 2 * HOUR - 1
  await record(late)
  const now = run.clock.now()
  for (let n = 0; n < 1_000; n++) run.writer.record(1, `${n}`, StatusCode.Good, now - 2 * HOUR + n, now)
  await run.writer.commit()
  expect(await compaction.run()).toBe(1_000)
  expect(log.error).toHaveBeenCalledOnce()
  expect([chunks(), rows()]).toEqual([[1_000, 1_000], 1])
})

it('it is done by itself, every five minutes', async () => {
  await record(...agesFrom(2 * HOUR, 1_000))
  await run.clock.advance(300_000)
  await vi.waitFor(() => expect(chunks()).toEqual([1_000]))
})

it('a disk that cannot be written is said, and leaves the samples as they were', async () => {
  const ages = agesFrom(2 * HOUR, 1_000)
  await record(...ages)
  run.database.pragma('query_only = 1')
  expect(await compaction.run()).toBe(0)
  run.database.pragma('query_only = 0')
  expect(log.error).toHaveBeenCalledOnce()
  expect([rows(), values()]).toEqual([1_000, ages])
})
