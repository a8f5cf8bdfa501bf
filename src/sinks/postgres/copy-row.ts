import type { Milliseconds } from '../../core/clock.ts'
import { splitDateTime } from '../../core/date-time.ts'

/** What PostgreSQL can hold as a timestamptz, in years of the calendar (table 8.9 of its documentation). */
const FIRST_YEAR = -4_712
const LAST_YEAR = 294_275

/** A value of a series, as the history has it. */
export type HistoryColumn = bigint | number | string | Uint8Array | null

export interface CopiedSample {
  readonly tagId: number
  /** As `shapeName` has it. */
  readonly type: string
  readonly sourceTime: Milliseconds
  readonly serverTime: Milliseconds
  readonly status: number
  readonly value: HistoryColumn
}

/** The columns of a line, in order, and `turn`, see `Turns`. */
export const copiedColumns =
  'turn, tag_id, source_time, server_time, status, number, whole, flag, text, bytes, moment, items'

/**
 * A line in the text format of COPY (PostgreSQL documentation, COPY, "Text Format"); undefined where a time is none that
 * PostgreSQL has.
 */
export function copyLine(turn: number, sample: CopiedSample): string | undefined {
  const sourceTime = timeText(sample.sourceTime)
  const serverTime = timeText(sample.serverTime)
  if (sourceTime === undefined || serverTime === undefined) return undefined
  const values = valueColumns(sample.type, sample.value)
  return `${turn}\t${sample.tagId}\t${sourceTime}\t${serverTime}\t${sample.status}\t${values}\n`
}

const columns = ['number', 'whole', 'flag', 'text', 'bytes', 'moment', 'items'] as const
type ColumnName = (typeof columns)[number]

/** Which column has the values of a type. */
function columnOf(type: string): ColumnName {
  if (type.includes('[')) return 'items'
  switch (type) {
    case 'Boolean':
      return 'flag'
    case 'Int64':
    case 'UInt64':
      return 'whole'
    case 'String':
      return 'text'
    case 'ByteString':
      return 'bytes'
    case 'DateTime':
      return 'moment'
    default:
      return 'number'
  }
}

function valueColumns(type: string, value: HistoryColumn): string {
  if (value === null) return nulls(undefined, '')
  const column = columnOf(type)
  switch (column) {
    case 'flag':
      return nulls(column, value === 1n ? 't' : 'f')
    case 'whole':
      return nulls(column, String(type === 'UInt64' ? BigInt.asUintN(64, value as bigint) : value))
    case 'bytes':
      return nulls(column, bytesText(value as Uint8Array))
    case 'moment':
      return nulls(column, momentText(value as number))
    case 'items':
      return nulls(column, escaped(String(value)))
    case 'text': {
      const text = String(value)
      return text.includes('\0') ? nulls('bytes', bytesText(Buffer.from(text))) : nulls(column, escaped(text))
    }
    default:
      return nulls(column, Object.is(value, -0) ? '-0' : String(value))
  }
}

/** The columns of values, all empty but one. */
const nulls = (column: ColumnName | undefined, value: string): string =>
  columns.map((each) => (each === column ? value : '\\N')).join('\t')

const bytesText = (bytes: Uint8Array): string => `\\\\x${Buffer.from(bytes).toString('hex')}`

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
const escaped = (text: string): string => text.replace(/[\\\t\n\r]/g, (each) => escapes[each] ?? each)

/** ISO 8601 as PostgreSQL reads it: with as many digits as the year has, and BC before the year 1. */
export function timeText(time: Milliseconds): string | undefined {
  const date = new Date(time)
  const year = date.getUTCFullYear()
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) return undefined
  const written = date.toISOString()
  if (year >= 1 && year <= 9_999) return written
  const rest = written.slice(-'01-01T00:00:00.000Z'.length)
  return year >= 1 ? `${year}-${rest}` : `${String(1 - year).padStart(4, '0')}-${rest} BC`
}

/** PostgreSQL keeps whole microseconds. */
function momentText(time: Milliseconds): string {
  const { whole, ticks } = splitDateTime(time)
  return `${new Date(whole).toISOString().slice(0, -1)}${String(ticks).padStart(4, '0')}Z`
}
