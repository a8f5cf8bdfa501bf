import type { Milliseconds } from '../clock.ts'
import type { RecordedSample, SampleSummary } from '../history-source.ts'
import { StatusCode } from '../status-code.ts'
import {
  type Accumulator,
  type AggregateResult,
  type IntervalContext,
  noData,
  resultOf,
  type SampleContext,
} from './aggregate.ts'
import { HistorianBits, isBadSample, isGoodSample } from './quality.ts'

type Extreme = number | bigint

/** The least or the greatest Good value, and what else may be said of it. */
class ExtremeOf {
  value: Extreme | undefined
  time: Milliseconds = 0
  count = 0
  /** An Uncertain value lies beyond it. */
  #uncertain: Extreme | undefined
  readonly #which: 'minimum' | 'maximum'
  readonly #isBeyond: (one: Extreme, other: Extreme) => boolean

  constructor(which: 'minimum' | 'maximum') {
    this.#which = which
    this.#isBeyond = which === 'minimum' ? (one, other) => one < other : (one, other) => one > other
  }

  add(sample: RecordedSample): void {
    const value = sample.value as Extreme
    if (!isGoodSample(sample)) {
      this.#doubt(value)
      return
    }
    if (this.value === undefined || this.#isBeyond(value, this.value)) {
      this.value = value
      this.time = sample.sourceTime
      this.count = 1
    } else if (value === this.value) this.count++
  }

  /** `takesUncertain`: the Uncertain values count too. */
  addSummary(summary: SampleSummary, takesUncertain: boolean): void {
    const [found, uncertain] =
      this.#which === 'minimum' ? [summary.low, summary.uncertainLow] : [summary.high, summary.uncertainHigh]
    if (takesUncertain && uncertain !== undefined) this.#doubt(uncertain)
    if (!found) return
    if (this.value === undefined || this.#isBeyond(found.value, this.value)) {
      this.value = found.value
      this.time = found.time
      this.count = found.count
    } else if (found.value === this.value) this.count += found.count
  }

  #doubt(value: Extreme): void {
    if (this.#uncertain === undefined || this.#isBeyond(value, this.#uncertain)) this.#uncertain = value
  }

  get isDoubtful(): boolean {
    return this.#uncertain !== undefined && (this.value === undefined || this.#isBeyond(this.#uncertain, this.value))
  }
}

/** OPC 10000-13 §5.4.3.10 to §5.4.3.13: Minimum, Maximum, and the same with the time at which it was. */
export function extreme(which: 'minimum' | 'maximum', at: 'start' | 'actualTime') {
  return (context: SampleContext): Accumulator => {
    const found = new ExtremeOf(which)
    let skipped = false
    return {
      add(sample) {
        if (isBadSample(sample, context.options.config)) skipped = true
        else found.add(sample)
      },
      addSummary(summary) {
        if (!saysExtremes(summary)) return false
        const { treatUncertainAsBad } = context.options.config
        if (summary.bad > 0 || (treatUncertainAsBad && summary.uncertain > 0)) skipped = true
        found.addSummary(summary, !treatUncertainAsBad)
        return true
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
    addSummary(summary) {
      if (!saysExtremes(summary)) return false
      const { treatUncertainAsBad } = context.options.config
      if (summary.bad > 0 || (treatUncertainAsBad && summary.uncertain > 0)) skipped = true
      for (const each of [least, greatest]) each.addSummary(summary, !treatUncertainAsBad)
      return true
    },
    result() {
      if (least.value === undefined || greatest.value === undefined) return noData(context)
      const isSure = !skipped && !least.isDoubtful && !greatest.isDoubtful
      const status = isSure ? StatusCode.Good : StatusCode.UncertainDataSubNormal
      return resultOf(context, difference(greatest.value, least.value), 'source', status)
    },
  }
}

const saysExtremes = ({ good, low, uncertain, uncertainLow }: SampleSummary): boolean =>
  (good === 0 || low !== undefined) && (uncertain === 0 || uncertainLow !== undefined)

/** Of two values of one tag, which are both numbers or both 64-bit integers. */
export const difference = (one: Extreme, other: Extreme): Extreme =>
  typeof one === 'bigint' && typeof other === 'bigint' ? one - other : Number(one) - Number(other)
