import { DataType, type DataValue, type StatusCode, StatusCodes, type Variant, VariantArrayType } from 'node-opcua'
import type { Milliseconds } from '../../core/clock.ts'
import { fitArray, fitValue, isBigInteger, type TagValue, type ValueShape } from '../../core/data-type.ts'
import type { RecordedSample } from '../../core/history-source.ts'
import { isBad } from '../../core/status-code.ts'
import { variantType } from '../data-values.ts'
import { timeOf } from './times.ts'

/**
 * The sample that a client wants to be recorded of a tag of this shape, received `now`; or why that cannot be: a value of
 * another type, one without a time or with one that lies ahead, a value missing though its status is not Bad.
 */
export function editedSample(shape: ValueShape, dataValue: DataValue, now: Milliseconds): RecordedSample | StatusCode {
  const time = timeOf(dataValue.sourceTimestamp)
  if (time === undefined || time > now) return StatusCodes.BadInvalidTimestamp
  const status = dataValue.statusCode.value >>> 0
  const value = editedValue(shape, dataValue.value)
  if (value === undefined || (value === null && !isBad(status))) return StatusCodes.BadTypeMismatch
  return { value, status, sourceTime: Math.trunc(time), serverTime: now }
}

/** As the tag holds it; null of a variant without a value, undefined where it does not fit. */
function editedValue({ type, arrayLength }: ValueShape, variant: Variant): TagValue | null | undefined {
  if (variant.dataType === DataType.Null) return null
  const isArray = variant.arrayType === VariantArrayType.Array
  if (variant.dataType !== variantType[type] || isArray !== (arrayLength !== undefined)) return undefined
  if (variant.arrayType === VariantArrayType.Matrix) return undefined
  if (arrayLength === undefined) return fitValue(type, elementOf(type, variant.value))
  const elements = Array.from(variant.value as ArrayLike<unknown>, (element) => elementOf(type, element))
  return fitArray({ type, length: arrayLength }, elements)
}

/** What node-opcua holds otherwise: 64-bit integers as two words, moments as a Date. */
function elementOf(type: ValueShape['type'], element: unknown): unknown {
  if (isBigInteger(type) && Array.isArray(element)) {
    const [high = 0, low = 0] = element as readonly number[]
    const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
    return type === 'Int64' ? BigInt.asIntN(64, bits) : bits
  }
  return type === 'DateTime' && element instanceof Date ? timeOf(element) : element
}
