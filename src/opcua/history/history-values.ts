import { type DataValue, HistoryData, TimestampsToReturn } from 'node-opcua'
import type { Milliseconds } from '../../core/clock.ts'
import type { ValueShape } from '../../core/data-type.ts'
import type { RecordedSample } from '../../core/history-source.ts'
import { makeDataValue, nullVariant, variantOf } from '../data-values.ts'
import type { StatusCodeCache } from '../status-codes.ts'

/** What a Date can hold. */
const LATEST_DATE: Milliseconds = 8.64e15

/** Samples as HistoryRead answers them, with the timestamps that were asked for. */
export class HistoryValues {
  readonly #statuses: StatusCodeCache
  readonly #timestamps: TimestampsToReturn

  constructor(statuses: StatusCodeCache, timestamps: TimestampsToReturn) {
    this.#statuses = statuses
    this.#timestamps = timestamps
  }

  of(shape: ValueShape, { value, status, sourceTime, serverTime }: RecordedSample): DataValue {
    const variant = value === null ? nullVariant() : variantOf(shape, value)
    const dataValue = makeDataValue(variant, this.#statuses.of(status), inCalendar(sourceTime), inCalendar(serverTime))
    if (this.#timestamps === TimestampsToReturn.Source) dataValue.serverTimestamp = null
    if (this.#timestamps === TimestampsToReturn.Server) dataValue.sourceTimestamp = null
    return dataValue
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
