import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { HistorySource, RecordedSample, SampleRange } from '../../../src/core/history-source.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { canBeDrawn, trendOf } from '../../../src/http/history/trend.ts'
import type { StoredSample } from '../../../src/store/chunk-codec.ts'
import { ChunkTable } from '../../../src/store/chunk-table.ts'
import { DatabaseHistory } from '../../../src/store/database-history.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'

const series = { tag: 'pump/level', shape: { type: 'Double' as const } }
const never = new AbortController().signal

const sample = (sourceTime: number, value: number | null, status: number = StatusCode.Good): RecordedSample => ({
  value,
  status,
  sourceTime,
  serverTime: sourceTime,
})

/** A history of these samples, which counts how many were looked at. */
function historyOf(samples: readonly RecordedSample[]): HistorySource & { looked: number } {
  return {
    looked: 0,
    summaries: () => [],
    columns: () => [],
    read(_series, { first, last, order, limit }: SampleRange) {
      const within = samples.filter(({ sourceTime }) => sourceTime >= first && sourceTime <= last)
      const page = (order === 'ascending' ? within : within.toReversed()).slice(0, limit)
      this.looked += page.length
      return page
    },
  }
}

describe('a trend', () => {
  it('is every sample where there are few, after the one that held at its beginning', async () => {
    const history = historyOf([sample(5, 1), sample(20, 2), sample(30, 3)])
    const line = await trendOf(history, series, { from: 10, to: 100, parts: 100 }, never)
    expect(line.samples.map(({ time }) => time)).toEqual([5, 20, 30])
    expect(line).toMatchObject({ reduced: false, thinned: false })
  })

  it('keeps every peak of many samples, each with its own time', async () => {
    const many = Array.from({ length: 5_000 }, (_, n) => sample(n, n === 2_345 ? 999 : n === 3_210 ? -999 : n % 7))
    const line = await trendOf(historyOf(many), series, { from: 0, to: 5_000, parts: 50 }, never)
    expect(line.reduced).toBe(true)
    expect(line.samples.length).toBeLessThanOrEqual(50 * 5)
    expect(line.samples).toContainEqual({ time: 2_345, value: 999, quality: 'good', status: 'Good' })
    expect(line.samples).toContainEqual({ time: 3_210, value: -999, quality: 'good', status: 'Good' })
    const times = line.samples.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((one, other) => one - other))
  })

  it('shows the one moment without a value among many good ones', async () => {
    const many = Array.from({ length: 2_000 }, (_, n) =>
      n === 777 ? sample(n, null, StatusCode.BadNoCommunication) : sample(n, 1),
    )
    const line = await trendOf(historyOf(many), series, { from: 0, to: 2_000, parts: 10 }, never)
    expect(line.samples).toContainEqual({ time: 777, value: null, quality: 'bad', status: 'BadNoCommunication' })
  })

  it('looks at a bounded number of samples, and says where it did not look at all', async () => {
    const dense = Array.from({ length: 30_000 }, (_, n) => sample(n, n))
    const history = historyOf(dense)
    const line = await trendOf(history, series, { from: 0, to: 30_000_000, parts: 1_000 }, never)
    expect(line.thinned).toBe(true)
    expect(history.looked).toBeLessThan(5_000)
  })

  it('ends early for a reader who is gone', async () => {
    const gone = new AbortController()
    gone.abort()
    const history = historyOf(Array.from({ length: 10_000 }, (_, n) => sample(n, n)))
    await trendOf(history, series, { from: 0, to: 10_000, parts: 10 }, gone.signal)
    expect(history.looked).toBe(0)
  })

  it('is of what a line can show', () => {
    expect(canBeDrawn({ type: 'UInt64' })).toBe(true)
    expect(canBeDrawn({ type: 'Boolean' })).toBe(true)
    expect(canBeDrawn({ type: 'ByteString' })).toBe(false)
    expect(canBeDrawn({ type: 'Double', arrayLength: 3 })).toBe(false)
  })
})

describe('a trend over a long time', () => {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  const database = openHistoryDatabase(folder)
  afterEach(() => {
    database.close()
    rmSync(folder, { recursive: true })
  })

  it('is made of summaries of what is compacted, and has every spike, every gap and what is not compacted yet', async () => {
    const spike = 23_456
    const gap = 31_500
    const late = 44_444
    const samples = Array.from({ length: 50_000 }, (_, n): StoredSample => {
      const isGap = n >= gap && n < gap + 10
      const value = isGap ? null : n === spike ? 999 : n % 10
      return { value, status: isGap ? StatusCode.BadNoCommunication : 0, sourceTime: n, serverTime: n }
    })
    database.exec("INSERT INTO series (id, tag, type) VALUES (1, 'pump/level', 'Double')")
    database.transaction(() => new ChunkTable(database).insert(1, { type: 'Double' }, samples))()
    const insert = database.prepare('INSERT INTO samples VALUES (1, ?, ?, 0, ?)')
    insert.run(late, late, -99)
    for (let n = 50_000; n < 51_000; n++) insert.run(n, n, n === 50_500 ? 77 : 5)

    const history = new DatabaseHistory(database)
    let looked = 0
    const counted: HistorySource = {
      summaries: (of, first, last) => history.summaries(of, first, last),
      columns: () => [],
      read: (of, range) => {
        const found = history.read(of, range)
        looked += found.length
        return found
      },
    }
    const line = await trendOf(counted, series, { from: 0, to: 51_000, parts: 5 }, never)
    expect(line).toMatchObject({ reduced: true, thinned: false })
    const shown = line.samples.map(({ time, value }) => [time, value])
    for (const each of [
      [spike, 999],
      [gap, null],
      [late, -99],
      [50_500, 77],
    ]) {
      expect(shown).toContainEqual(each)
    }
    expect(looked).toBeLessThan(15_000)
    const times = line.samples.map(({ time }) => time)
    expect(times).toEqual([...new Set(times)].sort((one, other) => one - other))

    // Where a part is shorter than a chunk, each sample is looked at.
    const near = await trendOf(history, series, { from: 31_400, to: 31_600, parts: 100 }, never)
    expect(near.samples).toContainEqual({ time: gap, value: null, quality: 'bad', status: 'BadNoCommunication' })
    expect(near.samples).toContainEqual({ time: gap + 10, value: 0, quality: 'good', status: 'Good' })
  })
})
