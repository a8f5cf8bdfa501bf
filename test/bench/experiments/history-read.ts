import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ObjectIds, ReadProcessedDetails } from 'node-opcua'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { HistoryFile } from '../../../src/store/history-file.ts'
import { SeriesBook } from '../../../src/store/series.ts'
import { rawDetails, historyRead as request, valuesOf } from '../../support/history-client.ts'
import { modbusDevice, modbusPlant, tagConfig } from '../../support/opcua-plant.ts'
import { nodeId, startRoom } from '../../support/opcua-room.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'

/** Rows of the whole file; `HISTORY_ROWS=25000000 npm run bench -- history-read` takes another number. */
const ROWS = Number(process.env.HISTORY_ROWS ?? 2_000_000)
/** Of these tags, each has as many. */
const TAGS = 10
const PAGE = 1_000
const AVERAGED = Math.min(200_000, ROWS / TAGS)
const BUCKETS = Math.floor(AVERAGED / 60)
const RUNS = 15
const START = Date.UTC(2026, 0, 1)
const FIRST_PAGE_GOAL = 15
const AVERAGE_GOAL = 100
const BLOCKED_GOAL = 50

/** HistoryRead by a client over an encrypted channel, in one process with the server: both ends are in the figures. */
export const historyRead: Experiment = {
  rows: {
    'history-read-page': `first page of ${PAGE} values out of a file of ${ROWS} rows, p50, beside the bare statement`,
    'history-read-average': `average of ${AVERAGED} values in ${BUCKETS} intervals, p50, beside the bare statement`,
    'history-read-blocked': 'longest that these reads have held the thread, against the limit',
  },
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
    const plant = modbusPlant([
      modbusDevice(
        'boiler',
        Array.from({ length: TAGS }, (_, tag) => tagConfig(`t${tag}`, { history: 'every' })),
      ),
    ])
    say(`${ROWS} rows are written`)
    fill(folder, new TagIndexing(plant))
    const file = new HistoryFile(folder)
    const room = await startRoom({ plant, history: file })
    const session = await room.session()
    const node = [{ nodeId: nodeId('boiler/t5') }]
    const time = async (details: Parameters<typeof request>[1], expected: number) => {
      const from = performance.now()
      const [result] = await request(session, details, node)
      const took = performance.now() - from
      if (valuesOf(result).length !== expected) throw new Error(`${valuesOf(result).length} values, not ${expected}`)
      return took
    }
    const bare = openHistoryDatabase(folder)
    const barePage = bare.prepare(
      `SELECT value, status, source_time, server_time FROM samples WHERE series = 6 AND source_time >= ? LIMIT ${PAGE}`,
    )
    const bareAverage = bare.prepare(
      `SELECT cast((source_time - ${START}) / 60000 AS INTEGER), avg(value) FROM samples
       WHERE series = 6 AND source_time < ? GROUP BY 1`,
    )
    const timed = (work: () => unknown[], expected: number) => {
      const from = performance.now()
      if (work().length !== expected) throw new Error('the bare statement finds something else')
      return performance.now() - from
    }
    const [barePages, bareAverages]: [number[], number[]] = [[], []]
    const pages: number[] = []
    const averages: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const start = START + run * 1_000_000
      pages.push(await time(rawDetails({ start, end: START + 1e12, count: PAGE }), PAGE))
      const details = new ReadProcessedDetails({
        startTime: new Date(START),
        endTime: new Date(START + BUCKETS * 60_000),
        processingInterval: 60_000,
        aggregateType: [`i=${ObjectIds.AggregateFunction_Average}`],
        aggregateConfiguration: { useServerCapabilitiesDefaults: true },
      })
      averages.push(await time(details, BUCKETS))
      barePages.push(timed(() => barePage.all(start), PAGE))
      bareAverages.push(timed(() => bareAverage.all(START + BUCKETS * 60_000), BUCKETS))
    }
    bare.close()
    const blocked = await longestTurn(() =>
      time(rawDetails({ start: START, end: START + 1e12 }), Math.min(5_000, ROWS / TAGS)),
    )
    await room.end()
    file.close()
    rmSync(folder, { recursive: true })
    const row = (name: string, value: number, baseline: number, limit: number) =>
      makeRow({ name, unit: 'ms', value, baseline, goal: `<= ${limit} ms`, ok: (took) => took <= limit })
    return [
      row('history-read-page', percentile(pages, 0.5), percentile(barePages, 0.5), FIRST_PAGE_GOAL),
      row('history-read-average', percentile(averages, 0.5), percentile(bareAverages, 0.5), AVERAGE_GOAL),
      row('history-read-blocked', blocked, BLOCKED_GOAL, BLOCKED_GOAL),
    ]
  },
}

function fill(folder: string, indexing: TagIndexing): void {
  const database = openHistoryDatabase(folder)
  const series = new SeriesBook(database)
  series.add(indexing.present)
  const insert = database.prepare(
    'INSERT INTO samples (series, source_time, server_time, status, value) VALUES (?, ?, ?, 0, ?)',
  )
  const write = database.transaction((from: number, to: number) => {
    for (let second = from; second < to; second++) {
      const time = START + second * 1_000
      for (let tag = 0; tag < TAGS; tag++) insert.run(series.of(tag), time, time + 200, 20 + (second % 100) / 10)
    }
  })
  const seconds = ROWS / TAGS
  for (let from = 0; from < seconds; from += 10_000) write(from, Math.min(from + 10_000, seconds))
  database.close()
}

/** The longest time for which no other work came to its turn. */
async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 1)
  for (let run = 0; run < RUNS; run++) await work()
  clearInterval(timer)
  return longest
}
