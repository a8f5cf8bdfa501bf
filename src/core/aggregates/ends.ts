import type { Milliseconds } from '../clock.ts'
import type { RecordedSample } from '../history-source.ts'
import { isBad, StatusCode } from '../status-code.ts'
import {
  type Accumulator,
  type AggregateResult,
  badResult,
  type IntervalContext,
  noData,
  resultOf,
} from './aggregate.ts'
import { difference } from './extremes.ts'
import { isGoodSample } from './quality.ts'

/** OPC 10000-13 §5.4.3.25: the earliest sample, as it was recorded. */
export function start(context: IntervalContext): Accumulator {
  let earliest: RecordedSample | undefined
  return {
    add(sample) {
      earliest ??= sample
    },
    addSummary({ first }) {
      earliest ??= context.sampleAt(first)
      return earliest !== undefined
    },
    result: () => asRecorded(context, earliest),
  }
}

/** OPC 10000-13 §5.4.3.26: the latest sample, as it was recorded. */
export function end(context: IntervalContext): Accumulator {
  let latest: RecordedSample | undefined
  /** Where the latest is one of a summary, when it was recorded. */
  let latestTime: Milliseconds | undefined
  return {
    add(sample) {
      latest = sample
      latestTime = undefined
    },
    addSummary({ last }) {
      latestTime = last
      return true
    },
    result: () => asRecorded(context, latestTime === undefined ? latest : context.sampleAt(latestTime)),
  }
}

function asRecorded(context: IntervalContext, sample: RecordedSample | undefined): AggregateResult {
  if (!sample) return noData(context)
  const { value, status, sourceTime } = sample
  if (isBad(status) || value === null) return badResult(sourceTime, status)
  return resultOf(context, value, 'source', status, 0, sourceTime)
}

/** OPC 10000-13 §5.4.3.27: the latest less the earliest Good value. */
export function delta(context: IntervalContext): Accumulator {
  let earliest: RecordedSample | undefined
  let latest: RecordedSample | undefined
  /** Where the latest is one of a summary, when it was recorded. */
  let latestTime: Milliseconds | undefined
  let skippedFirst = false
  let skippedLast = false
  return {
    add(sample) {
      if (!isGoodSample(sample)) {
        if (earliest) skippedLast = true
        else skippedFirst = true
        return
      }
      earliest ??= sample
      latest = sample
      latestTime = undefined
      skippedLast = false
    },
    addSummary({ first, last, uncertain, bad }) {
      if (uncertain + bad > 0) return false
      earliest ??= context.sampleAt(first)
      latestTime = last
      skippedLast = false
      return earliest !== undefined
    },
    result() {
      if (latestTime !== undefined) latest = context.sampleAt(latestTime)
      if (!earliest || !latest) return noData(context)
      const status = skippedFirst || skippedLast ? StatusCode.UncertainDataSubNormal : StatusCode.Good
      return resultOf(context, difference(latest.value as number, earliest.value as number), 'source', status)
    },
  }
}
