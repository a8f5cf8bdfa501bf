import type { RecordedSample, SampleSummary } from '../history-source.ts'
import { isBad, StatusCode } from '../status-code.ts'

/** How aggregates treat what is not Good (OPC 10000-13 §4.2.1.2). */
export interface AggregateConfiguration {
  readonly treatUncertainAsBad: boolean
  /** From this share of Bad values on the result is Bad. */
  readonly percentDataBad: number
  /** From this share of Good values on the result is Good. */
  readonly percentDataGood: number
  /** Beyond the last value: go on as the last two lead, rather than hold the last. */
  readonly useSlopedExtrapolation: boolean
}

/** The defaults of OPC 10000-13 §4.2.1.2, which the address space announces. */
export const defaultAggregateConfiguration: AggregateConfiguration = {
  treatUncertainAsBad: true,
  percentDataBad: 100,
  percentDataGood: 100,
  useSlopedExtrapolation: false,
}

/** OPC 10000-13 §4.2.1.2: what makes no sense is refused with Bad_AggregateInvalidInputs. */
export const isValidConfiguration = ({ percentDataBad: bad, percentDataGood: good }: AggregateConfiguration): boolean =>
  bad <= 100 && good <= 100 && good >= 100 - bad

/** The HistorianBits of a StatusCode, with the InfoType that makes them count (OPC 10000-4 §7.39.1). */
export const HistorianBits = {
  Calculated: 0x0401,
  Interpolated: 0x0402,
  Partial: 0x0404,
  MultipleValues: 0x0410,
} as const

const isGood = (status: StatusCode): boolean => status >>> 30 === 0

/** Good, and neither Bad nor Uncertain; it has a value. */
export const isGoodSample = ({ status, value }: RecordedSample): boolean => isGood(status) && value !== null

/** Whether it counts as Bad: Uncertain ones only where that is wished, and what has no value. */
export const isBadSample = ({ status, value }: RecordedSample, config: AggregateConfiguration): boolean =>
  isBad(status) || value === null || (config.treatUncertainAsBad && !isGood(status))

/** The worse, the greater: 0 Good, 1 Uncertain, 2 Bad. */
export const severityOf = (status: StatusCode): number => Math.min(status >>> 30, 2)

/** How many samples of an interval are what. */
export class QualityCount {
  good = 0
  uncertain = 0
  bad = 0

  add(sample: RecordedSample): void {
    if (isBad(sample.status) || sample.value === null) this.bad++
    else if (isGood(sample.status)) this.good++
    else this.uncertain++
  }

  addSummary({ good, uncertain, bad }: SampleSummary): void {
    this.good += good
    this.uncertain += uncertain
    this.bad += bad
  }

  get total(): number {
    return this.good + this.uncertain + this.bad
  }

  /** OPC 10000-13 §5.4.3.2.1 for aggregates that count values. */
  statusBy({ treatUncertainAsBad, percentDataBad, percentDataGood }: AggregateConfiguration): StatusCode {
    const bad = this.bad + (treatUncertainAsBad ? this.uncertain : 0)
    if (bad > 0) {
      const badShare = (100 * bad) / this.total
      // Where the two limits are the same one, that of Good decides.
      if (badShare >= percentDataBad && percentDataGood !== 100 - percentDataBad) return StatusCode.Bad
      if (100 - badShare < percentDataGood) {
        return percentDataGood === 100 - percentDataBad ? StatusCode.Bad : StatusCode.UncertainDataSubNormal
      }
    }
    return this.uncertain > 0 && !treatUncertainAsBad ? StatusCode.UncertainDataSubNormal : StatusCode.Good
  }
}
