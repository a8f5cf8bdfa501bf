import { isDateTime } from './date-time.ts'

/**
 * The OPC UA built-in types a tag can have (OPC 10000-6 §5.1.2). A tag's type never changes at run time.
 * The position in the list is the code used in typed arrays.
 */
export const dataTypes = [
  'Boolean',
  'SByte',
  'Byte',
  'Int16',
  'UInt16',
  'Int32',
  'UInt32',
  'Int64',
  'UInt64',
  'Float',
  'Double',
  'String',
  'ByteString',
  'DateTime',
] as const

export type DataType = (typeof dataTypes)[number]

/**
 * One value: `bigint` for Int64 and UInt64, `number` for the other numeric types, bytes for ByteString; of a DateTime
 * the milliseconds of the epoch, with a fraction where it is known as finely.
 */
export type Scalar = boolean | number | bigint | string | Uint8Array

/** What a tag can hold: one value, or, of a tag with an `arrayLength`, as many. An array is never changed once made. */
export type TagValue = Scalar | readonly Scalar[]

/** What decides which values a tag can hold. */
export interface ValueShape {
  readonly type: DataType
  /** How many elements its array has; absent: it is a single value. */
  readonly arrayLength?: number | undefined
}

/** As people read it: `Double`, or `Double[10]`. */
export const shapeName = ({ type, arrayLength }: ValueShape): string =>
  arrayLength === undefined ? type : `${type}[${arrayLength}]`

const integerLimits: Partial<Record<DataType, readonly [number, number]>> = {
  SByte: [-128, 127],
  Byte: [0, 255],
  Int16: [-32_768, 32_767],
  UInt16: [0, 65_535],
  Int32: [-2_147_483_648, 2_147_483_647],
  UInt32: [0, 4_294_967_295],
}

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n
const MAX_UINT64 = 2n ** 64n - 1n
const MAX_FLOAT = 3.4028234663852886e38

/** The least and the greatest whole number of the type; undefined where it is none of the integers. */
export function integerBounds(type: DataType): readonly [number | bigint, number | bigint] | undefined {
  if (isBigInteger(type)) return type === 'Int64' ? [MIN_INT64, MAX_INT64] : [0n, MAX_UINT64]
  return integerLimits[type]
}

/** True for the types that the tag table keeps as 64-bit integers. */
export const isBigInteger = (type: DataType): boolean => type === 'Int64' || type === 'UInt64'

/** Whole numbers of any width. */
export const isInteger = (type: DataType): boolean => isNumeric(type) && type !== 'Float' && type !== 'Double'

const notNumeric: ReadonlySet<DataType> = new Set(['Boolean', 'String', 'ByteString', 'DateTime'])

/** What has a unit and a range; a DateTime is a moment, not a number. */
export const isNumeric = (type: DataType): boolean => !notNumeric.has(type)

/**
 * The value as the tag's type holds it, or undefined where it does not fit: nothing is rounded, wrapped,
 * parsed from text or invented. An integer that arrives as a number fits a 64-bit tag while it is exact.
 */
export function fitValue(type: DataType, value: unknown): Scalar | undefined {
  switch (type) {
    case 'Boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'String':
      return typeof value === 'string' ? value : undefined
    case 'ByteString':
      return value instanceof Uint8Array ? value : undefined
    case 'DateTime':
      return isDateTime(value) ? value : undefined
    case 'Double':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined
    case 'Float':
      return typeof value === 'number' && Math.abs(value) <= MAX_FLOAT ? value : undefined
    case 'Int64':
    case 'UInt64':
      return fitBigInteger(type, value)
    default: {
      const [low, high] = integerLimits[type] as readonly [number, number]
      return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high ? value : undefined
    }
  }
}

/**
 * The list as an array of `length` elements of the type; undefined where it is none, or longer or shorter, or where one
 * element does not fit: a part of it would be another value.
 */
export function fitArray(
  { type, length }: { readonly type: DataType; readonly length: number },
  value: unknown,
): readonly Scalar[] | undefined {
  if (!Array.isArray(value) || value.length !== length) return undefined
  const elements: Scalar[] = []
  for (const element of value as readonly unknown[]) {
    const fit = fitValue(type, element)
    if (fit === undefined) return undefined
    // Bytes of their own: whoever read them may go on with the memory, and a view would take all of it over a link.
    elements.push(fit instanceof Uint8Array ? new Uint8Array(fit) : fit)
  }
  return elements
}

export function isSameArray(one: readonly Scalar[], other: readonly Scalar[]): boolean {
  if (one.length !== other.length) return false
  return one.every((element, position) => {
    const counterpart = other[position]
    if (element === counterpart) return true
    if (!(element instanceof Uint8Array && counterpart instanceof Uint8Array)) return false
    return Buffer.compare(element, counterpart) === 0
  })
}

function fitBigInteger(type: 'Int64' | 'UInt64', value: unknown): bigint | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const exact = BigInt(value)
  const [low, high] = type === 'Int64' ? [MIN_INT64, MAX_INT64] : [0n, MAX_UINT64]
  return exact >= low && exact <= high ? exact : undefined
}
