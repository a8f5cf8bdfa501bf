import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { systemClock } from '../../../src/core/clock.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import type { ChirpStackSourceConfig } from '../../../src/core/plant.ts'
import { type IndexedTag, TagIndexing } from '../../../src/core/tag-index.ts'
import { Checkpointer } from '../../../src/store/checkpointer.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { HistoryWriter } from '../../../src/store/history-writer.ts'
import { SeriesBook } from '../../../src/store/series.ts'
import { type Experiment, makeRow } from '../row.ts'

const DEVICES = 200
const TAGS = 5
const UPLINKS = 400
const ROWS = DEVICES * TAGS * UPLINKS
/** As many rows a transaction as the gateway writes at most. */
const BATCH = 2_000
const RUNS = 3
const GOAL = 0.5

/** Uplinks of many sensors through pipeline and writer, against the same rows in bare batched inserts. */
export const historyIngest: Experiment = {
  rows: { 'history-ingest': 'samples a second into history, against the same rows in bare batched inserts' },
  async measure(say) {
    const [ofGateway, ofBare]: [number[], number[]] = [[], []]
    for (let run = 1; run <= RUNS; run++) {
      say(`run ${run} of ${RUNS}: ${ROWS} samples each`)
      ofBare.push(await inFolder(bareInserts))
      ofGateway.push(await inFolder((folder) => throughTheGateway(folder, say)))
    }
    return [
      makeRow({
        name: 'history-ingest',
        unit: 'samples/s',
        value: ROWS / median(ofGateway),
        baseline: ROWS / median(ofBare),
        goal: `>= ${GOAL} of bare batched inserts`,
        ok: (_value, ratio) => ratio >= GOAL,
      }),
    ]
  },
}

/** The time and the values of each uplink, in the order in which they come. */
function* uplinks(): Generator<{ device: number; time: number; round: number }> {
  const start = systemClock.now() - UPLINKS * 60_000
  for (let round = 0; round < UPLINKS; round++) {
    for (let device = 0; device < DEVICES; device++) yield { device, time: start + round * 60_000 + device * 17, round }
  }
}

const reading = (device: number, tag: number, round: number): number =>
  20 + tag + ((device * 31 + round * 7) % 100) / 10

async function bareInserts(folder: string): Promise<number> {
  const database = openHistoryDatabase(folder)
  const series = seriesOf(database, plantTags())
  const insert = database.prepare(
    'INSERT INTO samples (series, source_time, server_time, status, value) VALUES (?, ?, ?, ?, ?)',
  )
  const write = database.transaction((rows: readonly (readonly number[])[]) => {
    for (const [id, time, serverTime, status, value] of rows) insert.run(id, time, serverTime, status, value)
  })
  let rows: number[][] = []
  const from = performance.now()
  for (const { device, time, round } of uplinks()) {
    for (let tag = 0; tag < TAGS; tag++) {
      rows.push([series.of(device * TAGS + tag) as number, time, time + 200, 0, reading(device, tag, round)])
    }
    if (rows.length < BATCH) continue
    write(rows)
    rows = []
  }
  write(rows)
  const seconds = (performance.now() - from) / 1_000
  database.close()
  return seconds
}

async function throughTheGateway(folder: string, say: (progress: string) => void): Promise<number> {
  const database = openHistoryDatabase(folder)
  const tags = plantTags()
  const pipeline = new Pipeline(tags, systemClock)
  const series = seriesOf(database, tags)
  const writer = new HistoryWriter({ database, series, clock: systemClock, log: silentLogger })
  const checkpointer = new Checkpointer(database, silentLogger)
  pipeline.recordTo(writer)
  writer.start()
  const from = performance.now()
  let taken = 0
  for (const { device, time, round } of uplinks()) {
    for (let tag = 0; tag < TAGS; tag++) pipeline.event(device * TAGS + tag, reading(device, tag, round), time)
    writer.keep(`device${device}`, MEMORY)
    // As many as come in one turn of the event loop at most.
    if (++taken % 100 === 0) await new Promise(setImmediate)
  }
  await writer.stop()
  const seconds = (performance.now() - from) / 1_000
  const { written, lost, slowestCommitMs } = writer.health
  await checkpointer.stop()
  database.close()
  if (written !== ROWS || lost > 0) throw new Error(`history has ${written} of ${ROWS} samples, ${lost} were lost`)
  say(`slowest commit ${slowestCommitMs} ms`)
  return seconds
}

function seriesOf(database: Database.Database, tags: readonly IndexedTag[]): SeriesBook {
  const series = new SeriesBook(database)
  series.add(tags)
  return series
}

/** As long as what is remembered of a LoRaWAN device. */
const MEMORY = 'x'.repeat(2_500)

function plantTags(): readonly IndexedTag[] {
  const source: ChirpStackSourceConfig = {
    key: 'lora',
    kind: 'chirpstack',
    name: 'lora',
    disabled: false,
    url: 'http://127.0.0.1:8080',
    tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
    apiKeyEnv: 'KEY',
    callTimeoutMs: 1_000,
    inventoryPeriodMs: 60_000,
    metricsPeriodMs: 300_000,
    linkTags: false,
    devices: Array.from({ length: DEVICES }, (_, device) => ({
      key: `device${device}`,
      name: `device${device}`,
      disabled: false,
      badAfterMs: 600_000,
      devEui: device.toString(16).padStart(16, '0'),
      tags: Array.from({ length: TAGS }, (_, tag) => ({
        key: `t${tag}`,
        name: `t${tag}`,
        disabled: false,
        type: 'Double' as const,
        address: `object.t${tag}`,
      })),
    })),
  }
  return new TagIndexing({ sources: [source] }).present
}

async function inFolder(measure: (folder: string) => Promise<number>): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  try {
    return await measure(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number
