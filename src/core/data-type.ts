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
] as const

export type DataType = (typeof dataTypes)[number]

/** What a tag can hold: `bigint` for Int64 and UInt64, `number` for the other numeric types, bytes for ByteString. */
export type TagValue = boolean | number | bigint | string | Uint8Array

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

/** True for the types that the tag table keeps as 64-bit integers. */
export const isBigInteger = (type: DataType): boolean => type === 'Int64' || type === 'UInt64'

/** Whole numbers of any width. */
export const isInteger = (type: DataType): boolean => isNumeric(type) && type !== 'Float' && type !== 'Double'

export const isNumeric = (type: DataType): boolean => type !== 'Boolean' && type !== 'String' && type !== 'ByteString'

/**
 * The value as the tag's type holds it, or undefined where it does not fit: nothing is rounded, wrapped,
 * parsed from text or invented. An integer that arrives as a number fits a 64-bit tag while it is exact.
 */
export function fitValue(type: DataType, value: unknown): TagValue | undefined {
  switch (type) {
    case 'Boolean':
      return typeof value === 'boolean' ? value : undefined
    case 'String':
      return typeof value === 'string' ? value : undefined
    case 'ByteString':
      return value instanceof Uint8Array ? value : undefined
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

function fitBigInteger(type: 'Int64' | 'UInt64', value: unknown): bigint | undefined {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return undefined
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const exact = BigInt(value)
  const [low, high] = type === 'Int64' ? [MIN_INT64, MAX_INT64] : [0n, MAX_UINT64]
  return exact >= low && exact <= high ? exact : undefined
}
