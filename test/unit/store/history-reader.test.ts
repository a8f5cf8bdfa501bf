import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { StatusCode } from '../../../src/core/status-code.ts'
import { HistoryReader } from '../../../src/store/history-reader.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { historyOf, historyRun, valuesOf } from '../../support/history-run.ts'
import { aTag } from '../../support/small-plant.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

it('a folder without a history has none to read', () => {
  expect(HistoryReader.open(folder)).toBeUndefined()
})

it('it reads a file that no gateway of this version has used yet', () => {
  const migrations = fileURLToPath(new URL('../../../migrations/history/', import.meta.url))
  const former = join(folder, 'former')
  mkdirSync(former)
  for (const file of ['0001_last_values.sql', '0002_samples.sql'])
    copyFileSync(join(migrations, file), join(former, file))
  const database = new Database(join(folder, 'history.db'))
  migrate(database, former)
  database.exec("INSERT INTO series VALUES (1, 'meter/t', 'Double'); INSERT INTO samples VALUES (1, 5, 6, 0, 1.5)")
  database.close()
  expect(valuesOf(folder, 'meter/t')).toEqual([1.5])
})

it('it reads beside a gateway that writes', async () => {
  const run = historyRun(folder, [aTag('t', { history: 'every' })])
  const reader = HistoryReader.open(folder)
  for (let n = 0; n < 3; n++) {
    run.writer.record(0, n, StatusCode.Good, n, n)
    await run.writer.commit()
    expect([...(reader?.samples('meter/t') ?? [])]).toHaveLength(n + 1)
  }
  expect(reader?.tags()).toEqual(['meter/t'])
  reader?.close()
  await run.close()
  expect(valuesOf(folder, 'meter/t')).toEqual([0, 1, 2])
})

it('whatever is asked for is what a list of the samples would give', async () => {
  const [first, second] = [aTag('t', { type: 'Int32' }), aTag('t', { type: 'Double' })]
  // More than two pages, with a change of type in the middle and some times that both types have.
  const ofFirst = Array.from({ length: 1_700 }, (_, n) => n * 2)
  const ofSecond = Array.from({ length: 1_700 }, (_, n) => 1_500 + n * 3)
  for (const [tag, times] of [
    [first, ofFirst],
    [second, ofSecond],
  ] as const) {
    const run = historyRun(folder, [tag])
    for (const time of times) run.writer.record(0, time, StatusCode.Good, time, time)
    await run.close()
  }
  const model = new Map([
    ...ofFirst.map((time) => [time, 'Int32'] as const),
    ...ofSecond.map((time) => [time, 'Double'] as const),
  ])
  const all = [...model].sort(([a], [b]) => a - b)
  const bound = fc.option(fc.integer({ min: -10, max: 7_000 }), { nil: undefined })
  const last = fc.option(fc.integer({ min: 1, max: 4_000 }), { nil: undefined })
  fc.assert(
    fc.property(bound, bound, last, (from, to, most) => {
      const within = all.filter(([time]) => time >= (from ?? -Infinity) && time < (to ?? Infinity))
      const expected = most === undefined ? within : within.slice(-most)
      const read = historyOf(folder, 'meter/t', { from, to, last: most })
      expect(read.map(({ sourceTime, shape }) => [sourceTime, shape.type])).toEqual(expected)
    }),
    { numRuns: 60 },
  )
})
