import { type DataValue, type ReadAtTimeDetails, type StatusCode, StatusCodes } from 'node-opcua'
import { type BoundOptions, interpolatedBound, isStepped, simpleBound } from '../../core/aggregates/bounds.ts'
import { defaultAggregateConfiguration } from '../../core/aggregates/quality.ts'
import type { Milliseconds } from '../../core/clock.ts'
import type { RecordedSample } from '../../core/history-source.ts'
import { MOST_TIMES } from './limits.ts'
import type { Page, ReadContext } from './read-raw.ts'
import { timeOf } from './times.ts'

/** A read at given times under way. */
export interface AtTimeRead {
  readonly kind: 'atTime'
  readonly times: readonly Milliseconds[]
  /** Values come from the nearest samples, also where those are Bad. */
  readonly simpleBounds: boolean
  /** The time that comes next. */
  readonly index: number
}

/** Why it cannot be where there are no times, too many, or one that names no time. */
export function beginAtTime({ reqTimes, useSimpleBounds }: ReadAtTimeDetails): AtTimeRead | StatusCode {
  const asked = reqTimes ?? []
  if (asked.length > MOST_TIMES) return StatusCodes.BadTooManyOperations
  const times = asked.map(timeOf).filter((time) => time !== undefined)
  if (times.length === 0 || times.length < asked.length) return StatusCodes.BadHistoryOperationInvalid
  return { kind: 'atTime', times, simpleBounds: useSimpleBounds, index: 0 }
}

/** The values at the next times, in the order asked for (OPC 10000-11 §6.5.5). */
export async function readAtTime(
  read: AtTimeRead,
  { source, series, work, most, toValue }: ReadContext,
): Promise<Page<AtTimeRead>> {
  const { times, simpleBounds, index } = read
  const options = { source, series, config: defaultAggregateConfiguration, stepped: isStepped(series) }
  const values: DataValue[] = []
  const until = Math.min(times.length, index + most)
  for (const time of times.slice(index, until)) {
    values.push(toValue(valueAt(options, time, simpleBounds)))
    const pause = work.pause()
    if (pause) await pause
  }
  return { values, rest: until < times.length ? { ...read, index: until } : undefined, isEmpty: false }
}

function valueAt(options: BoundOptions, time: Milliseconds, simpleBounds: boolean): RecordedSample {
  const { value, status, raw } = (simpleBounds ? simpleBound : interpolatedBound)(options, time)
  return raw ?? { value, status: status >>> 0, sourceTime: time, serverTime: time }
}
