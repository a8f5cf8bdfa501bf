import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { ObjectIds, ReadProcessedDetails } from 'node-opcua'
import { systemClock } from '../../../src/core/clock.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { trendOf } from '../../../src/http/history/trend.ts'
import type { StoredSample } from '../../../src/store/chunk-codec.ts'
import { ChunkTable } from '../../../src/store/chunk-table.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { HistoryFile } from '../../../src/store/history-file.ts'
import { HistoryWriter } from '../../../src/store/history-writer.ts'
import { SeriesBook } from '../../../src/store/series.ts'
import { rawDetails, historyRead as request, valuesOf } from '../../support/history-client.ts'
import { modbusDevice, modbusPlant, tagConfig } from '../../support/opcua-plant.ts'
import { nodeId, startRoom } from '../../support/opcua-room.ts'
import { type Experiment, makeRow, percentile } from '../row.ts'
import { longestTurn } from '../support/longest-turn.ts'

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
const PARTS = 1_000
const TREND_GOAL = 1_000

/** HistoryRead by a client over an encrypted channel, in one process with the server: both ends are in the figures. */
export const historyRead: Experiment = {
  rows: {
    'history-read-page': `first page of ${PAGE} values of ${ROWS} in the file, while others are written, p50, beside the bare statement over rows`,
    'history-read-average': `average of ${AVERAGED} values in ${BUCKETS} intervals, p50, beside the bare statement over rows`,
    'history-read-average-all': `average of all ${ROWS / TAGS} values of a tag in one interval, p50, beside those ${AVERAGED}`,
    'history-trend': `a trend of all ${ROWS / TAGS} values of a tag in ${PARTS} parts, p50, beside least and greatest of ${AVERAGED} by the bare statement`,
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
    say(`${ROWS} samples are written`)
    const indexing = new TagIndexing(plant)
    fill(folder, indexing)
    const ingest = new Ingest(folder, indexing)
    const file = new HistoryFile(folder)
    const room = await startRoom({ plant, history: file })
    const session = await room.session()
    const node = { nodeId: nodeId('boiler/t5') }
    const time = async (details: Parameters<typeof request>[1], expected: number) => {
      const from = performance.now()
      let values = 0
      let continuationPoint: Buffer | undefined
      do {
        const [result] = await request(session, details, [
          { ...node, ...(continuationPoint ? { continuationPoint } : {}) },
        ])
        values += valuesOf(result).length
        // A first page is one answer; of others all are awaited.
        const rest = values < expected ? result?.continuationPoint : undefined
        continuationPoint = rest?.length ? rest : undefined
      } while (continuationPoint)
      const took = performance.now() - from
      if (values !== expected) throw new Error(`${values} values, not ${expected}`)
      return took
    }
    const bare = bareRows()
    const barePage = bare.prepare(
      `SELECT value, status, source_time, server_time FROM samples WHERE series = 6 AND source_time >= ? LIMIT ${PAGE}`,
    )
    const bareAverage = bare.prepare(
      `SELECT cast((source_time - ${START}) / 60000 AS INTEGER), avg(value) FROM samples
       WHERE series = 6 AND source_time < ? GROUP BY 1`,
    )
    const bareTrend = bare.prepare(
      `SELECT (source_time - ${START}) * ${PARTS} / ${AVERAGED * 1_000} AS part, min(value), max(value) FROM samples
       WHERE series = 6 GROUP BY part`,
    )
    const trend = async () => {
      const from = performance.now()
      const span = { from: START, to: START + (ROWS / TAGS) * 1_000, parts: PARTS }
      const series = { tag: 'boiler/t5', shape: { type: 'Double' } } as const
      const { samples, thinned } = await trendOf(file, series, span, new AbortController().signal)
      if (samples.length < PARTS * 2 || thinned) throw new Error(`a trend of ${samples.length} samples`)
      return performance.now() - from
    }
    const timed = (work: () => unknown[], expected: number) => {
      const from = performance.now()
      if (work().length !== expected) throw new Error('the bare statement finds something else')
      return performance.now() - from
    }
    const [barePages, bareAverages]: [number[], number[]] = [[], []]
    const pages: number[] = []
    const averages: number[] = []
    const averagesOfAll: number[] = []
    const [trends, bareTrends]: [number[], number[]] = [[], []]
    for (let run = 0; run < RUNS; run++) {
      const start = START + ((run * 10_000_000) % (1_000 * (AVERAGED - PAGE)))
      pages.push(await time(rawDetails({ start, end: START + 1e12, count: PAGE }), PAGE))
      averages.push(await time(averageOf(BUCKETS * 60_000, 60_000), BUCKETS))
      averagesOfAll.push(await time(averageOf((ROWS / TAGS) * 1_000, 0), 1))
      trends.push(await trend())
      bareTrends.push(timed(() => bareTrend.all(), PARTS))
      barePages.push(timed(() => barePage.all(start), PAGE))
      bareAverages.push(timed(() => bareAverage.all(START + BUCKETS * 60_000), BUCKETS))
    }
    bare.close()
    const blocked = await longestTurn(async () => {
      await time(rawDetails({ start: START, end: START + 1e12 }), Math.min(5_000, ROWS / TAGS))
      await trend()
    }, RUNS)
    await ingest.end()
    await room.end()
    file.close()
    rmSync(folder, { recursive: true })
    const row = (name: string, value: number, baseline: number, limit: number) =>
      makeRow({ name, unit: 'ms', value, baseline, goal: `<= ${limit} ms`, ok: (took) => took <= limit })
    return [
      row('history-read-page', percentile(pages, 0.5), percentile(barePages, 0.5), FIRST_PAGE_GOAL),
      row('history-read-average', percentile(averages, 0.5), percentile(bareAverages, 0.5), AVERAGE_GOAL),
      row('history-read-average-all', percentile(averagesOfAll, 0.5), percentile(averages, 0.5), AVERAGE_GOAL),
      row('history-trend', percentile(trends, 0.5), percentile(bareTrends, 0.5), TREND_GOAL),
      row('history-read-blocked', blocked, BLOCKED_GOAL, BLOCKED_GOAL),
    ]
  },
}

const averageOf = (length: number, processingInterval: number): ReadProcessedDetails =>
  new ReadProcessedDetails({
    startTime: new Date(START),
    endTime: new Date(START + length),
    processingInterval,
    aggregateType: [`i=${ObjectIds.AggregateFunction_Average}`],
    aggregateConfiguration: { useServerCapabilitiesDefaults: true },
  })

const sampleAt = (second: number): StoredSample => {
  const time = START + second * 1_000
  return { value: 20 + ((second * 7) % 1_000) / 10, status: 0, sourceTime: time, serverTime: time + 200 }
}

/** As if all had been compacted. */
function fill(folder: string, indexing: TagIndexing): void {
  const database = openHistoryDatabase(folder)
  const series = new SeriesBook(database)
  series.add(indexing.present)
  const chunks = new ChunkTable(database)
  const write = database.transaction((from: number, to: number) => {
    const samples = Array.from({ length: to - from }, (_, n) => sampleAt(from + n))
    for (let tag = 0; tag < TAGS; tag++) chunks.insert(series.of(tag) as number, { type: 'Double' }, samples)
  })
  const seconds = ROWS / TAGS
  for (let from = 0; from < seconds; from += 10_000) write(from, Math.min(from + 10_000, seconds))
  database.close()
}

/** A thousand samples a second for the same file, as the engine writes them. */
class Ingest {
  readonly #writer: HistoryWriter
  readonly #endTimer: () => void
  readonly #close: () => void

  constructor(folder: string, indexing: TagIndexing) {
    const database = openHistoryDatabase(folder)
    const series = new SeriesBook(database)
    series.add(indexing.present)
    this.#close = () => database.close()
    this.#writer = new HistoryWriter({ database, series, clock: systemClock, log: silentLogger })
    this.#writer.start()
    let n = START + (ROWS / TAGS) * 1_000
    this.#endTimer = systemClock.every(10, () => {
      n += 1_000
      for (let tag = 0; tag < TAGS; tag++) this.#writer.record(tag, n % 97, 0, n, n)
    })
  }

  async end(): Promise<void> {
    this.#endTimer()
    await this.#writer.stop()
    this.#close()
  }
}

/** The values that are averaged, as rows. */
function bareRows(): Database.Database {
  const database = new Database(':memory:')
  database.exec(`CREATE TABLE samples (series INTEGER, source_time INTEGER, server_time INTEGER, status INTEGER, value ANY,
    PRIMARY KEY (series, source_time)) STRICT, WITHOUT ROWID`)
  const insert = database.prepare(
    'INSERT INTO samples (series, value, status, source_time, server_time) VALUES (6, @value, @status, @sourceTime, @serverTime)',
  )
  database.transaction(() => {
    for (let second = 0; second < AVERAGED; second++) insert.run(sampleAt(second))
  })()
  return database
}
