import { isSameArray, type Scalar, type TagValue } from '../data-type.ts'
import { ExactSum } from '../exact-sum.ts'
import type { RecordedSample } from '../history-source.ts'
import { isBad, StatusCode } from '../status-code.ts'
import { type Accumulator, badResult, type IntervalContext, noData, resultOf, type SampleContext } from './aggregate.ts'
import { toNumber } from './bounds.ts'
import { HistorianBits, isBadSample, isGoodSample, QualityCount, severityOf } from './quality.ts'

/** OPC 10000-13 §5.4.3.5: the mean of the Good values. */
export function average(context: SampleContext): Accumulator {
  const count = new QualityCount()
  const sum = new ExactSum()
  return {
    add(sample) {
      count.add(sample)
      if (isGoodSample(sample)) sum.add(toNumber(sample.value) ?? 0)
    },
    addSummary(summary) {
      if (!summary.total) return false
      count.addSummary(summary)
      sum.addParts(summary.total)
      return true
    },
    result() {
      if (count.good === 0) return noData(context)
      const { time } = context.interval
      const status = count.statusBy(context.options.config)
      if (isBad(status)) return badResult(time, status)
      // Of Average alone the Partial bit is never set.
      return { value: sum.value / count.good, type: 'Double', status: (status | HistorianBits.Calculated) >>> 0, time }
    },
  }
}

/** OPC 10000-13 §5.4.3.21: how many Good values there are. */
export function count(context: SampleContext): Accumulator {
  const counted = new QualityCount()
  return {
    add: (sample) => counted.add(sample),
    addSummary(summary) {
      counted.addSummary(summary)
      return true
    },
    result: () => resultOf(context, counted.good, 'Int32', counted.statusBy(context.options.config)),
  }
}

/** OPC 10000-13 §5.4.3.24: how often a value that is not Bad differs from the one before. */
export function numberOfTransitions(context: IntervalContext): Accumulator {
  const { config } = context.options
  const counted = new QualityCount()
  let before: RecordedSample | undefined
  let transitions = 0
  return {
    add(sample) {
      counted.add(sample)
      if (isBadSample(sample, config)) return
      before ??= context.usableBefore
      if (!before || !isSame(before.value, sample.value)) transitions++
      before = sample
    },
    addSummary(summary) {
      const { first, good, low, high } = summary
      // Only where all are the same number is it known how they follow each other.
      if (!low || low.value !== high?.value || summary.uncertain + summary.bad > 0) return false
      const sample = context.sampleAt(first)
      if (!sample) return false
      this.add(sample)
      counted.good += good - 1
      return true
    },
    result: () => resultOf(context, transitions, 'Int32', counted.statusBy(config)),
  }
}

function isSame(one: TagValue | null, other: TagValue | null): boolean {
  if (one === other) return true
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other) === 0
  return Array.isArray(one) && Array.isArray(other) && isSameArray(one as Scalar[], other as Scalar[])
}

/** OPC 10000-13 §5.4.3.37, over the Good values; 0 for a single one. */
export function standardDeviationSample(context: IntervalContext): Accumulator {
  let values = 0
  let mean = 0
  let squares = 0
  let skipped = false
  return {
    add(sample) {
      const value = toNumber(sample.value)
      if (!isGoodSample(sample) || value === undefined) {
        skipped = true
        return
      }
      // By Welford, so that great values with small differences keep them.
      values++
      const distance = value - mean
      mean += distance / values
      squares += distance * (value - mean)
    },
    result() {
      if (values === 0) return noData(context)
      const deviation = values === 1 ? 0 : Math.sqrt(squares / (values - 1))
      return resultOf(context, deviation, 'Double', skipped ? StatusCode.UncertainDataSubNormal : StatusCode.Good)
    },
  }
}

/** OPC 10000-13 §5.4.3.35: the first of the worst StatusCodes. */
export function worstQuality(context: IntervalContext): Accumulator {
  let worst: StatusCode | undefined
  let many = false
  return {
    add({ status }) {
      const difference = worst === undefined ? 1 : severityOf(status) - severityOf(worst)
      if (difference > 0) {
        worst = status
        many = false
      } else if (difference === 0) many = true
    },
    addSummary({ first, good, uncertain, bad }) {
      if (worst === undefined) {
        if (uncertain + bad > 0) return false
        worst = context.sampleAt(first)?.status
        many = good > 1
        return worst !== undefined
      }
      const ofSeverity = [good, uncertain, bad] as const
      const severity = severityOf(worst)
      if (ofSeverity.some((count, each) => each > severity && count > 0)) return false
      if (ofSeverity.some((count, each) => each === severity && count > 0)) many = true
      return true
    },
    result() {
      if (worst === undefined) return noData(context)
      const bits = HistorianBits.Calculated | (many ? HistorianBits.MultipleValues : 0)
      return resultOf(context, worst, 'StatusCode', StatusCode.Good, bits)
    },
  }
}
