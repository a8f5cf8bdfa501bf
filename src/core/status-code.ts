/**
 * The OPC UA StatusCodes that Penstock gives to values and commands (OPC 10000-4 §7.39, OPC 10000-6 annex A),
 * as the 32-bit numbers that travel in batches. Names are the specification's own.
 */
export const StatusCode = {
  Good: 0x0000_0000,
  GoodCompletesAsynchronously: 0x002e_0000,
  Bad: 0x8000_0000,
  BadResourceUnavailable: 0x8004_0000,
  UncertainNoCommunicationLastUsableValue: 0x408f_0000,
  UncertainLastUsableValue: 0x4090_0000,
  UncertainEngineeringUnitsExceeded: 0x4094_0000,
  UncertainDataSubNormal: 0x40a4_0000,
  BadCommunicationError: 0x8005_0000,
  BadDecodingError: 0x8007_0000,
  BadTimeout: 0x800a_0000,
  BadTooManyOperations: 0x8010_0000,
  BadUserAccessDenied: 0x801f_0000,
  BadRequestCancelledByClient: 0x802c_0000,
  BadNoCommunication: 0x8031_0000,
  BadWaitingForInitialData: 0x8032_0000,
  BadNodeIdUnknown: 0x8034_0000,
  BadNotWritable: 0x803b_0000,
  BadOutOfRange: 0x803c_0000,
  BadNotSupported: 0x803d_0000,
  BadNotFound: 0x803e_0000,
  BadTypeMismatch: 0x8074_0000,
  BadMethodInvalid: 0x8075_0000,
  BadArgumentsMissing: 0x8076_0000,
  BadConfigurationError: 0x8089_0000,
  BadInvalidArgument: 0x80ab_0000,
  BadDeviceFailure: 0x808b_0000,
  BadSensorFailure: 0x808c_0000,
  BadOutOfService: 0x808d_0000,
  BadNoData: 0x809b_0000,
  BadInvalidState: 0x80af_0000,
  BadBoundNotFound: 0x80d7_0000,
  BadRequestNotAllowed: 0x80e4_0000,
  BadTooManyArguments: 0x80e5_0000,
} as const

/**
 * Good, and limited by the configured range: LimitBits low and high of a DataValue (OPC 10000-4 §7.39.1, OPC 10000-8
 * §7.3.3). GoodClamped is for values that a client writes.
 */
export const GOOD_LIMITED_LOW: StatusCode = 0x0000_0500
export const GOOD_LIMITED_HIGH: StatusCode = 0x0000_0600

/** A StatusCode as an unsigned 32-bit number; any code of the specification, not only the named ones. */
export type StatusCode = number

/** Severity is in the two top bits: 00 Good, 01 Uncertain, 10 Bad. */
export const isBad = (status: StatusCode): boolean => status >>> 30 >= 2

const names = new Map<number, string>(Object.entries(StatusCode).map(([name, code]) => [code, name]))

/** Severity Good: 00. */
export const isGood = (status: StatusCode): boolean => status >>> 30 === 0

/** The specification's name, or the number in hexadecimal. */
export function statusName(status: StatusCode): string {
  if (status === GOOD_LIMITED_LOW) return 'Good (limited low)'
  if (status === GOOD_LIMITED_HIGH) return 'Good (limited high)'
  return names.get(status) ?? `0x${status.toString(16).padStart(8, '0')}`
}
