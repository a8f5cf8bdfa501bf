import { DataType, type DataValue, HistoryData, TimestampsToReturn, type Variant } from 'node-opcua'
import type { AggregateResult } from '../../core/aggregates/aggregate.ts'
import type { Milliseconds } from '../../core/clock.ts'
import { fitValue, type ValueShape } from '../../core/data-type.ts'
import type { RecordedSample } from '../../core/history-source.ts'
import { makeDataValue, nullVariant, scalar, variantOf } from '../data-values.ts'
import type { StatusCodeCache } from '../status-codes.ts'

/** What a Date can hold. */
const LATEST_DATE: Milliseconds = 8.64e15

/** Samples and results as HistoryRead answers them, with the timestamps that were asked for. */
export class HistoryValues {
  readonly #statuses: StatusCodeCache
  readonly #timestamps: TimestampsToReturn

  constructor(statuses: StatusCodeCache, timestamps: TimestampsToReturn) {
    this.#statuses = statuses
    this.#timestamps = timestamps
  }

  /** A value of a tag of this shape. */
  of(shape: ValueShape, { value, status, sourceTime, serverTime }: RecordedSample): DataValue {
    const variant = value === null ? nullVariant() : variantOf(shape, value)
    const dataValue = makeDataValue(variant, this.#statuses.of(status), inCalendar(sourceTime), inCalendar(serverTime))
    if (this.#timestamps === TimestampsToReturn.Source) dataValue.serverTimestamp = null
    if (this.#timestamps === TimestampsToReturn.Server) dataValue.sourceTimestamp = null
    return dataValue
  }

  /** A result of an aggregate over a tag of this shape; nobody received it, so it has no ServerTimestamp. */
  ofResult(shape: ValueShape, result: AggregateResult): DataValue {
    const time = inCalendar(result.time)
    const dataValue = makeDataValue(this.#variantOf(shape, result), this.#statuses.of(result.status), time, time)
    dataValue.serverTimestamp = null
    return dataValue
  }

  #variantOf(shape: ValueShape, { value, type }: AggregateResult): Variant {
    if (value === null) return nullVariant()
    if (type === 'StatusCode') return scalar(DataType.StatusCode, this.#statuses.of(Number(value)))
    if (type !== 'source') return variantOf({ type }, value)
    // The difference of two values may be greater than any value of their type, or negative.
    const fits = shape.arrayLength !== undefined || fitValue(shape.type, value) !== undefined
    return fits ? variantOf(shape, value) : variantOf({ type: 'Double' }, Number(value))
  }
}

/** A device may have told a time that no calendar has. */
const inCalendar = (time: Milliseconds): Milliseconds => Math.max(-LATEST_DATE, Math.min(LATEST_DATE, time))

/** HistoryData of these values, without the copy that its constructor makes of each. */
export function historyData(values: DataValue[]): HistoryData {
  const data = new HistoryData()
  data.dataValues = values
  return data
}
