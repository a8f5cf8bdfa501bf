import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AggregateResult } from '../../../../src/core/aggregates/aggregate.ts'
import { AggregateEvaluation } from '../../../../src/core/aggregates/evaluate.ts'
import type { AggregateName } from '../../../../src/core/aggregates/functions.ts'
import { intervalCount, type ProcessedPlan } from '../../../../src/core/aggregates/intervals.ts'
import {
  type AggregateConfiguration,
  defaultAggregateConfiguration,
  isValidConfiguration,
} from '../../../../src/core/aggregates/quality.ts'
import type { RecordedSample } from '../../../../src/core/history-source.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { memoryHistory, recorded } from '../../../support/recorded-samples.ts'
import { examples, type Historian, historians } from './published-examples.ts'

const UNCERTAIN = 0x4000_0000
const series = { tag: 'device/tag', shape: { type: 'Double' } } as const

function results(
  aggregate: AggregateName,
  samples: readonly RecordedSample[],
  plan: ProcessedPlan,
  config: AggregateConfiguration = defaultAggregateConfiguration,
  stepped = false,
): AggregateResult[] {
  const evaluation = new AggregateEvaluation(aggregate, plan, {
    source: memoryHistory(samples),
    series,
    config,
    stepped,
  })
  return Array.from({ length: intervalCount(plan) }, (_, index) => {
    const interval = evaluation.interval(index)
    let step = interval.next()
    while (!step.done) step = interval.next()
    return step.value
  })
}

const seconds = (text: string): number => {
  const [minutes = 0, rest = 0] = text.split(':').map(Number)
  return (minutes * 60 + rest) * 1_000
}

const samplesOf = ({ samples }: Historian): RecordedSample[] =>
  samples.split(', ').map((text) => {
    const [time = '', value = ''] = text.split(' ')
    if (value === 'B') return recorded(seconds(time), null, StatusCode.Bad)
    return recorded(seconds(time), Number.parseFloat(value), value.endsWith('U') ? UNCERTAIN : 0)
  })

const statusLetters = (status: number): string => {
  const bits = status & 0x1f
  const code = (status & 0xffff_0000) >>> 0
  const letters = new Map<number, string>([
    [0, 'G'],
    [StatusCode.UncertainDataSubNormal, 'U'],
    [UNCERTAIN, 'u'],
    [StatusCode.Bad, 'B'],
    [StatusCode.BadNoData, '-'],
  ])
  const flags = [...'cipxm'].filter((_, bit) => (bits & (1 << bit)) !== 0)
  return `${letters.get(code) ?? code.toString(16)}${['c', 'i', 'm', 'p'].filter((flag) => flags.includes(flag)).join('')}`
}

const clock = (time: number): string => `${Math.floor(time / 60_000)}:${String((time / 1_000) % 60).padStart(2, '0')}`

describe('OPC 10000-13 annex A', () => {
  it.each(examples)('$aggregate of Historian $historian', ({ aggregate, historian, interval, results: published }) => {
    const { config, stepped } = historians[historian]
    const plan = { start: 0, end: 100_000, width: interval * 1_000 }
    const given = results(aggregate, samplesOf(historians[historian]), plan, config, stepped)
    const expected = published.split(', ').map((text) => text.split(' '))
    expect(given).toHaveLength(expected.length)
    const withTime = aggregate === 'Start' || aggregate === 'End'
    for (const [position, result] of given.entries()) {
      const words = [...(expected[position] ?? [])]
      const time = withTime ? words.shift() : clock(interval * 1_000 * position)
      expect([position, clock(result.time), statusLetters(result.status)]).toEqual([position, time, words.at(-1)])
      if (words.length === 1) expect(result.value).toBeNull()
      // The annex rounds to three or four places.
      else expect(result.value).toBeCloseTo(Number(words[0]), 2)
    }
  })
})

describe('what annex A has no table for', () => {
  const { config } = historians[1]
  const samples = samplesOf(historians[1])
  const plan = { start: 0, end: 100_000, width: 20_000 }
  const inWords = (aggregate: AggregateName, more = config) =>
    results(aggregate, samples, plan, more).map(({ value, status }) => `${String(value)} ${statusLetters(status)}`)

  it('§5.4.3.8 Total is the TimeAverage times the seconds of the interval', () => {
    const averages = results('TimeAverage', samples, plan, config)
    expect(results('Total', samples, plan, config)).toEqual(
      averages.map((result) => ({ ...result, value: result.value === null ? null : Number(result.value) * 20 })),
    )
  })

  it('§5.4.3.12, §5.4.3.13 the actual times are those of the extremes', () => {
    const times = (aggregate: AggregateName) =>
      results(aggregate, samples, plan, config).map(({ time, value, status }) => [
        clock(time),
        value,
        statusLetters(status),
      ])
    expect(times('MinimumActualTime')).toEqual([
      ['0:10', 10, 'Gp'],
      ['0:20', 20, 'G'],
      ['0:50', 50, 'Uc'],
      ['1:00', 60, 'G'],
      ['1:20', 80, 'Gp'],
    ])
    expect(times('MaximumActualTime').map(([time]) => time)).toEqual(['0:10', '0:30', '0:50', '1:00', '1:30'])
  })

  it('§5.4.3.14 Range and §5.4.3.27 Delta say that something was skipped', () => {
    expect(inWords('Range')).toEqual(['0 Gcp', '10 Gc', '0 Uc', '0 Uc', '10 Gcp'])
    expect(inWords('Delta')).toEqual(['0 Gcp', '10 Gc', '0 Uc', '0 Uc', '10 Gcp'])
  })

  it('§5.4.3.24 a transition is a value that differs from the one before, also of the interval before', () => {
    const same = [recorded(1_000, 1), recorded(2_000, 1), recorded(3_000, 2), recorded(11_000, 2), recorded(12_000, 3)]
    const given = results('NumberOfTransitions', same, { start: 0, end: 20_000, width: 10_000 })
    expect(given.map(({ value }) => value)).toEqual([2, 1])
  })

  it('§5.4.3.31 to §5.4.3.34 each sample lasts until the next, and Uncertain counts as the configuration says', () => {
    expect(inWords('DurationGood')).toEqual(['10000 Gcp', '20000 Gc', '10000 Gc', '20000 Gc', '20000 Gcp'])
    expect(inWords('DurationBad')).toEqual(['10000 Gcp', '0 Gc', '10000 Gc', '0 Gc', '0 Gcp'])
    const strict = { ...config, treatUncertainAsBad: true }
    expect(inWords('PercentGood', strict)).toEqual(['50 Gcp', '100 Gc', '50 Gc', '50 Gc', '100 Gcp'])
    expect(inWords('PercentBad', strict)).toEqual(['50 Gcp', '0 Gc', '50 Gc', '50 Gc', '0 Gcp'])
  })

  it('§5.4.3.35 WorstQuality is the first of the worst StatusCodes', () => {
    expect(inWords('WorstQuality')).toEqual(['0 Gcp', '0 Gcm', `${StatusCode.Bad} Gc`, `${UNCERTAIN} Gc`, '0 Gcmp'])
  })

  it('§4.2.1.2 shares of Good and Bad that contradict each other are no configuration', () => {
    const shares = (percentDataGood: number, percentDataBad: number) => ({ ...config, percentDataGood, percentDataBad })
    expect([shares(100, 100), shares(50, 50), shares(100, 0)].map(isValidConfiguration)).toEqual([true, true, true])
    expect([shares(0, 80), shares(101, 100), shares(100, 101)].map(isValidConfiguration)).toEqual([false, false, false])
  })

  it('§5.4.2.2 against time the same intervals come in the other order, without their earlier end', () => {
    const given = results('Count', samples, { start: 100_000, end: 0, width: 20_000 }, config)
    expect(given.map(({ time, value }) => [clock(time), value])).toEqual([
      ['1:40', 1],
      ['1:20', 1],
      ['1:00', 2],
      ['0:40', 1],
      ['0:20', 2],
    ])
  })

  it('§5.4.2.2 the last interval may be shorter, and 0 is one interval', () => {
    const counts = (width: number) => results('Count', samples, { start: 10_000, end: 85_000, width }, config)
    expect(counts(50_000).map(({ value, status }) => [value, statusLetters(status)])).toEqual([
      [4, 'Uc'],
      [2, 'Ucp'],
    ])
    expect(counts(0).map(({ value }) => value)).toEqual([6])
    expect(counts(1_000_000).map(({ value }) => value)).toEqual([6])
  })
})

describe('any data', () => {
  const sample = fc.record({
    time: fc.integer({ min: 0, max: 200 }),
    value: fc.integer({ min: -50, max: 50 }),
    status: fc.constantFrom(0, 0, 0, UNCERTAIN, StatusCode.Bad),
  })
  const data = fc
    .uniqueArray(sample, { selector: ({ time }) => time, maxLength: 40 })
    .map((list) =>
      list.map(({ time, value, status }) => recorded(time * 500, status === StatusCode.Bad ? null : value, status)),
    )
  const width = fc.integer({ min: 1, max: 12 }).map((seconds) => seconds * 1_000)
  const plan = width.map((each) => ({ start: 0, end: 100_500, width: each }))

  it('is counted, averaged and bounded as by hand', () => {
    fc.assert(
      fc.property(data, plan, (samples, asked) => {
        const within = (index: number) =>
          samples.filter(
            ({ sourceTime, status }) =>
              status === 0 && sourceTime >= index * asked.width && sourceTime < (index + 1) * asked.width,
          )
        const given = Object.fromEntries(
          (['Average', 'Minimum', 'Maximum', 'Range', 'StandardDeviationSample'] as const).map((name) => [
            name,
            results(name, samples, asked, { ...defaultAggregateConfiguration, percentDataGood: 0 }),
          ]),
        )
        for (let index = 0; index < intervalCount(asked); index++) {
          const good = within(index).map(({ value }) => Number(value))
          const value = (name: string) => given[name]?.[index]?.value
          if (good.length === 0) {
            for (const name of Object.keys(given)) expect(value(name)).toBeNull()
            continue
          }
          const mean = good.reduce((sum, each) => sum + each, 0) / good.length
          const squares = good.reduce((sum, each) => sum + (each - mean) ** 2, 0)
          expect(value('Average')).toBeCloseTo(mean, 9)
          expect(value('Minimum')).toBe(Math.min(...good))
          expect(value('Maximum')).toBe(Math.max(...good))
          expect(value('Range')).toBe(Math.max(...good) - Math.min(...good))
          expect(value('StandardDeviationSample')).toBeCloseTo(Math.sqrt(squares / Math.max(1, good.length - 1)), 9)
        }
      }),
    )
  })

  it('is good or bad at each moment, and the area under its line is that of small steps', () => {
    fc.assert(
      fc.property(data, plan, (samples, asked) => {
        const good = results('DurationGood', samples, asked)
        const bad = results('DurationBad', samples, asked)
        for (const [index, { value }] of good.entries()) {
          if (value === null) continue
          expect(Number(value) + Number(bad[index]?.value)).toBe(Math.min(asked.width, asked.end - index * asked.width))
        }
        const usable = samples.filter(({ status }) => status === 0).sort((a, b) => a.sourceTime - b.sourceTime)
        const lineAt = (time: number): number | undefined => {
          const before = usable.filter(({ sourceTime }) => sourceTime <= time).at(-1)
          const after = usable.find(({ sourceTime }) => sourceTime > time)
          if (!before) return undefined
          if (!after) return Number(before.value)
          const share = (time - before.sourceTime) / (after.sourceTime - before.sourceTime)
          return Number(before.value) + share * (Number(after.value) - Number(before.value))
        }
        for (const [index, { value }] of results('TimeAverage', samples, asked).entries()) {
          if (value === null) continue
          // Samples lie at multiples of 500 ms, so the line is straight within each: its middle is its mean.
          const middles: number[] = []
          const end = Math.min((index + 1) * asked.width, asked.end)
          for (let time = index * asked.width + 250; time < end; time += 500) {
            const middle = lineAt(time)
            if (middle !== undefined) middles.push(middle)
          }
          expect(value).toBeCloseTo(middles.reduce((sum, each) => sum + each, 0) / middles.length, 6)
        }
      }),
    )
  })
})
