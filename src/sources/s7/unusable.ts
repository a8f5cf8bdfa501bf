import { StatusCode } from '../../core/status-code.ts'

/** Bytes that were read and are not a value. */
export interface Unusable {
  readonly unusable: StatusCode
}

/** The bytes are not what the tag says: a text whose lengths contradict each other, a 13th month, no BCD digit. */
export const undecodable: Unusable = { unusable: StatusCode.BadDecodingError }

/**
 * A NaN or infinity is a well-formed IEC 60559 number, so decoding did not fail: the program computed it from a
 * measurement that is none (open wire, division by zero).
 */
export const noMeasurement: Unusable = { unusable: StatusCode.BadSensorFailure }
