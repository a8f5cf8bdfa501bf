import type { Milliseconds } from '../../core/clock.ts'
import { isNumeric, type TagValue, type ValueShape } from '../../core/data-type.ts'
import { EARLIEST, type HistorySource, type RecordedSample, type SeriesName } from '../../core/history-source.ts'
import { isGood, statusName } from '../../core/status-code.ts'
import type { TrendAnswer } from '../api/schemas/values.ts'
import { qualityOf } from '../live/value-answer.ts'

/** Samples of one step, which takes about a millisecond. */
const A_STEP = 1_000
/** The most samples that one trend looks at. */
const MOST_LOOKED_AT = 200_000

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
 * in from its left. Each is a recorded sample with its own time. Reads in short steps, between which others have their
 * turn. Throws HISTORY_UNAVAILABLE.
 */
export async function trendOf(
  history: HistorySource,
  series: SeriesName,
  { from, to, parts }: TrendSpan,
  signal: AbortSignal,
): Promise<Omit<TrendAnswer, 'tag'>> {
  const width = Math.max(1, (to - from) / parts)
  const shareOfPart = Math.max(8, Math.floor(MOST_LOOKED_AT / parts))
  const [before] = history.read(series, { first: EARLIEST, last: from - 1, order: 'descending', limit: 1 })
  const samples: TrendSample[] = before ? [sampleOf(before)] : []
  let part = new Part(0)
  let reduced = false
  let thinned = false
  let next = from
  while (next <= to && !signal.aborted) {
    const rows = history.read(series, { first: next, last: to, order: 'ascending', limit: A_STEP })
    let skipTo: number | undefined
    for (const row of rows) {
      const number = Math.floor((row.sourceTime - from) / width)
      if (number !== part.number) {
        samples.push(...part.shown.map(sampleOf))
        part = new Part(number)
      }
      if (part.add(row)) reduced = true
      if (part.count < shareOfPart) continue
      const end = Math.ceil(from + (number + 1) * width)
      if (end > row.sourceTime + 1) {
        thinned = true
        skipTo = end
        break
      }
    }
    if (rows.length < A_STEP && skipTo === undefined) break
    next = skipTo ?? (rows.at(-1) as RecordedSample).sourceTime + 1
    await new Promise(setImmediate)
  }
  samples.push(...part.shown.map(sampleOf))
  return { from, to, samples, reduced: reduced || thinned, thinned }
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
