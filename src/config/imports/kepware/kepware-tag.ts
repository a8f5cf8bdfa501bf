/** Data types of KEPServerEX, by their number in the Configuration API (`servermain.TAG_DATA_TYPE`). */
const typesByNumber = {
  0: 'String',
  1: 'Boolean',
  2: 'Char',
  3: 'Byte',
  4: 'Short',
  5: 'Word',
  6: 'Long',
  7: 'DWord',
  8: 'Float',
  9: 'Double',
  10: 'BCD',
  11: 'LBCD',
  12: 'Date',
  13: 'LLong',
  14: 'QWord',
} as const
export type KepwareType = (typeof typesByNumber)[keyof typeof typesByNumber]

const types: readonly KepwareType[] = Object.values(typesByNumber)

/** An array has the number of its elements plus 20. */
const FIRST_ARRAY = 20

export interface KepwareDataType {
  /** Undefined: the driver chooses by the address ("Default"). */
  readonly type: KepwareType | undefined
  readonly isArray: boolean
}

/** Undefined: there is no such type. */
export function typeOfNumber(number: number): KepwareDataType | undefined {
  if (number === -1) return { type: undefined, isArray: false }
  const isArray = number >= FIRST_ARRAY
  const type = (typesByNumber as Readonly<Record<number, KepwareType>>)[isArray ? number - FIRST_ARRAY : number]
  return type && { type, isArray }
}

/** As CSV has it: `Word`, `Float Array`, `Default`; undefined: there is no such type. */
export function typeOfName(written: string): KepwareDataType | undefined {
  const [, name = '', array] = /^(.*?)(\s+array)?$/i.exec(written.trim()) ?? []
  if (name === '' || /^default$/i.test(name)) return { type: undefined, isArray: array !== undefined }
  const type = types.find((each) => each.toLowerCase() === name.toLowerCase())
  return type && { type, isArray: array !== undefined }
}

export interface KepwareScaling {
  readonly kind: 'linear' | 'squareRoot'
  readonly raw: readonly [low: number, high: number]
  readonly scaled: readonly [low: number, high: number]
  readonly type: KepwareType
  readonly clampLow: boolean
  readonly clampHigh: boolean
  readonly negate: boolean
}

/** A tag as KEPServerEX has it, in JSON or in CSV. */
export interface KepwareTag {
  /** Its names from the channel, or the device, on. */
  readonly path: string
  readonly line?: number
  /** With its groups: `Pump.Running`. */
  readonly name: string
  readonly description: string | undefined
  readonly address: string
  readonly dataType: KepwareDataType
  readonly canWrite: boolean
  /** Milliseconds; undefined: not said. */
  readonly scanRate: number | undefined
  readonly scaling: KepwareScaling | undefined
  readonly unit: string | undefined
}

/** Why something is left out, in a sentence or two. */
export interface Reason {
  readonly reason: string
}
export const isReason = (value: object): value is Reason => 'reason' in value
