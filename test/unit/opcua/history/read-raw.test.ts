import fc from 'fast-check'
import { DataValue } from 'node-opcua'
import { expect, it } from 'vitest'
import type { HistorySource, RecordedSample } from '../../../../src/core/history-source.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { beginningOf, planRaw } from '../../../../src/opcua/history/raw-samples.ts'
import { type RawRead, readRaw } from '../../../../src/opcua/history/read-raw.ts'
import { Work } from '../../../../src/opcua/history/work.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { memoryHistory, recorded } from '../../../support/recorded-samples.ts'

const minute = (text: string): number => {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  return (hours * 60 + minutes) * 60_000
}
const clock = new ManualClock()
const series = { tag: 'device/tag', shape: { type: 'Double' } } as const
const at = (time: number | undefined) => (time === undefined ? undefined : time)

/** Every page of a read. */
async function pages(
  source: HistorySource,
  { start, end, count = 0, bounds = false, most = 1_000 }: Asked,
): Promise<RecordedSample[][]> {
  const plan = planRaw(at(start), at(end), count, bounds)
  if (!plan) throw new Error('no plan')
  const all: RecordedSample[][] = []
  let read: RawRead | undefined = { kind: 'raw', plan, at: beginningOf(plan), left: plan.total }
  while (read) {
    const page: RecordedSample[] = []
    const toValue = (sample: RecordedSample) => {
      page.push(sample)
      return new DataValue(null)
    }
    const work = new Work({ clock, isWanted: () => true, timeout: 0 })
    const { rest }: { rest: RawRead | undefined } = await readRaw(read, { source, series, work, most, toValue })
    all.push(page)
    read = rest
  }
  return all
}

interface Asked {
  readonly start?: number | undefined
  readonly end?: number | undefined
  readonly count?: number
  readonly bounds?: boolean
  readonly most?: number
}

const stored = memoryHistory(['5:00', '5:02', '5:03', '5:05', '5:06'].map((text) => recorded(minute(text))))

/** FIRST and LAST of the table: a bound that is not there, with the time that was asked for or, without one, a second on. */
const inWords = ({ status, sourceTime }: RecordedSample) => {
  const time = new Date(sourceTime).toISOString().slice(12, 19).replace(/:00$/, '')
  return status === StatusCode.BadBoundNotFound ? `none at ${time}` : time
}

it.each([
  ['5:00', '5:05', 0, true, ['5:00', '5:02', '5:03', '5:05']],
  ['5:00', '5:05', 0, false, ['5:00', '5:02', '5:03']],
  ['5:01', '5:04', 0, true, ['5:00', '5:02', '5:03', '5:05']],
  ['5:01', '5:04', 0, false, ['5:02', '5:03']],
  ['5:05', '5:00', 0, true, ['5:05', '5:03', '5:02', '5:00']],
  ['5:05', '5:00', 0, false, ['5:05', '5:03', '5:02']],
  ['5:04', '5:01', 0, true, ['5:05', '5:03', '5:02', '5:00']],
  ['5:04', '5:01', 0, false, ['5:03', '5:02']],
  ['4:59', '5:05', 0, true, ['none at 4:59', '5:00', '5:02', '5:03', '5:05']],
  ['4:59', '5:05', 0, false, ['5:00', '5:02', '5:03']],
  ['5:01', '5:07', 0, true, ['5:00', '5:02', '5:03', '5:05', '5:06', 'none at 5:07']],
  ['5:01', '5:07', 0, false, ['5:02', '5:03', '5:05', '5:06']],
  ['5:00', '5:05', 3, true, ['5:00', '5:02', '5:03']],
  ['5:00', '5:05', 3, false, ['5:00', '5:02', '5:03']],
  ['5:01', '5:04', 3, true, ['5:00', '5:02', '5:03']],
  ['5:01', '5:04', 3, false, ['5:02', '5:03']],
  ['5:05', '5:00', 3, true, ['5:05', '5:03', '5:02']],
  ['5:05', '5:00', 3, false, ['5:05', '5:03', '5:02']],
  ['5:04', '5:01', 3, true, ['5:05', '5:03', '5:02']],
  ['5:04', '5:01', 3, false, ['5:03', '5:02']],
  ['4:59', '5:05', 3, true, ['none at 4:59', '5:00', '5:02']],
  ['4:59', '5:05', 3, false, ['5:00', '5:02', '5:03']],
  ['5:01', '5:07', 3, true, ['5:00', '5:02', '5:03']],
  ['5:01', '5:07', 3, false, ['5:02', '5:03', '5:05']],
  ['5:00', undefined, 3, true, ['5:00', '5:02', '5:03']],
  ['5:00', undefined, 3, false, ['5:00', '5:02', '5:03']],
  ['5:00', undefined, 6, true, ['5:00', '5:02', '5:03', '5:05', '5:06', 'none at 5:06:01']],
  ['5:00', undefined, 6, false, ['5:00', '5:02', '5:03', '5:05', '5:06']],
  ['5:07', undefined, 6, true, ['5:06', 'none at 5:06:01']],
  ['5:07', undefined, 6, false, []],
  [undefined, '5:06', 3, true, ['5:06', '5:05', '5:03']],
  [undefined, '5:06', 3, false, ['5:06', '5:05', '5:03']],
  [undefined, '5:06', 6, true, ['5:06', '5:05', '5:03', '5:02', '5:00', 'none at 4:59:59']],
  [undefined, '5:06', 6, false, ['5:06', '5:05', '5:03', '5:02', '5:00']],
  [undefined, '4:48', 6, true, ['5:00', 'none at 4:59:59']],
  [undefined, '4:48', 6, false, []],
  ['4:48', '4:48', 0, true, ['none at 4:48', '5:00']],
  ['4:48', '4:48', 0, false, []],
  ['4:48', '4:48', 1, true, ['none at 4:48']],
  ['4:48', '4:48', 1, false, []],
  ['4:48', '4:48', 2, true, ['none at 4:48', '5:00']],
  ['5:00', '5:00', 0, true, ['5:00', '5:02']],
  ['5:00', '5:00', 0, false, ['5:00']],
  ['5:00', '5:00', 1, true, ['5:00']],
  ['5:00', '5:00', 1, false, ['5:00']],
  ['5:01', '5:01', 0, true, ['5:00', '5:02']],
  ['5:01', '5:01', 0, false, []],
  ['5:01', '5:01', 1, true, ['5:00']],
  ['5:01', '5:01', 1, false, []],
] as const)(
  'OPC 10000-11 §4.4: from %s to %s, at most %i, with bounds %s',
  async (start, end, count, bounds, expected) => {
    const asked = { start: start && minute(start), end: end && minute(end), count, bounds }
    const [first = []] = await pages(stored, asked)
    expect(first.map(inWords)).toEqual(expected)
  },
)

it('OPC 10000-11 §6.5.3: a read with less than two of start, end and count has no meaning', () => {
  expect(planRaw(undefined, undefined, 5, true)).toBeUndefined()
  expect(planRaw(1, undefined, 0, true)).toBeUndefined()
  expect(planRaw(undefined, 1, 0, false)).toBeUndefined()
})

/** What a read is to give, from all samples at once. */
function expected(times: readonly number[], { start, end, count = 0, bounds = false }: Asked): string[] {
  const from = (start ?? end) as number
  const forward = start !== undefined && (end === undefined || end >= start)
  const sorted = [...times].sort((a, b) => (forward ? a - b : b - a))
  const isBefore = (a: number, b: number) => (forward ? a < b : a > b)
  const until = start === undefined ? undefined : end
  const within = sorted.filter((time) => {
    if (isBefore(time, from)) return false
    return until === undefined || (until === from ? time === from : isBefore(time, until))
  })
  const given = within.map(String)
  if (bounds) {
    if (!times.includes(from))
      given.unshift(String(sorted.filter((time) => isBefore(time, from)).at(-1) ?? `none at ${from}`))
    if (until === undefined) {
      const last = given.at(-1)?.replace('none at ', '')
      given.push(`none at ${Number(last) + (forward ? 1_000 : -1_000)}`)
    } else {
      const after = sorted.find((time) => !isBefore(time, until) && !within.includes(time))
      given.push(after === undefined ? `none at ${until}` : String(after))
    }
  }
  return until === undefined ? given.slice(0, count) : given
}

const asNumbers = ({ status, sourceTime }: RecordedSample) =>
  status === StatusCode.BadBoundNotFound ? `none at ${sourceTime}` : String(sourceTime)

it('a read gives the same values however they are cut into answers, in either direction, with and without bounds', async () => {
  const time = fc.integer({ min: 1, max: 60 }).map((step) => step * 500)
  const asked = fc
    .record({
      start: fc.option(time, { nil: undefined }),
      end: fc.option(time, { nil: undefined }),
      count: fc.integer({ min: 0, max: 12 }),
      bounds: fc.boolean(),
      most: fc.integer({ min: 1, max: 7 }),
    })
    .filter(({ start, end, count }) => [start !== undefined, end !== undefined, count > 0].filter(Boolean).length > 1)
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { maxLength: 20 }),
      asked,
      async (seconds, read) => {
        const times = seconds.map((second) => second * 1_000)
        const given = await pages(memoryHistory(times.map((each) => recorded(each))), read)
        expect(given.flat().map(asNumbers)).toEqual(expected(times, read))
        const limit = Math.min(read.most, read.count || read.most)
        for (const page of given.slice(0, -1)) expect(page).toHaveLength(limit)
        expect(given.at(-1)?.length).toBeLessThanOrEqual(limit)
      },
    ),
    { numRuns: 1_000 },
  )
})

it('a time that lies between two milliseconds neither hides nor repeats a value', async () => {
  const source = memoryHistory([recorded(1_000), recorded(1_001), recorded(1_002)])
  const forward = await pages(source, { start: 1_000.5, end: 1_001.5, bounds: true, most: 1 })
  expect(forward.flat().map(asNumbers)).toEqual(['1000', '1001', '1002'])
  const back = await pages(source, { start: 1_001.5, end: 1_000.5, bounds: true, most: 1 })
  expect(back.flat().map(asNumbers)).toEqual(['1002', '1001', '1000'])
})

it('values that come between two answers are given where they lie ahead', async () => {
  const samples = [recorded(1_000), recorded(3_000)]
  const source: HistorySource = {
    read: (name, range) => memoryHistory(samples).read(name, range),
    summaries: () => [],
    columns: () => [],
  }
  const plan = planRaw(0, 10_000, 1, false)
  if (!plan) throw new Error('no plan')
  const toValue = () => new DataValue(null)
  const work = new Work({ clock, isWanted: () => true, timeout: 0 })
  const first = await readRaw(
    { kind: 'raw', plan, at: beginningOf(plan), left: undefined },
    { source, series, work, most: 5, toValue },
  )
  samples.push(recorded(500), recorded(2_000))
  const seen: number[] = []
  const second = await readRaw(first.rest as RawRead, {
    source,
    series,
    work,
    most: 5,
    toValue: ({ sourceTime }) => {
      seen.push(sourceTime)
      return new DataValue(null)
    },
  })
  expect(seen).toEqual([2_000])
  expect(second.rest).toBeDefined()
})
