import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Milliseconds } from '../core/clock.ts'
import { type DataType, shapeName } from '../core/data-type.ts'
import { PenstockError } from '../core/errors.ts'
import type { HistorySource, RecordedSample, SampleRange, SeriesName } from '../core/history-source.ts'
import { type Column, fromColumn } from './columns.ts'

/** How long a read may wait for somebody who mends the file after a crash. */
const BUSY_TIMEOUT: Milliseconds = 50

/** Value, status, source time and server time; as lists, rows cost half of what they cost as objects. */
type Row = readonly [Column | null, bigint | number, bigint | number, bigint | number]

type Page = Database.Statement<[string, string, number, number, number], Row>

/** The statements that read a page, by whether integers have to be read with all their bits. */
interface OpenFile {
  readonly database: Database.Database
  /** Which file it is: another one may come to stand under the same name. */
  readonly identity: string
  readonly pages: Readonly<Record<SampleRange['order'], { readonly exact: Page; readonly plain: Page }>>
}

/** Types whose values are INTEGER in the database. */
const isExact = (type: DataType): boolean => type === 'Boolean' || type === 'Int64' || type === 'UInt64'

/**
 * `data/history.db`, opened read-only beside the one who writes it. Each call is one statement that ends with it, so no
 * snapshot is kept and the write-ahead log can be emptied. A file that was put in the place of the one before, since
 * that was damaged, is opened anew.
 */
export class HistoryFile implements HistorySource {
  readonly #file: string
  #open: OpenFile | undefined

  constructor(dataFolder: string) {
    this.#file = join(dataFolder, 'history.db')
  }

  read({ tag, shape }: SeriesName, { first, last, order, limit }: SampleRange): readonly RecordedSample[] {
    try {
      const pages = this.#opened().pages[order]
      const page = isExact(shape.type) && shape.arrayLength === undefined ? pages.exact : pages.plain
      return page.all(tag, shapeName(shape), first, last, limit).map(([value, status, sourceTime, serverTime]) => ({
        value: value === null ? null : fromColumn(shape, value),
        status: Number(status),
        sourceTime: Number(sourceTime),
        serverTime: Number(serverTime),
      }))
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
      const statement = (order: 'ASC' | 'DESC'): Page =>
        database.prepare(
          `SELECT value, status, source_time, server_time FROM samples
           WHERE series = (SELECT id FROM series WHERE tag = ? AND type = ?) AND source_time BETWEEN ? AND ?
           ORDER BY source_time ${order} LIMIT ?`,
        )
      const both = (order: 'ASC' | 'DESC') => ({
        plain: statement(order).raw(),
        exact: statement(order).raw().safeIntegers(),
      })
      this.#open = { database, identity, pages: { ascending: both('ASC'), descending: both('DESC') } }
      return this.#open
    } catch (error) {
      database.close()
      throw error
    }
  }
}
