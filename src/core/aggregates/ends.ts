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
    result: () => asRecorded(context, earliest),
  }
}

/** OPC 10000-13 §5.4.3.26: the latest sample, as it was recorded. */
export function end(context: IntervalContext): Accumulator {
  let latest: RecordedSample | undefined
  return {
    add(sample) {
      latest = sample
    },
    result: () => asRecorded(context, latest),
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
      skippedLast = false
    },
    result() {
      if (!earliest || !latest) return noData(context)
      const status = skippedFirst || skippedLast ? StatusCode.UncertainDataSubNormal : StatusCode.Good
      return resultOf(context, difference(latest.value as number, earliest.value as number), 'source', status)
    },
  }
}
