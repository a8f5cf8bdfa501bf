import type { Milliseconds } from '../../core/clock.ts'
import { isNumeric, type TagValue, type ValueShape } from '../../core/data-type.ts'
import {
  EARLIEST,
  type HistorySource,
  type RecordedSample,
  type SampleSummary,
  type SeriesName,
} from '../../core/history-source.ts'
import { isGood, StatusCode, statusName } from '../../core/status-code.ts'
import type { TrendAnswer } from '../api/schemas/values.ts'
import { qualityOf } from '../live/value-answer.ts'

/** Samples of one step, which takes about a millisecond. */
const A_STEP = 1_000
/** The most samples that one trend looks at one by one, of rows, and of chunks that need it. */
const MOST_ROWS = 200_000
const MOST_OF_CHUNKS = 1_000_000

type TrendSample = TrendAnswer['samples'][number]

export interface TrendSpan {
  readonly from: Milliseconds
  readonly to: Milliseconds
  /** Into how many parts the span is divided: pixels of the picture. */
  readonly parts: number
}

export const canBeDrawn = ({ type, arrayLength }: ValueShape): boolean =>
  arrayLength === undefined && (isNumeric(type) || type === 'Boolean' || type === 'String')

/**
 * The samples of a tag that a line of `parts` pixels needs to look as all of them would: of each part the first, least,
 * greatest and last, and the first that is not Good; before them the last one before the span, so that the line comes
 * in from its left. Each is a recorded sample with its own time. Where a part has a whole chunk of Good numbers, its
 * summary is enough, which has the least and the greatest. Reads in short steps, between which others have their turn.
 * Throws HISTORY_UNAVAILABLE.
 */
export async function trendOf(
  history: HistorySource,
  series: SeriesName,
  span: TrendSpan,
  signal: AbortSignal,
): Promise<Omit<TrendAnswer, 'tag'>> {
  const { from, to } = span
  const [before] = history.read(series, { first: EARLIEST, last: from - 1, order: 'descending', limit: 1 })
  const line = new Line(span)
  if (before) line.begin(before)
  let ofChunks = 0
  for (let next = from; next <= to && !signal.aborted; await new Promise(setImmediate)) {
    const summaries = history.summaries(series, next, to)
    const [earliest] = summaries
    if (earliest?.first !== next) {
      const last = earliest ? earliest.first - 1 : to
      const rows = history.read(series, { first: next, last, order: 'ascending', limit: A_STEP })
      const skipTo = line.addRows(rows)
      next = skipTo ?? (rows.length < A_STEP ? last : (rows.at(-1) as RecordedSample).sourceTime) + 1
      continue
    }
    for (const summary of summaries) {
      const mayRead = ofChunks < MOST_OF_CHUNKS
      next = summary.last + 1
      if (line.addSummary(summary, !mayRead)) continue
      const range = { first: summary.first, last: summary.last, order: 'ascending' } as const
      const samples = history.read(series, { ...range, limit: mayRead ? A_STEP : 1 })
      for (const sample of samples) line.add(sample)
      if (samples.length === A_STEP) next = (samples.at(-1) as RecordedSample).sourceTime + 1
      if (!mayRead) line.isThinned = true
      ofChunks += A_STEP
      break
    }
  }
  return { from, to, ...line.shown() }
}

/** A line as it is put together, part by part. */
class Line {
  isThinned = false
  readonly #from: Milliseconds
  readonly #width: Milliseconds
  readonly #shareOfPart: number
  readonly #samples: TrendSample[] = []
  #part = new Part(0)
  #isReduced = false

  constructor({ from, to, parts }: TrendSpan) {
    this.#from = from
    this.#width = Math.max(1, (to - from) / parts)
    this.#shareOfPart = Math.max(8, Math.floor(MOST_ROWS / parts))
  }

  /** What was recorded before the span. */
  begin(sample: RecordedSample): void {
    this.#samples.push(sampleOf(sample))
  }

  add(sample: RecordedSample): void {
    if (this.#partAt(sample.sourceTime).add(sample)) this.#isReduced = true
  }

  /** Answers where to go on, where a part has had so many that the rest of it is left out. */
  addRows(rows: readonly RecordedSample[]): Milliseconds | undefined {
    for (const row of rows) {
      this.add(row)
      if (this.#part.count < this.#shareOfPart) continue
      const end = Math.ceil(this.#from + (this.#part.number + 1) * this.#width)
      if (end <= row.sourceTime + 1) continue
      this.isThinned = true
      return end
    }
    return undefined
  }

  /** `coarsely`: also where a part has not all of its samples. Answers whether that says enough of them. */
  addSummary({ first, last, low, high, uncertain, bad, good }: SampleSummary, coarsely: boolean): boolean {
    if (!low || !high || uncertain + bad > 0) return false
    const isWithinPart = this.#numberOf(first) === this.#numberOf(last)
    if (!isWithinPart && !coarsely) return false
    const extremes = low.time === high.time ? [low] : [low, high].sort((one, other) => one.time - other.time)
    for (const { value, time } of extremes) {
      this.add({ value, status: StatusCode.Good, sourceTime: time, serverTime: time })
    }
    if (good > 2) this.#isReduced = true
    if (!isWithinPart) this.isThinned = true
    return true
  }

  shown(): Pick<TrendAnswer, 'samples' | 'reduced' | 'thinned'> {
    const samples = [...this.#samples, ...this.#part.shown.map(sampleOf)]
    return { samples, reduced: this.#isReduced || this.isThinned, thinned: this.isThinned }
  }

  #numberOf(time: Milliseconds): number {
    return Math.floor((time - this.#from) / this.#width)
  }

  #partAt(time: Milliseconds): Part {
    const number = this.#numberOf(time)
    if (number !== this.#part.number) {
      this.#samples.push(...this.#part.shown.map(sampleOf))
      this.#part = new Part(number)
    }
    return this.#part
  }
}

/** The samples of one part of a span, of which some are shown. */
class Part {
  readonly number: number
  count = 0
  #first: RecordedSample | undefined
  #last: RecordedSample | undefined
  #least: RecordedSample | undefined
  #greatest: RecordedSample | undefined
  #doubtful: RecordedSample | undefined

  constructor(number: number) {
    this.number = number
  }

  /** Answers whether there are more now than are shown. */
  add(sample: RecordedSample): boolean {
    this.count++
    this.#first ??= sample
    this.#last = sample
    if (!isGood(sample.status)) this.#doubtful ??= sample
    const value = numberOf(sample.value)
    if (typeof value === 'number') {
      if (this.#least === undefined || value < (numberOf(this.#least.value) as number)) this.#least = sample
      if (this.#greatest === undefined || value > (numberOf(this.#greatest.value) as number)) this.#greatest = sample
    }
    return this.count > 4 && this.count > this.shown.length
  }

  get shown(): RecordedSample[] {
    const all = [this.#first, this.#least, this.#greatest, this.#doubtful, this.#last]
    const different = new Set(all.filter((sample) => sample !== undefined))
    return [...different].sort((one, other) => one.sourceTime - other.sourceTime)
  }
}

const sampleOf = ({ value, status, sourceTime }: RecordedSample): TrendSample => ({
  time: sourceTime,
  value: numberOf(value),
  quality: qualityOf(status),
  status: statusName(status),
})

/** What a line can show: of a 64-bit integer as many digits as a number has. */
function numberOf(value: TagValue | null): number | string | null {
  if (value === null || typeof value === 'object') return null
  return typeof value === 'string' ? value : Number(value)
}
