import { isCalculable } from '../core/aggregates/bounds.ts'
import { type AggregateName, aggregateFunctions } from '../core/aggregates/functions.ts'
import { intervalCount, type ProcessedPlan } from '../core/aggregates/intervals.ts'
import {
  type AggregateConfiguration,
  defaultAggregateConfiguration,
  isValidConfiguration,
} from '../core/aggregates/quality.ts'
import { shapeName } from '../core/data-type.ts'
import type { SeriesName } from '../core/history-source.ts'
import { invalid } from './call-error.ts'
import { lengthOf, type TimeMessage, timeOf } from './timestamps.ts'

/** penstock.v1.ReadAggregatesRequest. */
export interface AggregatesRequest {
  readonly tag: string
  readonly start: TimeMessage | null
  readonly end: TimeMessage | null
  readonly interval: TimeMessage | null
  /** Names of penstock.v1.Aggregate; a number where it has none. */
  readonly aggregates: readonly (string | number)[]
  readonly configuration: AggregateConfiguration | null
}

/** What a read calculates. */
export interface AggregatesWanted {
  readonly plan: ProcessedPlan
  readonly intervals: number
  readonly aggregates: readonly AggregateName[]
  readonly config: AggregateConfiguration
}

const MOST_INTERVALS = 1_000_000
const MOST_AGGREGATES = 8

/** `TimeAverage` is AGGREGATE_TIME_AVERAGE. */
const nameOf = (aggregate: AggregateName): string =>
  `AGGREGATE_${aggregate.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`
const byName: ReadonlyMap<string | number, AggregateName> = new Map(
  (Object.keys(aggregateFunctions) as AggregateName[]).map((aggregate) => [nameOf(aggregate), aggregate]),
)

/** What is asked for. Throws CallError with what is wrong. */
export function wantedOf(request: AggregatesRequest, series: SeriesName): AggregatesWanted {
  const { start, end, interval } = request
  if (!start) throw invalid('start', 'not set', 'a time')
  if (!end) throw invalid('end', 'not set', 'a time')
  const width = interval ? lengthOf('interval', interval) : 0
  const plan = { start: timeOf('start', start), end: timeOf('end', end), width }
  if (plan.start === plan.end) throw invalid('end', 'the same as start', 'an earlier or a later time')
  const intervals = intervalCount(plan)
  if (intervals > MOST_INTERVALS) {
    throw invalid('interval', `${width} ms, which makes ${intervals} intervals`, `at most ${MOST_INTERVALS} intervals`)
  }
  const given = request.configuration
  if (given && !isValidConfiguration(given)) {
    const shares = `${given.percentDataBad} and ${given.percentDataGood}`
    const allowed = 'percent_data_bad and percent_data_good of at most 100, and of at least 100 together'
    throw invalid('configuration', shares, allowed)
  }
  const aggregates = aggregatesOf(request.aggregates, series)
  return { plan, intervals, aggregates, config: given ?? defaultAggregateConfiguration }
}

function aggregatesOf(given: AggregatesRequest['aggregates'], series: SeriesName): AggregateName[] {
  if (given.length === 0 || given.length > MOST_AGGREGATES) {
    throw invalid('aggregates', `a list of ${given.length}`, `a list of 1 to ${MOST_AGGREGATES}`)
  }
  return given.map((name, position) => {
    const field = `aggregates[${position}]`
    const aggregate = byName.get(name)
    if (!aggregate) throw invalid(field, String(name), `one of ${[...byName.keys()].join(', ')}`)
    if (!aggregateFunctions[aggregate].numeric || isCalculable(series)) return aggregate
    throw invalid(
      field,
      String(name),
      `an aggregate that does not calculate: ${series.tag} is ${shapeName(series.shape)}`,
    )
  })
}
