import type { Milliseconds } from '../clock.ts'
import { isNumeric, type TagValue } from '../data-type.ts'
import type { HistorySource, RecordedSample, SeriesName } from '../history-source.ts'
import { nearest } from '../history-steps.ts'
import { StatusCode } from '../status-code.ts'
import { type AggregateConfiguration, HistorianBits, isBadSample, severityOf } from './quality.ts'

/** The value at a moment, as OPC 10000-13 §3.1.7 estimates it where none was recorded then. */
export interface Bound {
  readonly value: TagValue | null
  /** With the HistorianBits. */
  readonly status: StatusCode
  /** Undefined where no value was recorded at that moment. */
  readonly raw: RecordedSample | undefined
}

export interface BoundOptions {
  readonly source: HistorySource
  readonly series: SeriesName
  readonly config: AggregateConfiguration
  /** Between two values the earlier holds, rather than a line that leads from one to the other. */
  readonly stepped: boolean
}

const nothing: Bound = { value: null, status: StatusCode.BadNoData, raw: undefined }

const estimate = (value: TagValue | null, isSure: boolean): Bound => ({
  value,
  status: (isSure ? StatusCode.Good : StatusCode.UncertainDataSubNormal) | HistorianBits.Interpolated,
  raw: undefined,
})

const isGood = ({ status }: RecordedSample): boolean => severityOf(status) === 0

/** OPC 10000-13 §3.1.8: from the nearest values that are not Bad. */
export function interpolatedBound(options: BoundOptions, time: Milliseconds): Bound {
  const { config } = options
  const earlier = usable(options, 'descending', Math.floor(time))
  const before = earlier.next().value
  if (!before) return nothing
  const { sample } = before
  if (sample.sourceTime === time) return { value: sample.value, status: sample.status, raw: sample }
  const after = usable(options, 'ascending', Math.ceil(time)).next().value
  const isSure = isGood(sample) && !before.skipped
  if (!after) {
    const one = config.useSlopedExtrapolation ? earlier.next().value?.sample : undefined
    return estimate(one && !options.stepped ? onLine(one, sample, time) : sample.value, false)
  }
  if (options.stepped) return estimate(sample.value, isSure)
  return estimate(onLine(sample, after.sample, time), isSure && isGood(after.sample) && !after.skipped)
}

/** OPC 10000-13 §3.1.9: from the nearest values, also where they are Bad. */
export function simpleBound(options: BoundOptions, time: Milliseconds): Bound {
  const { source, series, config, stepped } = options
  const [before] = nearest(source, series, 'descending', Math.floor(time))
  if (!before || isBadSample(before, config)) return nothing
  if (before.sourceTime === time) return { value: before.value, status: before.status, raw: before }
  const [after] = nearest(source, series, 'ascending', Math.ceil(time))
  if (stepped) return estimate(before.value, isGood(before) && after !== undefined)
  if (!after || isBadSample(after, config)) return estimate(before.value, false)
  return estimate(onLine(before, after, time), isGood(before) && isGood(after))
}

interface Usable {
  readonly sample: RecordedSample
  /** Bad ones lie between it and where the search began. */
  readonly skipped: boolean
}

function* usable(
  { source, series, config }: BoundOptions,
  order: 'ascending' | 'descending',
  from: Milliseconds,
): Generator<Usable, undefined> {
  let skipped = false
  for (const sample of nearest(source, series, order, from)) {
    if (isBadSample(sample, config)) skipped = true
    else yield { sample, skipped }
  }
  return undefined
}

/** The last value before this moment, or at it, that is not Bad. */
export function usableBefore(options: BoundOptions, time: Milliseconds): RecordedSample | undefined {
  return usable(options, 'descending', time).next().value?.sample
}

/** Where the line through two numbers is at a moment; values that are no numbers hold. */
function onLine(one: RecordedSample, other: RecordedSample, time: Milliseconds): TagValue | null {
  if (typeof one.value !== 'number' || typeof other.value !== 'number') return one.value
  const slope = (other.value - one.value) / (other.sourceTime - one.sourceTime)
  return one.value + slope * (time - one.sourceTime)
}

/** A number for a calculation; undefined for what is none. */
export function toNumber(value: TagValue | null): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}

/** Whether a tag's values go over into each other, or stay what they are until the next. */
export const isStepped = ({ shape: { type, arrayLength } }: SeriesName): boolean =>
  arrayLength !== undefined || (type !== 'Float' && type !== 'Double')

/** Whether a tag's values are numbers, with which can be calculated. */
export const isCalculable = ({ shape: { type, arrayLength } }: SeriesName): boolean =>
  arrayLength === undefined && isNumeric(type)
