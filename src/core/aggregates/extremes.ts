import type { Milliseconds } from '../clock.ts'
import type { RecordedSample } from '../history-source.ts'
import { StatusCode } from '../status-code.ts'
import { type Accumulator, type AggregateResult, type IntervalContext, noData, resultOf } from './aggregate.ts'
import { HistorianBits, isBadSample, isGoodSample } from './quality.ts'

type Extreme = number | bigint

/** The least or the greatest Good value, and what else may be said of it. */
class ExtremeOf {
  value: Extreme | undefined
  time: Milliseconds = 0
  count = 0
  /** An Uncertain value lies beyond it. */
  #uncertain: Extreme | undefined
  readonly #isBeyond: (one: Extreme, other: Extreme) => boolean

  constructor(which: 'minimum' | 'maximum') {
    this.#isBeyond = which === 'minimum' ? (one, other) => one < other : (one, other) => one > other
  }

  add(sample: RecordedSample): void {
    const value = sample.value as Extreme
    if (!isGoodSample(sample)) {
      if (this.#uncertain === undefined || this.#isBeyond(value, this.#uncertain)) this.#uncertain = value
      return
    }
    if (this.value === undefined || this.#isBeyond(value, this.value)) {
      this.value = value
      this.time = sample.sourceTime
      this.count = 1
    } else if (value === this.value) this.count++
  }

  get isDoubtful(): boolean {
    return this.#uncertain !== undefined && (this.value === undefined || this.#isBeyond(this.#uncertain, this.value))
  }
}

/** OPC 10000-13 §5.4.3.10 to §5.4.3.13: Minimum, Maximum, and the same with the time at which it was. */
export function extreme(which: 'minimum' | 'maximum', at: 'start' | 'actualTime') {
  return (context: IntervalContext): Accumulator => {
    const found = new ExtremeOf(which)
    let skipped = false
    return {
      add(sample) {
        if (isBadSample(sample, context.options.config)) skipped = true
        else found.add(sample)
      },
      result(): AggregateResult {
        const { value, time, count } = found
        if (value === undefined) return noData(context)
        const isSure = !skipped && !found.isDoubtful
        const isRaw = isSure && (at === 'actualTime' || time === context.interval.time)
        const bits = (isRaw ? 0 : HistorianBits.Calculated) | (count > 1 ? HistorianBits.MultipleValues : 0)
        const status = isSure ? StatusCode.Good : StatusCode.UncertainDataSubNormal
        return resultOf(context, value, 'source', status, bits, at === 'actualTime' ? time : undefined)
      },
    }
  }
}

/** OPC 10000-13 §5.4.3.14: the greatest less the least Good value. */
export function range(context: IntervalContext): Accumulator {
  const [least, greatest] = [new ExtremeOf('minimum'), new ExtremeOf('maximum')]
  let skipped = false
  return {
    add(sample) {
      if (isBadSample(sample, context.options.config)) {
        skipped = true
        return
      }
      least.add(sample)
      greatest.add(sample)
    },
    result() {
      if (least.value === undefined || greatest.value === undefined) return noData(context)
      const isSure = !skipped && !least.isDoubtful && !greatest.isDoubtful
      const status = isSure ? StatusCode.Good : StatusCode.UncertainDataSubNormal
      return resultOf(context, difference(greatest.value, least.value), 'source', status)
    },
  }
}

/** Of two values of one tag, which are both numbers or both 64-bit integers. */
export const difference = (one: Extreme, other: Extreme): Extreme =>
  typeof one === 'bigint' && typeof other === 'bigint' ? one - other : Number(one) - Number(other)
