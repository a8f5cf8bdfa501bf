import type { Milliseconds } from '../clock.ts'
import type { Interval } from './aggregate.ts'

/** A read of processed values: from `start` to `end`, which may lie before it, in intervals of `width`. */
export interface ProcessedPlan {
  readonly start: Milliseconds
  readonly end: Milliseconds
  /** 0, or as long as the whole: one interval. */
  readonly width: Milliseconds
}

/** Source times of the first and the last sample of a series. */
export interface DataExtent {
  readonly first: Milliseconds
  readonly last: Milliseconds
}

const widthOf = ({ start, end, width }: ProcessedPlan): Milliseconds => {
  const whole = Math.abs(end - start)
  return width === 0 || width > whole ? whole : width
}

/** How many intervals there are; the last may be shorter than the others. */
export const intervalCount = (plan: ProcessedPlan): number =>
  // Fractions of a millisecond are not exact, and must not make one more, which has no length.
  Math.ceil(Math.abs(plan.end - plan.start) / widthOf(plan) - 1e-9)

/**
 * An interval of the read (OPC 10000-13 §5.4.2.2): its start belongs to it and its end does not, in the direction of the
 * read.
 */
export function intervalAt(plan: ProcessedPlan, index: number, extent: DataExtent): Interval {
  const { from, to, time } = edgesAt(plan, index)
  const forward = plan.end > plan.start
  const first = forward ? Math.ceil(from) : Math.floor(from) + 1
  const last = forward ? Math.ceil(to) - 1 : Math.floor(to)
  const isOutside = last < extent.first || first > extent.last
  const isWhole = to - from === widthOf(plan)
  return { time, from, to, first, last, isOutside, isPartial: from < extent.first || to > extent.last || !isWhole }
}

function edgesAt(plan: ProcessedPlan, index: number): Pick<Interval, 'from' | 'to' | 'time'> {
  const { start, end } = plan
  const width = widthOf(plan)
  if (end > start) {
    const time = start + index * width
    return { time, from: time, to: Math.min(time + width, end) }
  }
  const time = start - index * width
  return { time, from: Math.max(time - width, end), to: time }
}
