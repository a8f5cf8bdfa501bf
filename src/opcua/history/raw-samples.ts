import type { Milliseconds } from '../../core/clock.ts'
import {
  EARLIEST,
  type HistorySource,
  LATEST,
  type RecordedSample,
  type SampleRange,
  type SeriesName,
} from '../../core/history-source.ts'
import { first, steps } from '../../core/history-steps.ts'
import { StatusCode } from '../../core/status-code.ts'

/** What a ReadRawModifiedDetails asks for (OPC 10000-11 §6.5.3). Times may have a fraction of a millisecond. */
export interface RawPlan {
  readonly order: SampleRange['order']
  /** Where to begin: in time order the earliest, against it the latest. */
  readonly start: Milliseconds
  /** Absent: until there are `total`. */
  readonly end: Milliseconds | undefined
  /** Bounding values are asked for. */
  readonly bounds: boolean
  /** The most values of one answer; 0: as many as the server gives. */
  readonly pageSize: number
  /** The most values of all answers; set where only one time is given. */
  readonly total: number | undefined
}

/** Where a read goes on: all that is known of what was given already. */
export interface RawPosition {
  /** The first source time, in the order of the read, that was not given yet. */
  readonly from: Milliseconds
  /** The bounding value at the start was given, or is not asked for. */
  readonly begun: boolean
  /** Source time of what was given last. */
  readonly previous: Milliseconds
}

/**
 * The plan of a read by its two times and its count, each undefined or 0 where it is not given; undefined where less
 * than two of them are (OPC 10000-11 §6.5.3.2).
 */
export function planRaw(
  start: Milliseconds | undefined,
  end: Milliseconds | undefined,
  count: number,
  bounds: boolean,
): RawPlan | undefined {
  const from = start ?? end
  if (from === undefined) return undefined
  if (start === undefined || end === undefined) {
    if (count === 0) return undefined
    const order = start === undefined ? 'descending' : 'ascending'
    return { order, start: from, end: undefined, bounds, pageSize: count, total: count }
  }
  return { order: end < start ? 'descending' : 'ascending', start, end, bounds, pageSize: count, total: undefined }
}

export const beginningOf = ({ order, start, bounds }: RawPlan): RawPosition => ({
  from: order === 'ascending' ? Math.ceil(start) : Math.floor(start),
  begun: !bounds,
  previous: start,
})

/** Where a read goes on that has given `sample` last. */
export function positionAfter(plan: RawPlan, position: RawPosition, { sourceTime }: RecordedSample): RawPosition {
  const ascending = plan.order === 'ascending'
  // A bounding value at the start may lie before it, and what lies between the two is not asked for.
  const isWithin = ascending ? sourceTime >= position.from : sourceTime <= position.from
  const next = ascending ? sourceTime + 1 : sourceTime - 1
  return { from: isWithin ? next : position.from, begun: true, previous: sourceTime }
}

/**
 * The samples of a read from `position` on, with its bounding values, in its order: what OPC 10000-11 §4.4 (table 1)
 * says of each combination. Reads in steps of some milliseconds, each of which sees what is written by then.
 */
export function* rawSamples(
  source: HistorySource,
  series: SeriesName,
  plan: RawPlan,
  position: RawPosition,
): Generator<RecordedSample, void> {
  const { order, end, bounds } = plan
  let at = position
  if (!at.begun) {
    const bound = startBound(source, series, plan)
    if (bound) {
      yield bound
      at = positionAfter(plan, at, bound)
    }
  }
  for (const sample of steps(source, series, order, at.from, lastOf(plan))) {
    yield sample
    at = positionAfter(plan, at, sample)
  }
  if (!bounds) return
  const bound = end === undefined ? undefined : first(source, series, order, beyond(order, at.from, end))
  yield bound ?? missing(end ?? at.previous + (order === 'ascending' ? 1_000 : -1_000))
}

/** The last source time that lies within the read; the end itself only where it is the start too. */
function lastOf({ order, start, end }: RawPlan): Milliseconds {
  if (end === undefined) return order === 'ascending' ? LATEST : EARLIEST
  if (end === start) return Math.floor(end)
  return order === 'ascending' ? Math.ceil(end) - 1 : Math.floor(end) + 1
}

/** The value at or before the start; undefined where the start itself has one, which the samples begin with. */
function startBound(source: HistorySource, series: SeriesName, { order, start }: RawPlan): RecordedSample | undefined {
  const ascending = order === 'ascending'
  const from = ascending ? Math.floor(start) : Math.ceil(start)
  const bound = first(source, series, ascending ? 'descending' : 'ascending', from)
  if (!bound) return missing(start)
  return bound.sourceTime === start ? undefined : bound
}

const beyond = (order: SampleRange['order'], from: Milliseconds, end: Milliseconds): Milliseconds =>
  order === 'ascending' ? Math.max(from, Math.ceil(end)) : Math.min(from, Math.floor(end))

const missing = (time: Milliseconds): RecordedSample => ({
  value: null,
  status: StatusCode.BadBoundNotFound,
  sourceTime: time,
  serverTime: time,
})
