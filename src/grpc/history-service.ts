import type { AggregateResult } from '../core/aggregates/aggregate.ts'
import { isStepped } from '../core/aggregates/bounds.ts'
import { AggregateEvaluation } from '../core/aggregates/evaluate.ts'
import type { DataType } from '../core/data-type.ts'
import { EARLIEST, LATEST, type SeriesName } from '../core/history-source.ts'
import { steps } from '../core/history-steps.ts'
import { type AggregatesRequest, wantedOf } from './aggregates.ts'
import type { Calls, StreamCall } from './call.ts'
import { invalid, notFound, numberIn } from './call-error.ts'
import { isFull, weightOf } from './parts.ts'
import { type GrpcService, LOOK_WITHIN } from './service.ts'
import { type TimeMessage, timeOf, timestamp } from './timestamps.ts'
import { Turns } from './turns.ts'
import { type SampleMessage, sampleMessage } from './values.ts'

interface RawRequest {
  readonly tag: string
  readonly start: TimeMessage | null
  readonly end: TimeMessage | null
  readonly newestFirst: boolean
  readonly limit: number
  readonly pageSize: number
}

interface RawPage {
  readonly samples: readonly SampleMessage[]
}

interface IntervalMessage {
  readonly start: TimeMessage | undefined
  readonly results: readonly SampleMessage[]
}

interface AggregatesPage {
  readonly intervals: readonly IntervalMessage[]
}

const INTERVALS_A_PAGE = 500

/** penstock.v1.HistoryService. */
export function historyService(calls: Calls, { feed, history, clock }: GrpcService) {
  const seriesOf = async (tag: string): Promise<SeriesName> => {
    const found = (await feed.look(LOOK_WITHIN)).indexing.byId(tag)
    if (!found) throw notFound(`The plant has no tag "${tag}".`)
    const { type, arrayLength } = found.tag
    return { tag, shape: { type, arrayLength } }
  }

  return {
    ReadRaw: calls.streaming(async ({ request, signal, send }: StreamCall<RawRequest, RawPage>) => {
      const most = numberIn('page_size', request.pageSize, 5_000, 1_000)
      const { order, from, to } = spanOf(request)
      const series = await seriesOf(request.tag)
      const turns = new Turns(clock, signal)
      let left = request.limit === 0 ? Number.POSITIVE_INFINITY : request.limit
      let samples: SampleMessage[] = []
      let weight = 0
      for (const sample of steps(history, series, order, from, to)) {
        samples.push(sampleMessage(series.shape.type, sample))
        weight += weightOf(sample.value)
        left--
        if (samples.length >= most || isFull(weight) || left === 0) {
          await send({ samples })
          samples = []
          weight = 0
        }
        if (left === 0) return
        await turns.next()
      }
      if (samples.length > 0) await send({ samples })
    }),

    ReadAggregates: calls.streaming(async (call: StreamCall<AggregatesRequest, AggregatesPage>) => {
      const { request, signal, send } = call
      const series = await seriesOf(request.tag)
      const { plan, intervals, aggregates, config } = wantedOf(request, series)
      const options = { source: history, series, config, stepped: isStepped(series) }
      const evaluations = aggregates.map((aggregate) => new AggregateEvaluation(aggregate, plan, options))
      const turns = new Turns(clock, signal)
      const step = Math.sign(plan.end - plan.start) * plan.width
      let page: IntervalMessage[] = []
      for (let index = 0; index < intervals; index++) {
        const results: SampleMessage[] = []
        for (const evaluation of evaluations) {
          results.push(resultMessage(series.shape.type, await resultOf(evaluation, index, turns)))
        }
        page.push({ start: timestamp(plan.start + index * step), results })
        if (page.length < INTERVALS_A_PAGE) continue
        await send({ intervals: page })
        page = []
      }
      if (page.length > 0) await send({ intervals: page })
    }),
  }
}

/** The source times that are asked for, both included, in the order of the read. */
function spanOf({ start, end, newestFirst }: RawRequest) {
  const first = start ? Math.ceil(timeOf('start', start)) : EARLIEST
  const last = end ? Math.ceil(timeOf('end', end)) - 1 : LATEST
  if (start && end && last < first) throw invalid('end', 'not later than start', 'a later time')
  return newestFirst
    ? ({ order: 'descending', from: last, to: first } as const)
    : ({ order: 'ascending', from: first, to: last } as const)
}

async function resultOf(evaluation: AggregateEvaluation, index: number, turns: Turns): Promise<AggregateResult> {
  const interval = evaluation.interval(index)
  for (;;) {
    const step = interval.next()
    await turns.next()
    if (step.done) return step.value
  }
}

const resultMessage = (type: DataType, { value, type: as, status, time }: AggregateResult): SampleMessage =>
  sampleMessage(as === 'source' ? type : resultTypes[as], { value, status, sourceTime: time, serverTime: Number.NaN })

const resultTypes = { Double: 'Double', Int32: 'Int32', StatusCode: 'UInt32' } as const
