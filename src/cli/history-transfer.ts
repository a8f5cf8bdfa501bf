import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Readable, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../core/clock.ts'
import { shapeName } from '../core/data-type.ts'
import { describeError } from '../core/errors.ts'
import type { RecordedSample, SeriesName } from '../core/history-source.ts'
import { textOf } from '../core/value-text.ts'
import { lockDataFolder } from '../store/data-folder-lock.ts'
import { openHistoryDatabase } from '../store/history-database.ts'
import { HistoryEditor } from '../store/history-editor.ts'
import { type HistoryRange, HistoryReader } from '../store/history-reader.ts'
import { ClientFailure, ExitCode } from './client/failure.ts'
import type { Output } from './client/options.ts'
import type { LocalGateway } from './config/local-gateway.ts'
import { readCsv } from './csv.ts'
import { csvRow, type HistoryColumn, historyColumns, parseRow, protocolLine } from './history-rows.ts'

export const exportFormats = ['csv', 'line'] as const
export type ExportFormat = (typeof exportFormats)[number]

/** Rows that are written together, and refused ones that are told one by one. */
const ROWS = 1_000
const MOST_TOLD = 20
/** After so many rows it is told how far it is. */
const TELL_EVERY = 100_000

/**
 * `penstock history export`: writes the samples of tags, one after the other, to `to`; no more than a page is in memory.
 * Reads the file itself, so it works beside a running gateway. Throws ClientFailure (usage, unknownNode).
 */
export async function exportHistory(
  folder: string,
  tags: readonly string[],
  range: HistoryRange,
  format: ExportFormat,
  to: Writable,
): Promise<void> {
  const reader = HistoryReader.open(folder)
  if (!reader) throw new ClientFailure(ExitCode.usage, `${folder} holds no history: give the data folder with --data`)
  try {
    const known = new Set(reader.tags())
    const unknown = tags.find((tag) => !known.has(tag))
    if (unknown !== undefined) throw new ClientFailure(ExitCode.unknownNode, `The history knows no tag ${unknown}`)
    const lines = linesOf(reader, tags.length > 0 ? tags : [...known], range, format)
    await pipeline(Readable.from(lines), to, { end: false })
  } finally {
    reader.close()
  }
}

function* linesOf(
  reader: HistoryReader,
  tags: readonly string[],
  range: HistoryRange,
  format: ExportFormat,
): Generator<string> {
  if (format === 'csv') yield `${historyColumns.join(',')}\n`
  const line = format === 'csv' ? csvRow : protocolLine
  for (const tag of tags) for (const sample of reader.samples(tag, range)) yield `${line(tag, sample)}\n`
}

/** What became of the rows of an import. */
export interface ImportReport {
  readonly taken: number
  /** There was a sample of that tag and time, which stays. */
  readonly duplicates: number
  readonly refused: number
}

/** Writes samples of several series where there are none; answers how many were written, and how many were there. */
type WriteSamples = (series: readonly SeriesSamples[]) => Promise<Pick<ImportReport, 'taken' | 'duplicates'>>

interface SeriesSamples {
  readonly series: SeriesName
  readonly samples: RecordedSample[]
}

/**
 * `penstock history import`: writes the rows of a CSV file, as `exportHistory` makes them, into the history of a data folder
 * whose gateway does not run. A row that cannot be taken is told by its line and keeps no other from being taken. Throws
 * ClientFailure (usage) for a file without the columns, and DATA_FOLDER_LOCKED.
 */
export async function importHistory(file: string, folder: string, clock: Clock, out: Output): Promise<ImportReport> {
  const lock = lockDataFolder(folder)
  try {
    const database = openHistoryDatabase(folder)
    try {
      const editor = new HistoryEditor({ database, clock })
      return await importRows(file, (series) => written(editor, series), clock, out)
    } finally {
      database.close()
    }
  } finally {
    lock.release()
  }
}

/**
 * The same into the history of a gateway that runs on this machine, which takes it behind what its devices say. Ends
 * early where the gateway goes: the same file may be imported again. Throws ClientFailure.
 */
export async function importThrough(
  gateway: Pick<LocalGateway, 'ask'>,
  file: string,
  clock: Clock,
  out: Output,
): Promise<ImportReport> {
  const write: WriteSamples = (all) => {
    const series = all.map(({ series: { tag, shape }, samples }) => ({
      tag,
      type: shapeName(shape),
      samples: samples.map(({ sourceTime, serverTime, status, value }) => [
        sourceTime,
        serverTime,
        status,
        value === null ? null : textOf(shape, value),
      ]),
    }))
    return gateway.ask('POST', '/history', { series })
  }
  return importRows(file, write, clock, out)
}

async function written(editor: HistoryEditor, all: readonly SeriesSamples[]) {
  const report = { taken: 0, duplicates: 0 }
  for (const each of all) {
    const { outcomes } = await editor.apply({ kind: 'write', mode: 'insert', ...each })
    for (const outcome of outcomes) report[outcome === 'inserted' ? 'taken' : 'duplicates']++
  }
  return report
}

async function importRows(file: string, write: WriteSamples, clock: Clock, out: Output): Promise<ImportReport> {
  const report = { taken: 0, duplicates: 0, refused: 0 }
  /** By series, since a file may have the rows of many tags in the order of time. */
  const batch = new Map<string, SeriesSamples>()
  let rows = 0
  const flush = async () => {
    if (batch.size === 0) return
    const { taken, duplicates } = await write([...batch.values()])
    report.taken += taken
    report.duplicates += duplicates
    batch.clear()
    rows = 0
  }
  let told = 0
  let columns: readonly (string | null)[] | undefined
  for await (const { line, fields } of readCsv(linesIn(file))) {
    if (!columns) {
      columns = header(file, fields)
      continue
    }
    const row = parseRow(record(columns, fields), clock.now())
    if (typeof row === 'string') {
      if (++report.refused <= MOST_TOLD) out.notice(`line ${line}: ${row}`)
      continue
    }
    const key = `${row.series.tag} ${shapeName(row.series.shape)}`
    const known = batch.get(key)
    if (known) known.samples.push(row.sample)
    else batch.set(key, { series: row.series, samples: [row.sample] })
    if (++rows < ROWS) continue
    await flush()
    const done = report.taken + report.duplicates
    if (done - told < TELL_EVERY) continue
    told = done
    out.notice(`${report.taken} values taken, ${report.duplicates} were there already; at line ${line}`)
  }
  if (!columns) throw new ClientFailure(ExitCode.usage, `${file} is empty: not even a header with its columns is there`)
  await flush()
  if (report.refused > MOST_TOLD) out.notice(`and ${report.refused - MOST_TOLD} more lines that cannot be taken`)
  return report
}

/** Throws ClientFailure where the file cannot be read. */
async function* linesIn(file: string): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: createReadStream(file, 'utf8') })
  } catch (error) {
    throw new ClientFailure(ExitCode.usage, `${file} cannot be read (${describeError(error)})`)
  }
}

function header(file: string, fields: readonly (string | null)[]): readonly (string | null)[] {
  const missing = historyColumns.filter((column) => column !== 'serverTime' && !fields.includes(column))
  if (missing.length === 0) return fields
  throw new ClientFailure(
    ExitCode.usage,
    `${file} has no column ${missing.join(', ')} in its first line: it has to be ${historyColumns.join(',')}, as penstock history export writes it`,
  )
}

const record = (
  columns: readonly (string | null)[],
  fields: readonly (string | null)[],
): Readonly<Record<HistoryColumn, string | null>> => {
  const field = (column: HistoryColumn) => fields[columns.indexOf(column)] ?? null
  return {
    tag: field('tag'),
    sourceTime: field('sourceTime'),
    value: field('value'),
    type: field('type'),
    status: field('status'),
    serverTime: field('serverTime'),
  }
}
