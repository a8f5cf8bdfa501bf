import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { windowFunctions, withAggregates } from '../../../src/core/aggregate-windows.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { Pipeline } from '../../../src/core/pipeline.ts'
import { TagIndexing } from '../../../src/core/tag-index.ts'
import { WindowAggregation } from '../../../src/engine/windows/window-aggregation.ts'
import { DatabaseHistory } from '../../../src/store/database-history.ts'
import { openHistoryDatabase } from '../../../src/store/history-database.ts'
import { HistoryWriter } from '../../../src/store/history-writer.ts'
import { SeriesBook } from '../../../src/store/series.ts'
import { aModbusDevice, aPlant, aTag } from '../../support/small-plant.ts'
import { type Experiment, makeRow } from '../row.ts'
import { longestTurn } from '../support/longest-turn.ts'

const TAGS = 10_000
const TAGS_A_DEVICE = 100
const WINDOW = 5_000
const RUNS = 3
const GOAL = 50

/** The windows of a whole plant that end together, with all that follows for their tags. */
export const aggregateWindows: Experiment = {
  rows: {
    'aggregate-windows-blocked': `longest that the ends of ${TAGS} windows of ${WINDOW / 1_000} s hold the thread, with ${windowFunctions.length} functions each and their history, the least of ${RUNS} ends, against the limit`,
  },
  async measure(say) {
    const folder = mkdtempSync(join(tmpdir(), 'penstock-bench-'))
    const database = openHistoryDatabase(folder)
    const aggregates = [{ windowMs: WINDOW, functions: windowFunctions, history: 'every' }] as const
    const devices = Array.from({ length: TAGS / TAGS_A_DEVICE }, (_, device) =>
      withAggregates(
        aModbusDevice(
          `d${device}`,
          Array.from({ length: TAGS_A_DEVICE }, (_each, tag) => aTag(`t${tag}`, { aggregates })),
        ),
      ),
    )
    const tags = new TagIndexing(aPlant(devices)).present
    const series = new SeriesBook(database)
    series.add(tags)
    const parts = { clock: systemClock, log: silentLogger }
    const pipeline = new Pipeline(tags, systemClock)
    const history = new HistoryWriter({ database, series, ...parts })
    const recorded = { source: new DatabaseHistory(database), history }
    const windows = new WindowAggregation({ sink: pipeline, table: pipeline.table, ...recorded, ...parts })
    pipeline.recordTo(history, windows)
    history.start()
    windows.start(tags)
    const read = tags.filter(({ tag }) => tag.aggregates)
    const [count] = tags.filter(({ tag }) => tag.aggregated?.function === 'count')
    let held = Number.POSITIVE_INFINITY
    for (let run = 1; run <= RUNS; run++) {
      say(`end ${run} of ${RUNS} of ${TAGS} windows`)
      for (const { index } of read) pipeline.polled(index, index + run)
      const last = () => pipeline.table.sourceTime[count?.index ?? 0] as number
      const before = last()
      const end = async () => {
        while (Object.is(last(), before)) await new Promise((resolve) => setTimeout(resolve, 1))
        await windows.tick()
        await history.commit()
      }
      held = Math.min(held, await longestTurn(end))
    }
    await windows.stop()
    await history.stop()
    database.close()
    rmSync(folder, { recursive: true })
    const name = 'aggregate-windows-blocked'
    const row = { name, unit: 'ms', value: held, baseline: GOAL, goal: `<= ${GOAL} ms` }
    return [makeRow({ ...row, ok: (ms) => ms <= GOAL })]
  },
}
