import type { Milliseconds } from '../core/clock.ts'
import { shapeName, type TagValue, type ValueShape } from '../core/data-type.ts'
import type { RecordedSample, SeriesName } from '../core/history-source.ts'
import { GOOD_LIMITED_HIGH, GOOD_LIMITED_LOW, isBad, StatusCode, statusName } from '../core/status-code.ts'
import { scalarText, shapeNamed, textOf, valueIn } from '../core/value-text.ts'
import type { HistorySample } from '../store/history-reader.ts'
import { csvField } from './csv.ts'

/** The columns of exported history; an import needs all but the last, in any order. */
export const historyColumns = ['tag', 'sourceTime', 'value', 'type', 'status', 'serverTime'] as const
export type HistoryColumn = (typeof historyColumns)[number]

/** A sample as a row of comma-separated values, from which `parseRow` reads it exactly. */
export function csvRow(tag: string, { sourceTime, value, shape, status, serverTime }: HistorySample): string {
  const written = value === null ? null : textOf(shape, value)
  const fields = [tag, timeText(sourceTime), written, shapeName(shape), statusName(status), timeText(serverTime)]
  return fields.map(csvField).join(',')
}

/** A sample in InfluxDB line protocol; nanoseconds of the epoch. A sample without a value has its status alone. */
export function protocolLine(tag: string, sample: HistorySample): string {
  const { sourceTime, value, shape, status, serverTime } = sample
  const tags = `penstock,tag=${tag.replace(/[,= ]/g, '\\$&')},type=${shapeName(shape)}`
  const fields = [
    ...(value === null ? [] : [`value=${protocolValue(shape, value)}`]),
    `status=${quoted(statusName(status))}`,
    `received=${serverTime}i`,
  ]
  return `${tags} ${fields.join(',')} ${BigInt(sourceTime) * 1_000_000n}`
}

/** What a row says, or, as words that follow "line 5: ", why it says nothing. */
export function parseRow(
  fields: Readonly<Record<HistoryColumn, string | null>>,
  now: Milliseconds,
): { readonly series: SeriesName; readonly sample: RecordedSample } | string {
  const { tag, type } = fields
  if (tag === null || !/^[^/]+\/[^/]+$/.test(tag)) return `tag ${tag ?? ''} is not device/tag`
  const shape = shapeNamed(type ?? '')
  if (!shape) return `type ${type ?? ''} is no data type such as Double or Int16[3]`
  const sourceTime = timeIn(fields.sourceTime)
  if (sourceTime === undefined) return `sourceTime ${fields.sourceTime ?? ''} is no time such as ${EXAMPLE}`
  if (sourceTime > now + CLOCKS_DIFFER)
    return `sourceTime ${fields.sourceTime ?? ''} lies ahead of the clock of this machine`
  const serverTime = fields.serverTime === null ? now : timeIn(fields.serverTime)
  if (serverTime === undefined) return `serverTime ${fields.serverTime ?? ''} is no time such as ${EXAMPLE}`
  const status = statusIn(fields.status)
  if (status === undefined)
    return `status ${fields.status ?? ''} is no name of a StatusCode such as Good, and no 0x80050000`
  const value = fields.value === null ? null : valueIn(shape, fields.value)
  if (value === undefined) return `value ${fields.value} is no ${type ?? ''}`
  if (value === null && !isBad(status)) return `it has no value, but the status ${fields.status ?? ''}`
  return { series: { tag, shape }, sample: { value, status, sourceTime, serverTime } }
}

function protocolValue({ type, arrayLength }: ValueShape, value: TagValue): string {
  if (arrayLength !== undefined || typeof value === 'string' || typeof value === 'object' || type === 'DateTime') {
    return quoted(textOf({ type, arrayLength }, value))
  }
  if (typeof value === 'bigint') return type === 'UInt64' ? `${value}u` : `${value}i`
  return scalarText(type, value)
}

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&').replace(/\r?\n/g, ' ')}"`

/** A source time may be one that no calendar has; then it stays milliseconds of the epoch. */
function timeText(time: Milliseconds): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString()
}

/** Only with its zone: 07/08/2026 is in July or in August, and 10:00 is where somebody thinks to be. */
function timeIn(text: string | null): Milliseconds | undefined {
  if (text === null) return undefined
  if (/^-?\d{1,16}$/.test(text)) return Number.isSafeInteger(Number(text)) ? Number(text) : undefined
  const time = ZONED.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}

/** ISO 8601, as `timeText` writes it or with another zone. */
const ZONED = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/
const EXAMPLE = '2026-07-23T10:00:00Z or 2026-07-23T12:00:00+02:00'
/** What was exported of another machine may be so much ahead. */
const CLOCKS_DIFFER: Milliseconds = 60_000

const statuses: ReadonlyMap<string, number> = new Map(
  [...Object.values(StatusCode), GOOD_LIMITED_LOW, GOOD_LIMITED_HIGH].map((status) => [statusName(status), status]),
)

function statusIn(text: string | null): StatusCode | undefined {
  if (text === null) return undefined
  return statuses.get(text) ?? (/^0x[0-9A-Fa-f]{8}$/.test(text) ? Number(text) : undefined)
}
