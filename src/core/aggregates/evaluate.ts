import type { Milliseconds } from '../clock.ts'
import { EARLIEST, LATEST, type RecordedSample } from '../history-source.ts'
import { first, steps } from '../history-steps.ts'
import { type AggregateResult, IntervalContext, noData } from './aggregate.ts'
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

  /** Yields after each sample, so that the caller can let others go on; answers the result of the interval. */
  *interval(index: number): Generator<RecordedSample | undefined, AggregateResult> {
    const { begin, extrapolates } = aggregateFunctions[this.#aggregate]
    const interval = intervalAt(this.#plan, index, this.#extent ?? { first: LATEST, last: EARLIEST })
    const context = new IntervalContext(interval, this.#options, this.#bounds)
    if (interval.isOutside && !extrapolates) return noData(context)
    const accumulator = begin(context)
    if (!extrapolates) {
      const { source, series } = this.#options
      for (const sample of steps(source, series, 'ascending', interval.first, interval.last)) {
        accumulator.add(sample)
        yield sample
      }
    }
    return accumulator.result()
  }
}
