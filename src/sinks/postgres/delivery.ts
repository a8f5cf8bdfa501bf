import type { Milliseconds } from '../../core/clock.ts'
import type { PostgresConnection } from './connection.ts'
import { copiedColumns, copyLine, type HistoryColumn } from './copy-row.ts'
import type { Batch, QueuedEntry } from './lanes.ts'
import type { NamedSeries, TagRows } from './tag-rows.ts'
import { Turns } from './turns.ts'

/** A sample of a series, which the outbox numbers. */
export interface DeliveredSample {
  readonly series: number
  readonly sourceTime: Milliseconds
  readonly serverTime: Milliseconds
  readonly status: number
  readonly value: HistoryColumn
}

/** What a user deleted: from `first` to `last`, both included. */
export interface DeliveredDeletion {
  readonly series: number
  readonly first: Milliseconds
  readonly last: Milliseconds
}

/** An entry with what is in it. */
export interface DeliveredEntry extends QueuedEntry {
  /** A UUID. */
  readonly key: string
  /** When it was recorded. */
  readonly at: Milliseconds
  readonly content:
    | { readonly kind: 'samples'; readonly samples: readonly DeliveredSample[] }
    | { readonly kind: 'deletions'; readonly deletions: readonly DeliveredDeletion[] }
}

export interface DeliveryParts {
  readonly gateway: string
  readonly tags: TagRows
  readonly seriesOf: (ids: Iterable<number>) => ReadonlyMap<number, NamedSeries>
}

const values = 'server_time, status, number, whole, flag, text, bytes, moment, items'
/** A table of the session, emptied by each commit: COPY cannot say what becomes of a row that is there already. */
const MAKE_ARRIVING = `CREATE TEMPORARY TABLE arriving (turn integer, LIKE samples) ON COMMIT DELETE ROWS`
const COPY = `COPY arriving (${copiedColumns}) FROM STDIN`
const INSERT = `INSERT INTO samples (tag_id, source_time, ${values})
  SELECT tag_id, source_time, ${values} FROM arriving WHERE turn = $1
  ON CONFLICT (tag_id, source_time) DO UPDATE
    SET (${values}) = (${values
      .split(', ')
      .map((name) => `excluded.${name}`)
      .join(', ')})`
const UNLESS_LATER = ' WHERE excluded.server_time >= samples.server_time'

/** Puts what the outbox holds into the tables, with the mark that it is there, in one transaction a batch. */
export class Delivery {
  readonly #parts: DeliveryParts
  readonly #connection: PostgresConnection
  #gone: string[]

  private constructor(parts: DeliveryParts, connection: PostgresConnection, gone: string[]) {
    this.#parts = parts
    this.#connection = connection
    this.#gone = gone
  }

  /**
   * Begins with a session whose tables are there. `idsOf` says which entries have one of these keys; those are in the
   * tables already, and answered as `done`, by key.
   */
  static async begin(
    connection: PostgresConnection,
    parts: DeliveryParts,
    idsOf: (keys: ReadonlySet<string>) => ReadonlyMap<string, number>,
  ): Promise<{ readonly delivery: Delivery; readonly done: ReadonlyMap<string, number> }> {
    await connection.query(MAKE_ARRIVING)
    const rows = await connection.query<{ key: string }>('SELECT key FROM received WHERE gateway = $1', [parts.gateway])
    const ids = idsOf(new Set(rows.map(({ key }) => key)))
    const gone = rows.map(({ key }) => key).filter((key) => !ids.has(key))
    return { delivery: new Delivery(parts, connection, gone), done: ids }
  }

  /** The outbox has these no more, so that nobody will ask whether they were received. */
  forget(keys: readonly string[]): void {
    this.#gone.push(...keys)
  }

  /** Answers how many samples no database could take. Rejects where nothing of the batch was committed, or nobody knows. */
  async send({ entries, behind }: Batch<DeliveredEntry>): Promise<number> {
    const connection = this.#connection
    const gone = [...this.#gone]
    const unfit = await connection.transaction(async () => {
      // First: whoever sends the same at the same time waits here, and fails.
      await connection.query('INSERT INTO received (key, gateway) SELECT unnest($1::uuid[]), $2', [
        entries.map(({ key }) => key),
        this.#parts.gateway,
      ])
      if (gone.length > 0) await connection.query('DELETE FROM received WHERE key = ANY($1::uuid[])', [gone])
      const samples = entries.flatMap(({ content }) => (content.kind === 'samples' ? content.samples : []))
      const deletions = entries.flatMap(({ content, at }) =>
        content.kind === 'deletions' ? content.deletions.map((deletion) => ({ ...deletion, at })) : [],
      )
      const named = this.#parts.seriesOf(new Set([...samples, ...deletions].map(({ series }) => series)))
      await this.#parts.tags.settle(connection, named.values())
      for (const deletion of deletions) await this.#delete(deletion, named, behind)
      return samples.length > 0 ? await this.#insert(samples, named, behind) : 0
    })
    this.#gone = this.#gone.slice(gone.length)
    return unfit
  }

  async #insert(
    samples: readonly DeliveredSample[],
    named: ReadonlyMap<number, NamedSeries>,
    behind: boolean,
  ): Promise<number> {
    const turns = new Turns()
    const lines: string[] = []
    let unfit = 0
    for (const sample of samples) {
      const series = named.get(sample.series)
      const tagId = series && this.#parts.tags.idOf(series)
      const line =
        tagId === undefined ? undefined : copyLine(turns.of(sample), { ...sample, tagId, type: series?.type ?? '' })
      if (line === undefined) unfit++
      else lines.push(line)
    }
    await this.#connection.copy(COPY, lines.join(''))
    const statement = behind ? `${INSERT}${UNLESS_LATER}` : INSERT
    for (let turn = 0; turn < turns.count; turn++) await this.#connection.query(statement, [turn])
    return unfit
  }

  async #delete(
    { series, first, last, at }: DeliveredDeletion & { readonly at: Milliseconds },
    named: ReadonlyMap<number, NamedSeries>,
    behind: boolean,
  ): Promise<void> {
    const found = named.get(series)
    const tagId = found && this.#parts.tags.idOf(found)
    if (tagId === undefined) return
    const range = [tagId, ...[first, last].map(inCalendar)]
    const statement = 'DELETE FROM samples WHERE tag_id = $1 AND source_time BETWEEN $2 AND $3'
    if (!behind) await this.#connection.query(statement, range)
    else await this.#connection.query(`${statement} AND server_time <= $4`, [...range, new Date(at)])
  }
}

/** A range may be open to either side. */
function inCalendar(time: Milliseconds): string {
  const [first, last] = [Date.UTC(1, 0, 1), Date.UTC(9_999, 11, 31)]
  if (time < first) return '-infinity'
  return time > last ? 'infinity' : new Date(time).toISOString()
}
