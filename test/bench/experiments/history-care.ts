import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/core/clock.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { HistoryCompaction } from '../../../src/store/history-compaction.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { HistoryRetention } from '../../../src/store/history-retention.ts'
import { SeriesBook } from '../../../src/store/series.ts'
import { aTag, indexed } from '../../support/small-plant.ts'
import { type Experiment, makeRow } from '../row.ts'
import { longestTurn } from '../support/longest-turn.ts'

const TAGS = 100
const SAMPLES = 4_000
const RUNS = 3
const GOAL = 50
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** What deleting by size leaves. */
const LEFT = 2_000_000

type Work = 'compaction' | 'retention' | 'size'
const works: readonly Work[] = ['compaction', 'retention', 'size']

const what: Readonly<Record<Work, string>> = {
  compaction: `making chunks of ${TAGS * SAMPLES} rows`,
  retention: `deleting ${TAGS * SAMPLES} rows and as many samples in chunks that are too old`,
  size: `deleting the oldest of ${TAGS * SAMPLES} samples, as rows and in chunks, and giving back the space`,
}

/** How long each of what looks after the history keeps the engine from everything else at the most. */
export const historyCare: Experiment = {
  rows: Object.fromEntries(
    works.map((work) => [
      `history-care-${work}-blocked`,
      `longest that ${what[work]} holds the thread, the least of ${RUNS} runs, against the limit`,
    ]),
  ),
  async measure(say) {
    const held: Record<Work, number> = { compaction: Infinity, retention: Infinity, size: Infinity }
    for (let run = 1; run <= RUNS; run++) {
      for (const work of works) {
        say(`run ${run} of ${RUNS}: ${what[work]}`)
        // What else the machine does only adds to it.
        held[work] = Math.min(held[work], await holdOf(work))
      }
    }
    return works.map((work) =>
      makeRow({
        name: `history-care-${work}-blocked`,
        unit: 'ms',
        value: held[work],
        baseline: GOAL,
        goal: `<= ${GOAL} ms`,
        ok: (ms) => ms <= GOAL,
      }),
    )
  },
}

async function holdOf(work: Work): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
  const database = openHistoryDatabase(folder)
  const tags = indexed(Array.from({ length: TAGS }, (_, n) => aTag(`t${n}`, { history: 'every' })))
  const series = new SeriesBook(database)
  series.add(tags)
  const parts = { database, series, clock: systemClock, log: silentLogger, devices: () => ['meter'] }
  const insert = database.prepare('INSERT INTO samples VALUES (?, ?, ?, 0, ?)')
  const now = systemClock.now()
  const fill = database.transaction((tag: number, begin: number) => {
    for (let n = 0; n < SAMPLES; n++) insert.run(tag, begin + 1_000 * n, begin + 1_000 * n, ((n * 7) % 1_000) / 10)
  })
  const fillAll = (begin: number) => {
    for (const { index } of tags) fill(series.of(index) as number, begin)
  }
  const compaction = new HistoryCompaction({ ...parts, keepMs: 900 * DAY })
  compaction.start()
  try {
    fillAll(now - 20 * DAY)
    if (work === 'compaction') return await longestTurn(() => ended(compaction.run(), TAGS * SAMPLES))
    while ((await compaction.run()) > 0);
    fillAll(now - 10 * DAY)
    const byAge = { keepMs: DAY }
    const bySize = { keepMs: 900 * DAY, maxSize: LEFT }
    const retention = new HistoryRetention({ ...parts, ...(work === 'retention' ? byAge : bySize) })
    retention.start()
    try {
      return await longestTurn(() => ended(retention.sweep(), TAGS * SAMPLES))
    } finally {
      await retention.stop()
    }
  } finally {
    await compaction.stop()
    database.close()
    rmSync(folder, { recursive: true })
  }
}

async function ended(work: Promise<number>, least: number): Promise<void> {
  const samples = await work
  if (samples < least * 0.9) throw new Error(`only ${samples} samples were touched`)
}
