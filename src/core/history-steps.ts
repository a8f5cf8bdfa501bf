import type { Milliseconds } from './clock.ts'
import type { ValueShape } from './data-type.ts'
import {
  EARLIEST,
  type HistorySource,
  LATEST,
  type RecordedSample,
  type SampleRange,
  type SeriesName,
} from './history-source.ts'

/** The first sample from `from` on, in this order. */
export function first(
  source: HistorySource,
  series: SeriesName,
  order: SampleRange['order'],
  from: Milliseconds,
): RecordedSample | undefined {
  const range = order === 'ascending' ? { first: from, last: LATEST } : { first: EARLIEST, last: from }
  return source.read(series, { ...range, order, limit: 1 })[0]
}

/** Samples from `from` to `to`, both included, read step by step. */
export function* steps(
  source: HistorySource,
  series: SeriesName,
  order: SampleRange['order'],
  from: Milliseconds,
  to: Milliseconds,
): Generator<RecordedSample, void> {
  const limit = stepOf(series.shape)
  const ascending = order === 'ascending'
  for (let next = from; ascending ? next <= to : next >= to; ) {
    const range = ascending ? { first: next, last: to } : { first: to, last: next }
    const samples = source.read(series, { ...range, order, limit })
    yield* samples
    const end = samples.at(-1)
    if (!end || samples.length < limit) return
    next = ascending ? end.sourceTime + 1 : end.sourceTime - 1
  }
}

const SAMPLES_A_STEP = 1_000
const TEXTS_A_STEP = 100
const ELEMENTS_A_STEP = 4_000

/** Samples that can be read within some milliseconds. */
export function stepOf({ type, arrayLength }: ValueShape): number {
  const scalars = type === 'String' || type === 'ByteString' ? TEXTS_A_STEP : SAMPLES_A_STEP
  return arrayLength === undefined ? scalars : Math.max(1, Math.min(scalars, Math.floor(ELEMENTS_A_STEP / arrayLength)))
}

/** How far is looked for a value that can be used, among those that cannot. */
const MOST_SKIPPED = 10_000

/** Samples from `from` on, in this order, read in steps that begin small: few are wanted, but many may be skipped. */
export function* nearest(
  source: HistorySource,
  series: SeriesName,
  order: SampleRange['order'],
  from: Milliseconds,
): Generator<RecordedSample, void> {
  const ascending = order === 'ascending'
  let next = from
  for (let seen = 0, limit = 2; seen < MOST_SKIPPED; limit = Math.min(limit * 8, SAMPLES_A_STEP)) {
    const range = ascending ? { first: next, last: LATEST } : { first: EARLIEST, last: next }
    const samples = source.read(series, { ...range, order, limit })
    yield* samples
    const end = samples.at(-1)
    if (!end || samples.length < limit) return
    next = ascending ? end.sourceTime + 1 : end.sourceTime - 1
    seen += limit
  }
}
