import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type {
  HistorySource,
  RecordedSample,
  SampleColumns,
  SampleRange,
  SampleSummary,
  SeriesName,
} from '../core/history-source.ts'
import { DatabaseHistory } from './database-history.ts'

/** How long a read may wait for somebody who mends the file after a crash. */
const BUSY_TIMEOUT: Milliseconds = 50

interface OpenFile {
  readonly database: Database.Database
  /** Which file it is: another one may come to stand under the same name. */
  readonly identity: string
  readonly history: HistorySource
}

/**
 * `data/history.db`, opened read-only beside the one who writes it. Each call is a transaction that ends with it, so no
 * snapshot is kept and the write-ahead log can be emptied. A file that was put in the place of the one before, since
 * that was damaged, is opened anew.
 */
export class HistoryFile implements HistorySource {
  readonly #file: string
  #open: OpenFile | undefined

  constructor(dataFolder: string) {
    this.#file = join(dataFolder, 'history.db')
  }

  read(series: SeriesName, range: SampleRange): readonly RecordedSample[] {
    return this.#ask((history) => history.read(series, range))
  }

  summaries(series: SeriesName, first: Milliseconds, last: Milliseconds): readonly SampleSummary[] {
    return this.#ask((history) => history.summaries(series, first, last))
  }

  columns(series: SeriesName, first: Milliseconds, last: Milliseconds): readonly SampleColumns[] {
    return this.#ask((history) => history.columns(series, first, last))
  }

  #ask<Answer>(question: (history: HistorySource) => Answer): Answer {
    try {
      return question(this.#opened().history)
    } catch (cause) {
      this.close()
      throw new PenstockError('HISTORY_UNAVAILABLE', `${this.#file} cannot be read: check that it is there`, { cause })
    }
  }

  /** Lets go of the file; a later `read` opens it again. */
  close(): void {
    this.#open?.database.close()
    this.#open = undefined
  }

  #opened(): OpenFile {
    const { dev, ino } = statSync(this.#file)
    const identity = `${dev}:${ino}`
    if (this.#open?.identity === identity) return this.#open
    this.close()
    const database = new Database(this.#file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT })
    try {
      this.#open = { database, identity, history: new DatabaseHistory(database) }
      return this.#open
    } catch (error) {
      database.close()
      throw error
    }
  }
}
