import type Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import type {
  HistorySource,
  RecordedSample,
  SampleColumns,
  SampleRange,
  SampleSummary,
  SeriesName,
} from '../core/history-source.ts'
import { fromColumn, isPlainColumn } from './columns.ts'
import { SeriesSamples } from './series-samples.ts'

/** The history in a database that is open already; throws as SQLite does. */
export class DatabaseHistory implements HistorySource {
  readonly #samples: SeriesSamples

  constructor(database: Database.Database) {
    this.#samples = new SeriesSamples(database)
  }

  read({ tag, shape }: SeriesName, range: SampleRange): readonly RecordedSample[] {
    const samples = this.#samples.read(tag, shape, range)
    if (isPlainColumn(shape)) return samples as readonly RecordedSample[]
    return samples.map((sample) => ({
      ...sample,
      value: sample.value === null ? null : fromColumn(shape, sample.value),
    }))
  }

  summaries({ tag, shape }: SeriesName, first: Milliseconds, last: Milliseconds): readonly SampleSummary[] {
    return this.#samples.summaries(tag, shape, first, last)
  }

  columns({ tag, shape }: SeriesName, first: Milliseconds, last: Milliseconds): readonly SampleColumns[] {
    return isPlainColumn(shape) ? this.#samples.columns(tag, shape, first, last) : []
  }
}
