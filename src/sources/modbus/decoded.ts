import type { TagValue } from '../../core/data-type.ts'
import { StatusCode } from '../../core/status-code.ts'

/** What stands in the place of a value that is none. */
export interface Undecodable {
  readonly status: StatusCode
}
export const undecodable: Undecodable = { status: StatusCode.BadDecodingError }
/** Devices send NaN or infinity for a sensor that is missing, broken or out of its range. */
export const noMeasurement: Undecodable = { status: StatusCode.BadSensorFailure }

export const isUndecodable = (decoded: TagValue | Undecodable): decoded is Undecodable =>
  typeof decoded === 'object' && 'status' in decoded
