import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { HistoryRetention } from '../../../src/store/history-retention.ts'
import { historyRun, valuesOf } from '../../support/history-run.ts'
import { aTag } from '../../support/small-plant.ts'

const HOUR = 3_600_000
let folder: string
let run: ReturnType<typeof historyRun>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(async () => {
  await run.close()
  rmSync(folder, { recursive: true })
})

const kept = (key: string) => aTag(key, { history: 'every' })
function aRun(...keys: string[]) {
  run = historyRun(folder, keys.map(kept))
  const { database, series, clock } = run
  const retention = new HistoryRetention({
    database,
    series,
    devices: () => ['meter'],
    keepMs: HOUR,
    clock,
    log: silentLogger,
  })
  retention.start()
  return { ...run, retention, end: () => retention.stop() }
}

/** Samples of a tag, these milliseconds old. */
function record(tag: number, ...ages: number[]) {
  for (const age of ages) run.writer.record(tag, age, StatusCode.Good, run.clock.now() - age, run.clock.now())
  return run.writer.commit()
}

describe('samples older than their time', () => {
  it('are deleted and no other, by their source time', async () => {
    const { retention, end } = aRun('a', 'b')
    await record(0, 0, HOUR - 1, HOUR, HOUR + 1, 100 * HOUR)
    await record(1, HOUR + 1, 5)
    expect(await retention.sweep()).toBe(3)
    expect([valuesOf(folder, 'meter/a'), valuesOf(folder, 'meter/b')]).toEqual([[HOUR, HOUR - 1, 0], [5]])
    await end()
  })

  it('are deleted by themselves, again and again', async () => {
    const { clock, end } = aRun('a')
    await record(0, HOUR + 1, HOUR - 5 * 60_000)
    await clock.advance(60_000)
    expect(valuesOf(folder, 'meter/a')).toEqual([HOUR - 5 * 60_000])
    await clock.advance(10 * 60_000)
    expect(valuesOf(folder, 'meter/a')).toEqual([])
    await end()
    expect(clock.pendingTimers).toBe(1)
  })

  it('are deleted in slices, and what came meanwhile stays', async () => {
    const { retention, end, writer, clock } = aRun('a')
    await record(0, ...Array.from({ length: 9_000 }, (_, n) => HOUR + 1 + n))
    const sweep = retention.sweep()
    writer.record(0, 1, StatusCode.Good, clock.now(), clock.now())
    expect(await sweep).toBe(9_000)
    await writer.commit()
    expect(valuesOf(folder, 'meter/a')).toEqual([1])
    await end()
  })
})

it('a series that holds nothing and stands for no tag any more is forgotten; one that holds something is not', async () => {
  aRun('gone', 'old', 'stays')
  await record(0, 2 * HOUR)
  await record(1, 5)
  await run.close()
  const { retention, end, database } = aRun('stays', 'new')
  await retention.sweep()
  expect(database.prepare('SELECT tag FROM series ORDER BY tag').pluck().all()).toEqual([
    'meter/new',
    'meter/old',
    'meter/stays',
  ])
  await end()
})

it('what was remembered of a device is forgotten when the plant has it no more', async () => {
  const { writer, retention, end } = aRun('a')
  for (const device of ['meter', 'gone']) writer.keep(device, device)
  await writer.commit()
  await retention.sweep()
  expect(['meter', 'gone'].map((device) => writer.recall(device))).toEqual(['meter', undefined])
  await end()
})

it('history that cannot be deleted is said and harms nothing', async () => {
  run = historyRun(folder, [kept('a')])
  const { database, series, clock } = run
  const log = { ...silentLogger, error: vi.fn() }
  const retention = new HistoryRetention({ database, series, devices: () => ['meter'], keepMs: HOUR, clock, log })
  retention.start()
  database.exec('ALTER TABLE series RENAME TO away')
  await expect(retention.sweep()).resolves.toBe(0)
  expect(log.error).toHaveBeenCalledOnce()
  database.exec('ALTER TABLE away RENAME TO series')
  await retention.stop()
})
