import type { WindowFunction } from '../aggregate-windows.ts'
import type { Milliseconds } from '../clock.ts'
import type { TagValue } from '../data-type.ts'
import type { RecordedSample } from '../history-source.ts'
import { StatusCode } from '../status-code.ts'
import type { Accumulator, AggregateResult, SampleContext } from './aggregate.ts'
import { average, count } from './counts.ts'
import { extreme } from './extremes.ts'
import { defaultAggregateConfiguration } from './quality.ts'

const accumulators: Readonly<Record<WindowFunction, (context: SampleContext) => Accumulator>> = {
  min: extreme('minimum', 'start'),
  max: extreme('maximum', 'start'),
  average,
  count,
}

/** The HistorianBits say how a result of HistoryRead came about, and are no part of a value (OPC 10000-4 §7.39.1). */
const WITHOUT_INFO_BITS = 0xffff_0000

/** What one window comes to in one function; `value` null: the status is Bad. */
export interface WindowResult {
  readonly value: TagValue | null
  readonly status: StatusCode
}

/**
 * What the samples of one window come to, by the aggregates of OPC 10000-13 §5.4.3 and the default configuration of its
 * §4.2.1.2: as a read of processed values over the same samples has it. They may be added in any order.
 */
export class WindowResults {
  readonly #accumulators: readonly Accumulator[]
  #samples = 0

  constructor(functions: readonly WindowFunction[], from: Milliseconds, width: Milliseconds) {
    const to = from + width
    const interval = { time: from, from, to, first: from, last: to - 1, isOutside: false, isPartial: false }
    const context = { interval, options: { config: defaultAggregateConfiguration } }
    this.#accumulators = functions.map((each) => accumulators[each](context))
  }

  add(sample: RecordedSample): void {
    this.#samples++
    for (const each of this.#accumulators) each.add(sample)
  }

  /** Nothing was said within the window, neither a value nor that there is none. */
  get isEmpty(): boolean {
    return this.#samples === 0
  }

  /** In the order of the functions; of an empty window none has a value, the count neither. */
  results(): readonly WindowResult[] {
    if (this.isEmpty) return this.#accumulators.map(() => ({ value: null, status: StatusCode.BadNoData }))
    return this.#accumulators.map((each) => withoutInfoBits(each.result()))
  }
}

const withoutInfoBits = ({ value, status }: AggregateResult): WindowResult => ({
  value,
  status: (status & WITHOUT_INFO_BITS) >>> 0,
})
