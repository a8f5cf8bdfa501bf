import { DataType, type DataValue, type NumericRange, type StatusCode, StatusCodes, VariantArrayType } from 'node-opcua'
import {
  fitArray,
  fitValue,
  type DataType as TagDataType,
  type TagValue,
  type ValueShape,
} from '../../core/data-type.ts'
import { variantType } from '../data-values.ts'

export type Written = { readonly value: TagValue } | { readonly refused: StatusCode }

const refused = (status: StatusCode): Written => ({ refused: status })

/**
 * The value that a client wrote to a node of this shape, exactly, or why it is none (OPC 10000-4 §5.11.4): only the
 * whole value can be written, without status and times, and what has another type, rank or length, is null, not a finite
 * number or no moment that a DateTime holds is refused. Nothing is converted; a ByteString is an array of Byte.
 */
export function writtenValue(shape: ValueShape, dataValue: DataValue, range: NumericRange): Written {
  if (!range.isEmpty()) {
    return refused(range.isValid() ? StatusCodes.BadWriteNotSupported : StatusCodes.BadIndexRangeInvalid)
  }
  if (hasStatusOrTime(dataValue)) return refused(StatusCodes.BadWriteNotSupported)
  const { type, arrayLength } = shape
  const { dataType, arrayType, value } = bytesAsArray(shape, dataValue)
  if (dataType !== variantType[type]) return refused(StatusCodes.BadTypeMismatch)
  if (arrayLength === undefined) {
    return arrayType === VariantArrayType.Scalar ? inRange(scalarOf(type, value)) : refused(StatusCodes.BadTypeMismatch)
  }
  const elements = arrayType === VariantArrayType.Array ? elementsOf(value) : undefined
  if (elements?.length !== arrayLength) return refused(StatusCodes.BadTypeMismatch)
  return inRange(
    fitArray(
      { type, length: arrayLength },
      elements.map((element) => plain(type, element)),
    ),
  )
}

/** A single value of a Variant that has this type already; undefined where the type cannot hold it. */
export function scalarOf(type: TagDataType, value: unknown): TagValue | undefined {
  return fitValue(type, plain(type, value))
}

const inRange = (value: TagValue | undefined): Written =>
  value === undefined ? refused(StatusCodes.BadOutOfRange) : { value }

function hasStatusOrTime(dataValue: DataValue): boolean {
  const { statusCode, sourceTimestamp, serverTimestamp, sourcePicoseconds, serverPicoseconds } = dataValue
  return (
    statusCode.value !== StatusCodes.Good.value ||
    Boolean(sourceTimestamp) ||
    Boolean(serverTimestamp) ||
    Boolean(sourcePicoseconds) ||
    Boolean(serverPicoseconds)
  )
}

interface PlainVariant {
  readonly dataType: DataType
  readonly arrayType: VariantArrayType
  readonly value: unknown
}

/** OPC 10000-4 §5.11.4.2: a server accepts a ByteString where an array of Byte is expected. */
function bytesAsArray({ type, arrayLength }: ValueShape, { value: variant }: DataValue): PlainVariant {
  const isMeant = type === 'Byte' && arrayLength !== undefined && variant.dataType === DataType.ByteString
  if (!isMeant || variant.arrayType !== VariantArrayType.Scalar) return variant
  return { dataType: DataType.Byte, arrayType: VariantArrayType.Array, value: variant.value }
}

const elementsOf = (value: unknown): unknown[] | undefined =>
  Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>) : undefined

/** As tags hold it: node-opcua has a 64-bit integer as its two halves, and a DateTime as a Date. */
function plain(type: TagDataType, value: unknown): unknown {
  if (type === 'Int64' || type === 'UInt64') return integerOf(value, type === 'Int64')
  if (type === 'DateTime') return timeOf(value)
  // Bytes of their own: the client's message they are part of would go along.
  return value instanceof Uint8Array ? new Uint8Array(value) : value
}

function integerOf(value: unknown, isSigned: boolean): bigint | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [high, low] = value as [number, number]
  const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  return isSigned ? BigInt.asIntN(64, bits) : bits
}

function timeOf(value: unknown): number | undefined {
  if (!(value instanceof Date)) return undefined
  const { picoseconds = 0 } = value as Date & { picoseconds?: number }
  return value.getTime() + picoseconds / 1_000_000_000
}
