import type { Accumulator, IntervalContext } from './aggregate.ts'
import { average, count, numberOfTransitions, standardDeviationSample, worstQuality } from './counts.ts'
import { delta, end, start } from './ends.ts'
import { extreme, range } from './extremes.ts'
import { duration, interpolative, timeAverage } from './over-time.ts'

interface AggregateFunction {
  readonly begin: (context: IntervalContext) => Accumulator
  /** It calculates, and so needs numbers. */
  readonly numeric: boolean
  /** It has results also after the last sample. */
  readonly extrapolates: boolean
}

const ofAll = (begin: AggregateFunction['begin']) => ({ begin, numeric: false, extrapolates: false })
const ofNumbers = (begin: AggregateFunction['begin']) => ({ begin, numeric: true, extrapolates: false })

/** The aggregates of OPC 10000-13 that there are, by their BrowseNames. */
export const aggregateFunctions = {
  Interpolative: { begin: interpolative, numeric: false, extrapolates: true },
  Average: ofNumbers(average),
  TimeAverage: ofNumbers(timeAverage('average')),
  Total: ofNumbers(timeAverage('total')),
  Minimum: ofNumbers(extreme('minimum', 'start')),
  Maximum: ofNumbers(extreme('maximum', 'start')),
  MinimumActualTime: ofNumbers(extreme('minimum', 'actualTime')),
  MaximumActualTime: ofNumbers(extreme('maximum', 'actualTime')),
  Range: ofNumbers(range),
  Count: ofAll(count),
  NumberOfTransitions: ofAll(numberOfTransitions),
  Start: ofAll(start),
  End: ofAll(end),
  Delta: ofNumbers(delta),
  DurationGood: ofAll(duration('good', 'milliseconds')),
  DurationBad: ofAll(duration('bad', 'milliseconds')),
  PercentGood: ofAll(duration('good', 'percent')),
  PercentBad: ofAll(duration('bad', 'percent')),
  WorstQuality: ofAll(worstQuality),
  StandardDeviationSample: ofNumbers(standardDeviationSample),
} as const satisfies Record<string, AggregateFunction>

export type AggregateName = keyof typeof aggregateFunctions
