import fc from 'fast-check'
import { expect, it } from 'vitest'
import { AggregateEvaluation } from '../../../../src/core/aggregates/evaluate.ts'
import { type AggregateName, aggregateFunctions } from '../../../../src/core/aggregates/functions.ts'
import { intervalCount, type ProcessedPlan } from '../../../../src/core/aggregates/intervals.ts'
import { type AggregateConfiguration, defaultAggregateConfiguration } from '../../../../src/core/aggregates/quality.ts'
import type { HistorySource, RecordedSample } from '../../../../src/core/history-source.ts'
import { summarize, summaryOf } from '../../../../src/store/chunk-summary.ts'
import { toColumn } from '../../../../src/store/columns.ts'
import { memoryHistory } from '../../../support/recorded-samples.ts'

const GOOD = 0
const UNCERTAIN = 0x4000_0000
const BAD = 0x8000_0000
const names = Object.keys(aggregateFunctions) as AggregateName[]

/** Some samples lie in chunks, of which there are summaries; the others are rows beside and between them. */
function summarized(type: 'Double' | 'UInt64', samples: readonly RecordedSample[], sizes: readonly number[]) {
  const sorted = [...samples].sort((one, other) => one.sourceTime - other.sourceTime)
  let from = 0
  const chunks: (readonly RecordedSample[])[] = []
  const summaries = sizes.flatMap((size, part) => {
    const chunk = sorted.slice(from, from + size)
    from += size
    // Every third part stays rows.
    const [first, last] = [chunk[0], chunk.at(-1)]
    if (part % 3 === 2 || !first || !last) return []
    chunks.push(chunk)
    const rows = chunk.map((sample) => ({ ...sample, value: sample.value === null ? null : toColumn(sample.value) }))
    const times = { firstTime: first.sourceTime, lastTime: last.sourceTime }
    return [summaryOf({ type }, { ...summarize({ type }, rows), ...times })]
  })
  const counted = { used: 0 }
  const source: HistorySource = {
    ...memoryHistory(sorted),
    summaries: (_series, first, last) => {
      const from = summaries.findIndex((each) => each.first >= first && each.last <= last)
      if (from < 0) return []
      counted.used++
      // As many as follow one another with no sample between.
      const within = summaries.slice(from).filter((each) => each.last <= last)
      const until = within.findIndex((each, at) => {
        const before = within[at - 1]
        return before && sorted.some(({ sourceTime }) => sourceTime > before.last && sourceTime < each.first)
      })
      return until < 0 ? within : within.slice(0, until)
    },
    columns: (_series, first, last) => {
      const next = chunks.filter((each) => (each.at(-1)?.sourceTime ?? 0) >= first).slice(0, 3)
      return next.flatMap((chunk, at) => {
        const end = Math.min(last, chunk.at(-1)?.sourceTime ?? 0)
        const until = next.slice(0, at + 1).flat()
        const isBetween = ({ sourceTime }: RecordedSample) => sourceTime >= first && sourceTime <= end
        const wanted = chunk.filter(isBetween)
        if (wanted.length === 0 || sorted.some((sample) => isBetween(sample) && !until.includes(sample))) return []
        const from = chunk.indexOf(wanted[0] as RecordedSample)
        return {
          values: chunk.map(({ value }) => value),
          statuses: chunk.map(({ status }) => status),
          sourceTimes: chunk.map(({ sourceTime }) => sourceTime),
          serverTimes: chunk.map(({ serverTime }) => serverTime),
          from,
          until: from + wanted.length,
          last: end,
        }
      })
    },
  }
  return { source, counted }
}

function results(
  aggregate: AggregateName,
  source: HistorySource,
  type: 'Double' | 'UInt64',
  plan: ProcessedPlan,
  config: AggregateConfiguration,
) {
  const series = { tag: 'device/tag', shape: { type } }
  const evaluation = new AggregateEvaluation(aggregate, plan, { source, series, config, stepped: type === 'UInt64' })
  return Array.from({ length: intervalCount(plan) }, (_, index) => {
    const interval = evaluation.interval(index)
    let step = interval.next()
    while (!step.done) step = interval.next()
    return step.value
  })
}

const sample = (value: fc.Arbitrary<number | bigint>) =>
  fc
    .record({
      time: fc.nat({ max: 3_000 }),
      value: fc.option(value, { freq: 10 }),
      status: fc.constantFrom(GOOD, GOOD, GOOD, UNCERTAIN, BAD),
    })
    .map(({ time, value, status }): RecordedSample => ({ value, status, sourceTime: time, serverTime: time + 1 }))
const list = (value: fc.Arbitrary<number | bigint>) =>
  fc.uniqueArray(sample(value), { maxLength: 120, selector: ({ sourceTime }) => sourceTime })
const doubles = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.integer().map((n) => n / 100),
  fc.constantFrom(-0, 0, 1e16, -1e16, Number.MAX_VALUE),
)
const plan = fc
  .record({
    start: fc.integer({ min: -100, max: 3_100 }),
    end: fc.integer({ min: -100, max: 3_100 }),
    width: fc.constantFrom(0, 97, 500, 1_500),
    half: fc.boolean(),
  })
  .filter(({ start, end }) => start !== end)
  .map(({ start, end, width, half }): ProcessedPlan => ({ start: half ? start + 0.5 : start, end, width }))
const config = fc
  .record({ treatUncertainAsBad: fc.boolean(), useSlopedExtrapolation: fc.boolean() })
  .map((some): AggregateConfiguration => ({ ...defaultAggregateConfiguration, ...some }))
const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 12 })

it.each(['Double', 'UInt64'] as const)(
  'every aggregate of %s values comes to exactly the same by the summaries of chunks as by their samples',
  (type) => {
    const values: fc.Arbitrary<number | bigint> =
      type === 'Double' ? doubles : fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(1n, 2n))
    const used = new Set<AggregateName>()
    fc.assert(
      fc.property(
        list(values),
        sizes,
        plan,
        config,
        fc.constantFrom(...names),
        (samples, parts, plan, config, name) => {
          const { source, counted } = summarized(type, samples, parts)
          const expected = results(name, memoryHistory(samples), type, plan, config)
          expect(results(name, source, type, plan, config)).toStrictEqual(expected)
          if (counted.used > 0) used.add(name)
        },
      ),
      { numRuns: 3_000 },
    )
    expect([...used].sort()).toEqual([
      ...['Average', 'Count', 'Delta', 'DurationBad', 'DurationGood', 'End', 'Maximum', 'MaximumActualTime', 'Minimum'],
      ...['MinimumActualTime', 'NumberOfTransitions', 'PercentBad', 'PercentGood', 'Range', 'Start', 'WorstQuality'],
    ])
  },
  30_000,
)
