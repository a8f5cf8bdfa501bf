import { type Logger, silentLogger } from '../../src/core/logger.ts'
import { Pipeline } from '../../src/core/pipeline.ts'
import type { TagConfig } from '../../src/core/plant.ts'
import { openHistoryDatabase } from '../../src/store/history-database.ts'
import { HistoryReader, type HistorySample } from '../../src/store/history-reader.ts'
import { HistoryWriter } from '../../src/store/history-writer.ts'
import { SeriesBook } from '../../src/store/series.ts'
import { ManualClock } from './manual-clock.ts'
import { indexed } from './small-plant.ts'

/** A run of the gateway as far as history goes: a pipeline whose device `meter` has `tags`, recording into `folder`. */
export function historyRun(
  folder: string,
  tags: readonly TagConfig[],
  { clock = new ManualClock(), log = silentLogger }: { clock?: ManualClock; log?: Logger } = {},
) {
  const database = openHistoryDatabase(folder)
  const list = indexed(tags)
  const series = new SeriesBook(database)
  series.add(list)
  const pipeline = new Pipeline(list, clock)
  const writer = new HistoryWriter({ database, series, clock, log })
  pipeline.recordTo(writer)
  writer.start()
  const close = async () => {
    await writer.stop()
    database.close()
  }
  return { clock, database, series, pipeline, writer, close }
}

/** What `history.db` of the folder has of a tag, in the order of time. */
export function historyOf(
  folder: string,
  tag: string,
  range?: Parameters<HistoryReader['samples']>[1],
): HistorySample[] {
  const reader = HistoryReader.open(folder)
  try {
    return [...(reader?.samples(tag, range) ?? [])]
  } finally {
    reader?.close()
  }
}

/** The values alone. */
export const valuesOf = (folder: string, tag: string) => historyOf(folder, tag).map(({ value }) => value)
