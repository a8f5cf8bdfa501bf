import {
  type AggregateConfiguration as AggregateConfigurationStructure,
  type DataValue,
  type NodeId,
  ObjectIds,
  type ReadProcessedDetails,
  type StatusCode,
  StatusCodes,
} from 'node-opcua'
import type { AggregateResult } from '../../core/aggregates/aggregate.ts'
import { isCalculable, isStepped } from '../../core/aggregates/bounds.ts'
import { AggregateEvaluation } from '../../core/aggregates/evaluate.ts'
import { type AggregateName, aggregateFunctions } from '../../core/aggregates/functions.ts'
import { intervalCount, type ProcessedPlan } from '../../core/aggregates/intervals.ts'
import {
  type AggregateConfiguration,
  defaultAggregateConfiguration,
  isValidConfiguration,
} from '../../core/aggregates/quality.ts'
import type { SeriesName } from '../../core/history-source.ts'
import type { Page, ReadContext } from './read-raw.ts'
import { timeOf } from './times.ts'

/** A processed read under way. */
export interface ProcessedRead {
  readonly kind: 'processed'
  readonly aggregate: AggregateName
  readonly plan: ProcessedPlan
  readonly config: AggregateConfiguration
  /** The interval that comes next. */
  readonly index: number
}

/** The standard NodeIds of the aggregates that there are. */
export const aggregateIds: readonly (readonly [AggregateName, number])[] = (
  Object.keys(aggregateFunctions) as AggregateName[]
).map((name) => [name, ObjectIds[`AggregateFunction_${name}`]])

/** What is to be calculated, or why that cannot be; `aggregate` is the one that belongs to the node. */
export function beginProcessed(
  { startTime, endTime, processingInterval, aggregateConfiguration }: ReadProcessedDetails,
  aggregate: NodeId,
  series: SeriesName,
): ProcessedRead | StatusCode {
  const [start, end] = [timeOf(startTime), timeOf(endTime)]
  if (start === undefined || end === undefined || start === end) return StatusCodes.BadInvalidArgument
  if (!(processingInterval >= 0)) return StatusCodes.BadInvalidArgument
  const name = aggregateIds.find(([, id]) => aggregate.namespace === 0 && aggregate.value === id)?.[0]
  if (!name || (aggregateFunctions[name].numeric && !isCalculable(series))) return StatusCodes.BadAggregateNotSupported
  const config = configurationOf(aggregateConfiguration)
  if (!isValidConfiguration(config)) return StatusCodes.BadAggregateInvalidInputs
  return { kind: 'processed', aggregate: name, plan: { start, end, width: processingInterval }, config, index: 0 }
}

function configurationOf(structure: AggregateConfigurationStructure): AggregateConfiguration {
  if (structure.useServerCapabilitiesDefaults) return defaultAggregateConfiguration
  const { treatUncertainAsBad, percentDataBad, percentDataGood, useSlopedExtrapolation } = structure
  return { treatUncertainAsBad, percentDataBad, percentDataGood, useSlopedExtrapolation }
}

/** The results of the next intervals: as many as fit, or as can be calculated in about a second. */
export async function readProcessed(
  read: ProcessedRead,
  { source, series, work, most, resultOf }: ReadContext & { readonly resultOf: (result: AggregateResult) => DataValue },
): Promise<Page<ProcessedRead>> {
  const { aggregate, plan, config } = read
  const evaluation = new AggregateEvaluation(aggregate, plan, { source, series, config, stepped: isStepped(series) })
  if (evaluation.isEmpty) return { values: [], rest: undefined, isEmpty: true }
  const all = intervalCount(plan)
  const values: DataValue[] = []
  let index = read.index
  for (; index < all && values.length < most && !(work.isLong && values.length > 0); index++) {
    const interval = evaluation.interval(index)
    let step = interval.next()
    for (; !step.done; step = interval.next()) {
      const pause = work.pause()
      if (pause) await pause
    }
    values.push(resultOf(step.value))
    const pause = work.pause()
    if (pause) await pause
  }
  return { values, rest: index < all ? { ...read, index } : undefined, isEmpty: false }
}
