import type { Milliseconds } from '../clock.ts'
import {
  EARLIEST,
  LATEST,
  type RecordedSample,
  type SampleColumns,
  type SampleSummary,
  sampleOf,
} from '../history-source.ts'
import { first, stepOf } from '../history-steps.ts'
import { type Accumulator, type AggregateResult, type Interval, IntervalContext, noData } from './aggregate.ts'
import type { Bound, BoundOptions } from './bounds.ts'
import { type AggregateName, aggregateFunctions } from './functions.ts'
import { type DataExtent, intervalAt, type ProcessedPlan } from './intervals.ts'

/**
 * Calculates one aggregate for the intervals of a read, one after the other. No more than a step of samples is held at
 * a time, however many an interval has.
 */
export class AggregateEvaluation {
  readonly #options: BoundOptions
  readonly #plan: ProcessedPlan
  readonly #aggregate: AggregateName
  readonly #bounds = new Map<Milliseconds, Bound>()
  readonly #extent: DataExtent | undefined
  /** Samples that were read ahead, from which one is next, and from and to when there are no others. */
  #ahead: readonly RecordedSample[] = []
  /** The same as columns, the next ones first, where they are at hand so. */
  #columns: SampleColumns[] = []
  #next = 0
  #aheadFrom: Milliseconds = LATEST
  #aheadTo: Milliseconds = EARLIEST

  constructor(aggregate: AggregateName, plan: ProcessedPlan, options: BoundOptions) {
    const { source, series } = options
    const earliest = first(source, series, 'ascending', EARLIEST)
    const latest = first(source, series, 'descending', LATEST)
    this.#options = options
    this.#plan = plan
    this.#aggregate = aggregate
    this.#extent = earliest && latest && { first: earliest.sourceTime, last: latest.sourceTime }
  }

  /** The series has no sample at all. */
  get isEmpty(): boolean {
    return this.#extent === undefined
  }

  /** Yields after each step of reading, so that the caller can let others go on; answers the interval's result. */
  *interval(index: number): Generator<undefined, AggregateResult> {
    const { begin, extrapolates } = aggregateFunctions[this.#aggregate]
    const interval = intervalAt(this.#plan, index, this.#extent ?? { first: LATEST, last: EARLIEST })
    const context = new IntervalContext(interval, this.#options, this.#bounds)
    if (interval.isOutside && !extrapolates) return noData(context)
    const accumulator = begin(context)
    if (!extrapolates) yield* this.#accumulate(interval, accumulator)
    return accumulator.result()
  }

  *#accumulate({ first, last }: Interval, accumulator: Accumulator): Generator<undefined, void> {
    for (let from = first; from <= last; ) {
      if (from < this.#aheadFrom || from > this.#aheadTo) {
        const summaries = this.#summariesFor(accumulator, from, last)
        const next = takeSummaries(accumulator, summaries, from)
        yield
        if (next > from) {
          from = next
          continue
        }
        this.#readAhead(from, last, summaries[0])
        yield
      }
      this.#addUntil(last, accumulator)
      from = this.#aheadTo + 1
    }
  }

  /** Gives the samples that were read ahead to the accumulator, up to and with this source time. */
  #addUntil(last: Milliseconds, accumulator: Accumulator): void {
    for (let columns = this.#columns[0]; columns; columns = this.#columns[0]) {
      const { sourceTimes, until } = columns
      while (this.#next < until && (sourceTimes[this.#next] as Milliseconds) <= last)
        accumulator.add(sampleOf(columns, this.#next++))
      if (this.#next < until) return
      this.#columns.shift()
      this.#next = this.#columns[0]?.from ?? 0
    }
    for (let sample = this.#ahead[this.#next]; sample; sample = this.#ahead[this.#next]) {
      if (sample.sourceTime > last) break
      accumulator.add(sample)
      this.#next++
    }
  }

  #summariesFor(accumulator: Accumulator, from: Milliseconds, last: Milliseconds): readonly SampleSummary[] {
    const { source, series } = this.#options
    // In less time than one step of samples takes there is hardly a summary.
    const isLong = last - from > this.#aheadTo - this.#aheadFrom
    return accumulator.addSummary && isLong ? source.summaries(series, from, last) : []
  }

  /** In the order of time the next intervals are read along: a statement for each would cost more than its samples. */
  #readAhead(from: Milliseconds, until: Milliseconds, summary: SampleSummary | undefined): void {
    const { source, series } = this.#options
    const limit = stepOf(series.shape)
    const wanted = this.#plan.end > this.#plan.start ? Math.ceil(this.#plan.end) - 1 : until
    // What has a summary is not read.
    const last = summary && summary.first > from ? summary.first - 1 : wanted
    this.#columns = [...source.columns(series, from, last)]
    this.#aheadFrom = from
    const columns = this.#columns.at(-1)
    if (columns) {
      this.#next = this.#columns[0]?.from ?? 0
      this.#ahead = []
      this.#aheadTo = columns.last
      return
    }
    this.#ahead = source.read(series, { first: from, last, order: 'ascending', limit })
    this.#next = 0
    this.#aheadTo = this.#ahead.length < limit ? last : (this.#ahead.at(-1)?.sourceTime ?? last)
  }
}

/** Gives summaries that begin at `from` to the accumulator, as far as it takes them; answers from where samples are missing. */
function takeSummaries(
  accumulator: Accumulator,
  summaries: readonly SampleSummary[],
  from: Milliseconds,
): Milliseconds {
  if (summaries[0]?.first !== from) return from
  for (const summary of summaries) {
    if (!accumulator.addSummary?.(summary)) break
    from = summary.last + 1
  }
  return from
}
