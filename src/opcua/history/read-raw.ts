import type { DataValue, ReadRawModifiedDetails } from 'node-opcua'
import type { TagValue } from '../../core/data-type.ts'
import type { HistorySource, RecordedSample, SeriesName } from '../../core/history-source.ts'
import { StatusCode } from '../../core/status-code.ts'
import { beginningOf, planRaw, positionAfter, type RawPlan, type RawPosition, rawSamples } from './raw-samples.ts'
import { timeOf } from './times.ts'
import type { Work } from './work.ts'

/** Elements and characters of one page, so that an answer stays a few megabytes. */
const MOST_SIZE = 1_000_000

/** A raw read under way. */
export interface RawRead {
  readonly kind: 'raw'
  readonly plan: RawPlan
  readonly at: RawPosition
  /** Values that may still be given; undefined: as many as there are. */
  readonly left: number | undefined
}

/** Some of the values of a read, and how it goes on. */
export interface Page<Read> {
  readonly values: DataValue[]
  /** Undefined: these were the last. */
  readonly rest: Read | undefined
  /** Nothing was found, not even a bounding value. */
  readonly isEmpty: boolean
}

/** What a read needs of the server. */
export interface ReadContext {
  readonly source: HistorySource
  readonly series: SeriesName
  readonly work: Work
  /** The most values of the page. */
  readonly most: number
  readonly toValue: (sample: RecordedSample) => DataValue
}

/** Undefined where too few of start, end and count are given. */
export function beginRaw(details: ReadRawModifiedDetails): RawRead | undefined {
  const { startTime, endTime, numValuesPerNode, returnBounds } = details
  const plan = planRaw(timeOf(startTime), timeOf(endTime), numValuesPerNode, returnBounds)
  return plan && { kind: 'raw', plan, at: beginningOf(plan), left: plan.total }
}

/** The next values of a raw read: not more than the client or the server wants in one answer. */
export async function readRaw(
  { plan, at, left }: RawRead,
  { source, series, work, most, toValue }: ReadContext,
): Promise<Page<RawRead>> {
  const limit = Math.min(plan.pageSize === 0 ? most : plan.pageSize, most, left ?? most)
  const values: DataValue[] = []
  let position = at
  let size = 0
  let isEmpty = true
  for (const sample of rawSamples(source, series, plan, at)) {
    if (values.length >= limit || size >= MOST_SIZE) {
      const rest = left === undefined ? undefined : left - values.length
      return { values, rest: rest === 0 ? undefined : { kind: 'raw', plan, at: position, left: rest }, isEmpty }
    }
    values.push(toValue(sample))
    position = positionAfter(plan, position, sample)
    size += sizeOf(sample.value)
    isEmpty &&= sample.status === StatusCode.BadBoundNotFound
    const pause = work.pause()
    if (pause) await pause
  }
  return { values, rest: undefined, isEmpty }
}

function sizeOf(value: TagValue | null): number {
  return typeof value === 'string' || (typeof value === 'object' && value !== null) ? value.length : 0
}
