/** What a sentinel value may mean. */
export const sentinelStatuses = [
  'BadSensorFailure',
  'BadDeviceFailure',
  'BadNoData',
  'BadOutOfService',
  'BadNotSupported',
  'BadNoCommunication',
  'BadWaitingForInitialData',
  'BadConfigurationError',
] as const

/**
 * How a tag's value is made of what its device says, as an operator configures it; `transform.ts` has the order of the
 * steps. Whole numbers beyond 2^53 are texts.
 */
export interface TransformConfig {
  /** Bits of a whole number that belong to the value; without `shift` they stay where they are. */
  readonly mask?: number | string | undefined
  /** How many places the bits move to the right. */
  readonly shift?: number | undefined
  /** What the device says when there is no sensor, or it is broken: BadSensorFailure. After mask and shift. */
  readonly noSensor?: readonly (number | string)[] | undefined
  /** What else stands for a state without a value. */
  readonly sentinels?: readonly SentinelConfig[] | undefined
  /** raw × scale + offset. */
  readonly scale?: number | undefined
  readonly offset?: number | undefined
  /** In place of scale and offset: two raw numbers, and what they stand for. */
  readonly linear?: { readonly raw: readonly number[]; readonly value: readonly number[] } | undefined
  /** Unit in which the device measures, where that is not the tag's. */
  readonly from?: string | undefined
  /** Digits behind the decimal point that are kept. */
  readonly round?: number | undefined
  /** Whether values outside the range become its nearer end. */
  readonly clamp?: boolean | undefined
  /** Whether true and false are exchanged. */
  readonly invert?: boolean | undefined
}

export interface SentinelConfig {
  readonly value: number | string
  readonly status: (typeof sentinelStatuses)[number]
}
