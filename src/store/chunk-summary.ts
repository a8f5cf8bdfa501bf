import { isCalculable } from '../core/aggregates/bounds.ts'
import { isGoodSample, QualityCount } from '../core/aggregates/quality.ts'
import type { Milliseconds } from '../core/clock.ts'
import type { ValueShape } from '../core/data-type.ts'
import { ExactSum } from '../core/exact-sum.ts'
import type { SampleSummary, SummaryExtreme } from '../core/history-source.ts'
import { isBad } from '../core/status-code.ts'
import type { StoredSample } from './chunk-codec.ts'
import { type Column, fromColumn, toColumn } from './columns.ts'

/** A summary as it stands in the columns of `chunks`; times of the chunk's ends are beside it. */
export interface SummaryColumns {
  readonly good: number
  readonly uncertain: number
  readonly bad: number
  readonly low: Column | null
  readonly lowTime: Milliseconds | null
  readonly lowCount: number | null
  readonly high: Column | null
  readonly highTime: Milliseconds | null
  readonly highCount: number | null
  readonly uncertainLow: Column | null
  readonly uncertainHigh: Column | null
  readonly total: Buffer | null
}

type Numeric = number | bigint

/** What the samples of a series of this shape come to. */
export function summarize(shape: ValueShape, samples: readonly StoredSample[]): SummaryColumns {
  const count = new QualityCount()
  const sum = new ExactSum()
  const calculable = isCalculable({ tag: '', shape })
  let low: SummaryExtreme | undefined
  let high: SummaryExtreme | undefined
  let uncertainLow: Numeric | undefined
  let uncertainHigh: Numeric | undefined
  for (const stored of samples) {
    const { status, sourceTime } = stored
    const value = stored.value === null ? null : fromColumn(shape, stored.value)
    const sample = { ...stored, value }
    count.add(sample)
    if (!calculable || (typeof value !== 'number' && typeof value !== 'bigint') || isBad(status)) continue
    if (isGoodSample(sample)) {
      sum.add(Number(value))
      low = extreme(low, value, sourceTime, low === undefined || value < low.value)
      high = extreme(high, value, sourceTime, high === undefined || value > high.value)
    } else {
      if (uncertainLow === undefined || value < uncertainLow) uncertainLow = value
      if (uncertainHigh === undefined || value > uncertainHigh) uncertainHigh = value
    }
  }
  const { parts } = sum
  return {
    ...{ good: count.good, uncertain: count.uncertain, bad: count.bad },
    ...{ low: column(low?.value), lowTime: low?.time ?? null, lowCount: low?.count ?? null },
    ...{ high: column(high?.value), highTime: high?.time ?? null, highCount: high?.count ?? null },
    ...{ uncertainLow: column(uncertainLow), uncertainHigh: column(uncertainHigh) },
    total: calculable && parts ? Buffer.from(Float64Array.from(parts).buffer) : null,
  }
}

/** The columns as read with safe integers. */
type Read<Columns> = {
  readonly [Name in keyof Columns]: number extends Columns[Name] ? bigint | Columns[Name] : Columns[Name]
}
export type SummaryRow = Read<SummaryColumns & { readonly firstTime: Milliseconds; readonly lastTime: Milliseconds }>

/** The summary that `summarize` made of samples of a series of this shape. */
export function summaryOf(shape: ValueShape, row: SummaryRow): SampleSummary {
  const number = (column: Column | null): Numeric | undefined =>
    column === null ? undefined : (fromColumn(shape, column) as Numeric)
  const extreme = (column: Column | null, time: unknown, count: unknown): SummaryExtreme | undefined => {
    const value = number(column)
    return value === undefined ? undefined : { value, time: Number(time), count: Number(count) }
  }
  return {
    first: Number(row.firstTime),
    last: Number(row.lastTime),
    good: Number(row.good),
    uncertain: Number(row.uncertain),
    bad: Number(row.bad),
    low: extreme(row.low, row.lowTime, row.lowCount),
    high: extreme(row.high, row.highTime, row.highCount),
    uncertainLow: number(row.uncertainLow),
    uncertainHigh: number(row.uncertainHigh),
    total: row.total === null ? undefined : doublesOf(row.total),
  }
}

function extreme(
  known: SummaryExtreme | undefined,
  value: Numeric,
  time: Milliseconds,
  isBeyond: boolean,
): SummaryExtreme | undefined {
  if (isBeyond) return { value, time, count: 1 }
  return known?.value === value ? { ...known, count: known.count + 1 } : known
}

const column = (value: Numeric | undefined): Column | null => (value === undefined ? null : toColumn(value))

const doublesOf = (bytes: Buffer): readonly number[] =>
  Array.from({ length: bytes.length / 8 }, (_, at) => bytes.readDoubleLE(8 * at))
