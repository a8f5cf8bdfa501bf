import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { TagValue } from '../../../src/core/data-type.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import type { TagConfig } from '../../../src/core/plant.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { historyOf, historyRun, valuesOf } from '../../support/history-run.ts'
import { aTag } from '../../support/small-plant.ts'

let folder: string
const runs: { close(): Promise<void> }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(async () => {
  for (const run of runs.splice(0)) await run.close()
  rmSync(folder, { recursive: true })
})

function aRun(tags: readonly TagConfig[], options: Parameters<typeof historyRun>[2] = {}) {
  const run = historyRun(folder, tags, options)
  runs.push(run)
  return run
}
const kept = (key: string, settings: Partial<TagConfig> = {}) => aTag(key, { history: 'every', ...settings })
const { Good, BadDecodingError } = StatusCode
/** As long as a busy machine takes to write hundreds of thousands of samples. */
const WRITTEN = { timeout: 30_000 }

describe('a sample', () => {
  const values: [TagConfig['type'], TagValue][] = [
    ['Boolean', false],
    ['SByte', -128],
    ['UInt32', 4_294_967_295],
    ['Int64', -9_223_372_036_854_775_808n],
    ['UInt64', 18_446_744_073_709_551_615n],
    ['Float', 1.5],
    ['Double', 0.1 + 0.2],
    ['Double', -0],
    ['Double', 5e-324],
    ['String', 'Grüße\u0000 "a",\n'],
    ['String', ''],
  ]
  it.each(values)('of type %s is kept exactly', async (type, value) => {
    const { clock, writer } = aRun([kept('t', { type })])
    writer.record(0, value, Good, clock.now() - 5_000, clock.now())
    await writer.commit()
    expect(historyOf(folder, 'meter/t')).toEqual([
      { shape: { type }, value, status: Good, sourceTime: clock.now() - 5_000, serverTime: clock.now() },
    ])
  })

  it('without a usable value is kept with the status that says why', async () => {
    const { clock, writer } = aRun([kept('t')])
    writer.record(0, undefined, BadDecodingError, clock.now(), clock.now())
    await writer.commit()
    expect(historyOf(folder, 'meter/t')).toMatchObject([{ value: null, status: BadDecodingError }])
  })

  it('that comes late stands in its place in the order of time', async () => {
    const { clock, pipeline, writer } = aRun([kept('t')])
    const now = clock.now()
    for (const [value, time] of [
      [1, 0],
      [3, 200],
      [2, 100],
      [0, -100],
    ] as const)
      pipeline.event(0, value, now + time - 500)
    await writer.commit()
    expect(valuesOf(folder, 'meter/t')).toEqual([0, 1, 2, 3])
    expect(pipeline.table.value(0)).toBe(3)
  })

  it('that comes twice, in one commit or two, is one', async () => {
    const { clock, writer } = aRun([kept('t')])
    const time = clock.now()
    writer.record(0, 7, Good, time, time)
    writer.record(0, 7, Good, time, time + 50)
    await writer.commit()
    writer.record(0, 7, Good, time, time + 9_000)
    await writer.commit()
    expect(historyOf(folder, 'meter/t')).toMatchObject([{ value: 7, sourceTime: time, serverTime: time }])
  })

  it('of the same time that says something else takes the place of the one before, as the last value does', async () => {
    const { clock, writer } = aRun([kept('t')])
    const time = clock.now()
    writer.record(0, 7, Good, time, time)
    writer.record(0, 8, Good, time, time + 50)
    await writer.commit()
    expect(historyOf(folder, 'meter/t')).toMatchObject([{ value: 8, serverTime: time + 50 }])
  })

  it('with a time that is none is left out and counted, and holds up no other', async () => {
    const { clock, writer } = aRun([kept('t')])
    for (const time of [Number.NaN, Number.POSITIVE_INFINITY, 1e300]) writer.record(0, 1, Good, time, clock.now())
    writer.record(0, 2, Good, clock.now(), clock.now())
    await writer.commit()
    expect(valuesOf(folder, 'meter/t')).toEqual([2])
    expect(writer.health).toMatchObject({ ok: true, lost: 3, written: 1, waiting: 0 })
  })
})

it('samples are on disk a second after they came, without a stop', async () => {
  const { clock, pipeline } = aRun([kept('t')])
  pipeline.polled(0, 5)
  expect(valuesOf(folder, 'meter/t')).toEqual([])
  await clock.advance(1_000)
  expect(valuesOf(folder, 'meter/t')).toEqual([5])
})

it('samples that came before a stop are on disk after it', async () => {
  const run = historyRun(folder, [kept('t')])
  run.pipeline.polled(0, 5)
  await run.close()
  expect(valuesOf(folder, 'meter/t')).toEqual([5])
})

it('a tag that gets another type keeps what it had as what it was, and a value filled in is not there twice', async () => {
  const first = historyRun(folder, [kept('t', { type: 'Int32' })])
  const time = first.clock.now()
  first.writer.record(0, 1, Good, time, time)
  first.writer.record(0, 2, Good, time + 10, time + 10)
  await first.close()
  const second = aRun([kept('t', { type: 'Double' })])
  second.writer.record(0, 2.5, Good, time + 10, time + 10)
  second.writer.record(0, 3.5, Good, time + 20, time + 20)
  await second.writer.commit()
  expect(historyOf(folder, 'meter/t').map(({ shape, value }) => [shape.type, value])).toEqual([
    ['Int32', 1],
    ['Double', 2.5],
    ['Double', 3.5],
  ])
})

describe('many samples', () => {
  it('are written in several transactions that leave the event loop its turns', async () => {
    const { writer, database } = aRun([kept('t')])
    const commits: number[] = []
    let turns = 0
    const other = () => {
      turns++
      commits.push(database.prepare('SELECT count(*) FROM samples').pluck().get() as number)
      immediate = setImmediate(other)
    }
    let immediate = setImmediate(other)
    for (let n = 0; n < 10_000; n++) writer.record(0, n, Good, n, n)
    await writer.commit()
    clearImmediate(immediate)
    const steps = commits.map((count, at) => count - (commits[at - 1] ?? 0))
    expect(turns).toBeGreaterThanOrEqual(4)
    expect(Math.max(...steps)).toBeLessThanOrEqual(2_000)
    expect(valuesOf(folder, 'meter/t')).toEqual(Array.from({ length: 10_000 }, (_, n) => n))
  })
})

describe('a disk that cannot be written', () => {
  const log = { ...silentLogger, error: vi.fn(), info: vi.fn() }
  beforeEach(() => vi.clearAllMocks())

  it('is said once, and nothing that came meanwhile is missing afterwards', async () => {
    const { clock, writer, database } = aRun([kept('t')], { log })
    database.exec('ALTER TABLE samples RENAME TO away')
    for (let n = 0; n < 5; n++) {
      writer.record(0, n, Good, n, n)
      await clock.advance(1_000)
    }
    expect(writer.health).toMatchObject({
      ok: false,
      reason: expect.stringContaining('data folder'),
      waiting: 5,
      lost: 0,
    })
    expect(log.error).toHaveBeenCalledOnce()
    database.exec('ALTER TABLE away RENAME TO samples')
    await clock.advance(2_000)
    expect(writer.health).toMatchObject({ ok: true, reason: '', written: 5, waiting: 0, lastCommitAt: clock.now() })
    expect(valuesOf(folder, 'meter/t')).toEqual([0, 1, 2, 3, 4])
  })

  it('because it is full takes none of a commit rather than a part, and all of it when there is space again', async () => {
    const { clock, writer, database } = aRun([kept('t', { type: 'String' })], { log })
    database.pragma(`max_page_count = ${Number(database.pragma('page_count', { simple: true })) + 2}`)
    for (let n = 0; n < 100; n++) writer.record(0, `${n}`.repeat(500), Good, n, n)
    writer.keep('meter', '100 samples')
    await clock.advance(1_000)
    expect(writer.health).toMatchObject({
      ok: false,
      reason: expect.stringContaining('full'),
      waiting: 100,
      written: 0,
    })
    const remembered = database.prepare('SELECT count(*) FROM device_memory').pluck()
    expect([valuesOf(folder, 'meter/t'), remembered.get()]).toEqual([[], 0])
    // A source that is made anew in the same run must not begin from an older one.
    expect(writer.recall('meter')).toBe('100 samples')
    database.pragma('max_page_count = 100000')
    await clock.advance(1_000)
    expect(writer.health).toMatchObject({ ok: true, waiting: 0, written: 100 })
    expect([valuesOf(folder, 'meter/t').length, remembered.get(), writer.recall('meter')]).toEqual([
      100,
      1,
      '100 samples',
    ])
  })

  it('for long keeps what came first, and counts and tells what is lost', async () => {
    const { clock, writer, database } = aRun([kept('t')], { log })
    database.exec('ALTER TABLE samples RENAME TO away')
    const sent = 300_000
    for (let n = 0; n < sent; n++) writer.record(0, n, Good, n, n)
    writer.keep('meter', 'what was lost is known')
    await clock.advance(1_000)
    const { ok, lost, waiting } = writer.health
    expect([ok, lost + waiting]).toEqual([false, sent])
    expect(waiting).toBeGreaterThanOrEqual(200_000)
    expect(log.error.mock.calls.map(([, message]) => message as string)).toEqual([
      expect.stringContaining('loses samples'),
      expect.stringContaining('cannot be written'),
    ])
    database.exec('ALTER TABLE away RENAME TO samples')
    await vi.waitFor(async () => {
      await clock.advance(1_000)
      expect(writer.health).toMatchObject({ ok: true, waiting: 0, lost })
    }, WRITTEN)
    expect(historyOf(folder, 'meter/t', { last: 1 })).toMatchObject([{ value: waiting - 1 }])
    expect(writer.recall('meter')).toBeUndefined()
  })
})

describe('what a source remembers of a device', () => {
  it('is there in the next run', async () => {
    const first = historyRun(folder, [kept('t')])
    first.writer.keep('meter', 'one')
    first.writer.keep('meter', 'two')
    first.writer.keep('other', 'three')
    await first.close()
    const { writer } = aRun([kept('t')])
    expect(['meter', 'other', 'new'].map((device) => writer.recall(device))).toEqual(['two', 'three', undefined])
  })

  it('is known at once to whoever asks again in the same run', async () => {
    const { clock, writer } = aRun([kept('t')])
    writer.keep('meter', 'one')
    expect(writer.recall('meter')).toBe('one')
    await clock.advance(1_000)
    writer.keep('meter', 'two')
    expect(writer.recall('meter')).toBe('two')
  })

  it('is on disk exactly when the samples are that it speaks of', async () => {
    const { writer, database } = aRun([kept('t')])
    let immediate = setImmediate(check)
    const seen: [number, number][] = []
    function check() {
      const count = database.prepare('SELECT count(*) FROM samples').pluck().get() as number
      const memory = Number(database.prepare('SELECT memory FROM device_memory').pluck().get() ?? 0)
      seen.push([count, memory])
      immediate = setImmediate(check)
    }
    // Events of seven samples each: no commit may end within one.
    for (let n = 1; n <= 7_000; n++) {
      writer.record(0, n, Good, n, n)
      if (n % 7 === 0) writer.keep('meter', String(n))
    }
    await writer.commit()
    clearImmediate(immediate)
    expect(seen.length).toBeGreaterThan(3)
    for (const [count, memory] of seen) expect(memory).toBe(count)
  })
})
