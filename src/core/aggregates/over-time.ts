import type { Milliseconds } from '../clock.ts'
import type { RecordedSample } from '../history-source.ts'
import { StatusCode } from '../status-code.ts'
import { type Accumulator, type IntervalContext, noData, resultOf } from './aggregate.ts'
import { toNumber } from './bounds.ts'
import { isBadSample, severityOf } from './quality.ts'

/** OPC 10000-13 §5.4.3.4: the value where the interval begins. */
export function interpolative(context: IntervalContext): Accumulator {
  return {
    add: () => undefined,
    result() {
      const { time } = context.interval
      const { value, status } = context.bound(time)
      return { value, type: 'source', status, time }
    },
  }
}

/**
 * OPC 10000-13 §5.4.3.6: the area under the line through the values that are not Bad, from bound to bound, by the time
 * that it covers. §5.4.3.8: Total, the same times the seconds of the interval.
 */
export function timeAverage(scaled: 'average' | 'total') {
  return (context: IntervalContext): Accumulator => {
    const { interval, options } = context
    const bound = context.slopedBound(interval.from)
    let last = toNumber(bound.value)
    let lastTime = interval.from
    let area = 0
    let covered = 0
    // What begins within the interval is not known for all of it.
    let isSure = last !== undefined && severityOf(bound.status) === 0
    const go = (value: number, time: Milliseconds): void => {
      if (last !== undefined) {
        area += ((last + value) / 2) * (time - lastTime)
        covered += time - lastTime
      }
      last = value
      lastTime = time
    }
    return {
      add(sample) {
        const value = toNumber(sample.value)
        if (severityOf(sample.status) > 0) isSure = false
        if (!isBadSample(sample, options.config) && value !== undefined) go(value, sample.sourceTime)
      },
      result() {
        const end = context.slopedBound(interval.to)
        const value = toNumber(end.value)
        if (value !== undefined) go(value, interval.to)
        if (covered === 0) return noData(context)
        const status = isSure && severityOf(end.status) === 0 ? StatusCode.Good : StatusCode.UncertainDataSubNormal
        const factor = scaled === 'total' ? (interval.to - interval.from) / 1_000 : 1
        return resultOf(context, (area / covered) * factor, 'Double', status)
      },
    }
  }
}

/** OPC 10000-13 §5.4.3.31 to §5.4.3.34: how long, in milliseconds or in percent, the last sample was Good, or Bad. */
export function duration(quality: 'good' | 'bad', unit: 'milliseconds' | 'percent') {
  return (context: IntervalContext): Accumulator => {
    const { interval, options } = context
    const counts = (sample: RecordedSample | undefined): boolean =>
      (sample === undefined || isBadSample(sample, options.config)) === (quality === 'bad')
    let isCounting = counts(context.before)
    let since = interval.from
    let sum = 0
    const go = (time: Milliseconds): void => {
      if (isCounting) sum += time - since
      since = time
    }
    return {
      add(sample) {
        go(sample.sourceTime)
        isCounting = counts(sample)
      },
      addSummary({ first, last, good, uncertain, bad }) {
        const [isAllGood, isAllBad] = options.config.treatUncertainAsBad
          ? [uncertain + bad === 0, good === 0]
          : [bad === 0, good + uncertain === 0]
        // With fractions of a millisecond, one step more would be rounded in another way.
        if (!(isAllGood || isAllBad) || !Number.isInteger(interval.from)) return false
        go(first)
        isCounting = isAllBad === (quality === 'bad')
        go(last)
        return true
      },
      result() {
        go(interval.to)
        const value = unit === 'percent' ? (100 * sum) / (interval.to - interval.from) : sum
        return resultOf(context, value, 'Double', StatusCode.Good)
      },
    }
  }
}
