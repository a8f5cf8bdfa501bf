import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { HistoryCompaction } from '../../../src/store/history-compaction.ts'
import { HistoryRetention } from '../../../src/store/history-retention.ts'
import { HistorySpace } from '../../../src/store/history-space.ts'
import { historyOf, historyRun, valuesOf } from '../../support/history-run.ts'
import { ManualClock } from '../../support/manual-clock.ts'
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

describe('samples that take more than they may', () => {
  const MANY = 6 * HOUR
  /** What the file holds in bytes. */
  const used = () => new HistorySpace(run.database).used
  const aLimited = (maxSize: number) => {
    const { database, series, clock } = run
    const log = { ...silentLogger, warn: vi.fn() }
    const parts = { database, series, devices: () => ['meter'], keepMs: 100 * HOUR, maxSize, clock, log }
    const retention = new HistoryRetention(parts)
    retention.start()
    return { retention, log, end: () => retention.stop() }
  }
  /** A sample every two seconds of the last hours, of each of two tags, of which half are compacted. */
  async function fill() {
    run = historyRun(folder, [kept('a'), kept('b')])
    for (let age = MANY; age > 0; age -= 2_000) {
      for (const tag of [0, 1])
        run.writer.record(tag, Math.sin(age), StatusCode.Good, run.clock.now() - age, run.clock.now())
      if (age % 200_000 === 0) await run.writer.commit()
      if (age !== MANY / 2) continue
      run.clock.jump(HOUR - MANY / 2)
      const { database, clock } = run
      const compaction = new HistoryCompaction({ database, keepMs: 100 * HOUR, clock, log: silentLogger })
      compaction.start()
      await compaction.run()
      await compaction.stop()
      run.clock.jump(MANY / 2 - HOUR)
    }
    await run.writer.commit()
  }

  it('are deleted from the oldest on, of all tags alike, and the newest stay', async () => {
    await fill()
    const most = Math.round(used() * 0.6)
    const { retention, log, end } = aLimited(most)
    expect(await retention.sweep()).toBeGreaterThan(0)
    expect(used()).toBeLessThanOrEqual(most)
    expect(used()).toBeGreaterThan(most / 2)
    const [a, b] = ['meter/a', 'meter/b'].map((tag) => historyOf(folder, tag).map(({ sourceTime }) => sourceTime))
    expect(a?.at(-1)).toBe(run.clock.now() - 2_000)
    // Of chunks whole ones go, so that the two need not begin at the same time.
    expect(Math.abs((a?.[0] ?? 0) - (b?.[0] ?? 0))).toBeLessThan(2_000 * 1_000)
    expect(a).toEqual(Array.from({ length: a?.length ?? 0 }, (_, n) => (a?.[0] ?? 0) + 2_000 * n))
    expect(await retention.sweep()).toBe(0)
    expect(log.warn).not.toHaveBeenCalled()
    await end()
  })

  it('stay where they are of the last hour, which is said', async () => {
    await fill()
    const { retention, log, end } = aLimited(50_000)
    await retention.sweep()
    expect(historyOf(folder, 'meter/b')[0]?.sourceTime).toBeLessThanOrEqual(run.clock.now() - HOUR + 2_000)
    expect(log.warn).toHaveBeenCalledOnce()
    await end()
  })

  it('give their room on the disk back', async () => {
    run = historyRun(folder, [aTag('text', { type: 'String', history: 'every' })])
    const now = run.clock.now()
    for (let n = 0; n < 60; n++) {
      run.writer.record(0, String(n).padEnd(500_000), StatusCode.Good, now - 10 * HOUR + n, now)
      await run.writer.commit()
    }
    const pages = () => run.database.pragma('page_count', { simple: true }) as number
    const before = pages()
    const { retention, end } = aLimited(1_000_000)
    await retention.sweep()
    expect(pages()).toBeLessThan(before / 2)
    await end()
  })
})

it('a schedule says when old samples are deleted', async () => {
  run = historyRun(folder, [kept('a')])
  const { database, series, clock } = run
  let sweep: () => void = () => undefined
  const ended = vi.fn()
  const schedule = (action: () => void) => {
    sweep = action
    return ended
  }
  const parts = { database, series, devices: () => ['meter'], keepMs: HOUR, schedule, clock, log: silentLogger }
  const retention = new HistoryRetention(parts)
  retention.start()
  await record(0, 2 * HOUR)
  await clock.advance(24 * HOUR)
  expect(valuesOf(folder, 'meter/a')).toEqual([2 * HOUR])
  sweep()
  await vi.waitFor(() => expect(valuesOf(folder, 'meter/a')).toEqual([]))
  await retention.stop()
  expect(ended).toHaveBeenCalledOnce()
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

describe('a clock that jumps', () => {
  const DAY = 24 * HOUR
  const TEN_YEARS = 3_650 * DAY

  it('ten years ahead deletes nothing until it has been so for a day, also over a restart', async () => {
    const { clock, retention, end } = aRun('a')
    await record(0, 0)
    expect(await retention.sweep()).toBe(0)
    clock.jump(TEN_YEARS)
    expect(await retention.sweep()).toBe(0)
    clock.jump(-TEN_YEARS)
    expect(await retention.sweep()).toBe(0)
    clock.jump(TEN_YEARS)
    await clock.advance(HOUR / 2)
    expect(valuesOf(folder, 'meter/a')).toEqual([0])
    await end()

    run.database.exec(`INSERT INTO last_values VALUES (1, 0, 0, 0, ${clock.now() - TEN_YEARS})`)
    const { series, database } = run
    const later = new ManualClock(clock.now())
    const parts = { database, series, clock: later, devices: () => ['meter'], keepMs: HOUR, log: silentLogger }
    const again = new HistoryRetention(parts)
    again.start()
    expect(await again.sweep()).toBe(0)
    await later.advance(DAY + 600_000)
    expect(valuesOf(folder, 'meter/a')).toEqual([])
    await again.stop()
  })

  it.each([-HOUR, -TEN_YEARS])('by %d ms deletes nothing that is not old by it', async (jump) => {
    const { clock, retention, end } = aRun('a')
    await record(0, 0, HOUR / 2)
    clock.jump(jump)
    await record(0, 0)
    expect(await retention.sweep()).toBe(0)
    await end()
  })
})
