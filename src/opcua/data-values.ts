import { DataType, DataValue, type StatusCode, Variant, VariantArrayType } from 'node-opcua'
import type { Scalar, DataType as TagDataType, TagValue, ValueShape } from '../core/data-type.ts'
import { splitDateTime } from '../core/date-time.ts'
import type { SampleBatch } from '../core/sample.ts'

/** The OPC UA data type of a tag's values. */
export const variantType: Readonly<Record<TagDataType, DataType>> = {
  Boolean: DataType.Boolean,
  SByte: DataType.SByte,
  Byte: DataType.Byte,
  Int16: DataType.Int16,
  UInt16: DataType.UInt16,
  Int32: DataType.Int32,
  UInt32: DataType.UInt32,
  Int64: DataType.Int64,
  UInt64: DataType.UInt64,
  Float: DataType.Float,
  Double: DataType.Double,
  String: DataType.String,
  ByteString: DataType.ByteString,
  DateTime: DataType.DateTime,
}

/** A 64-bit integer as node-opcua holds it: high and low 32 bits. */
export const toHighLow = (bits: bigint): [number, number] => [
  Number((bits >> 32n) & 0xffff_ffffn),
  Number(bits & 0xffff_ffffn),
]

/** A Null without a value: what a Bad status comes with. */
export const nullVariant = (): Variant => scalar(DataType.Null, null)

/** A scalar without the checks and coercions of Variant's constructor, which cost more than the rest of an update. */
export function scalar(dataType: DataType, value: unknown): Variant {
  const variant = new Variant(null)
  variant.dataType = dataType
  variant.arrayType = VariantArrayType.Scalar
  variant.value = value
  return variant
}

/** A DateTime as node-opcua holds it: a Date, which carries what is finer than a millisecond beside it. */
export function toDate(time: number): Date {
  const { whole, ticks } = splitDateTime(time)
  const date = new Date(whole)
  return ticks === 0 ? date : Object.assign(date, { picoseconds: ticks * 100_000 })
}

type NumericArray = { from(numbers: readonly number[]): ArrayLike<number> }

/** node-opcua writes a typed array as it lies in memory; one of another type it refuses or converts at each read. */
const numericArrays: Readonly<Partial<Record<TagDataType, NumericArray>>> = {
  SByte: Int8Array,
  Byte: Uint8Array,
  Int16: Int16Array,
  UInt16: Uint16Array,
  Int32: Int32Array,
  UInt32: Uint32Array,
  Float: Float32Array,
  Double: Float64Array,
}

function array(type: TagDataType, elements: readonly Scalar[]): Variant {
  const numeric = numericArrays[type]
  const variant = scalar(
    variantType[type],
    numeric ? numeric.from(elements as readonly number[]) : elements.map((element) => elementOf(type, element)),
  )
  variant.arrayType = VariantArrayType.Array
  return variant
}

function elementOf(type: TagDataType, element: Scalar): unknown {
  if (typeof element === 'bigint') return toHighLow(element)
  if (element instanceof Uint8Array) return Buffer.from(element)
  return type === 'DateTime' ? toDate(element as number) : element
}

/** A value that a tag of this shape holds. */
export function variantOf({ type, arrayLength }: ValueShape, value: TagValue): Variant {
  if (arrayLength !== undefined) return array(type, value as readonly Scalar[])
  return scalar(variantType[type], elementOf(type, value as Scalar))
}

/** A value with all that OPC UA says about it; times are milliseconds of the epoch. */
export function makeDataValue(value: Variant, status: StatusCode, sourceTime: number, serverTime: number): DataValue {
  const dataValue = new DataValue(null)
  dataValue.value = value
  dataValue.statusCode = status
  dataValue.sourceTimestamp = new Date(sourceTime)
  dataValue.sourcePicoseconds = 0
  dataValue.serverTimestamp = new Date(serverTime)
  dataValue.serverPicoseconds = 0
  return dataValue
}

const bytesOf = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'latin1'))

/** Reads the values of one batch; `integers` sees the same memory as its `bits`. */
export class BatchValues {
  readonly #batch: SampleBatch
  readonly #integers: BigInt64Array
  #nextText = 0
  #nextArray = 0

  constructor(batch: SampleBatch) {
    this.#batch = batch
    this.#integers = new BigInt64Array(batch.bits.buffer, batch.bits.byteOffset, batch.bits.length)
  }

  /** The value in `row`, read as its tag's shape says. Rows have to be asked in ascending order. */
  at(row: number, { type, arrayLength }: ValueShape): Variant {
    if (arrayLength !== undefined) return array(type, this.#arrayAt(row))
    const { bits } = this.#batch
    switch (type) {
      case 'String':
        return scalar(DataType.String, this.#textAt(row))
      case 'ByteString':
        return scalar(DataType.ByteString, bytesOf(this.#textAt(row)))
      case 'Boolean':
        return scalar(DataType.Boolean, bits[row] === 1)
      case 'Int64':
      case 'UInt64':
        return scalar(variantType[type], toHighLow(this.#integers[row] as bigint))
      case 'DateTime':
        return scalar(DataType.DateTime, toDate(bits[row] as number))
      default:
        return scalar(variantType[type], bits[row])
    }
  }

  #arrayAt(row: number): readonly Scalar[] {
    const { arrayRow, array: arrays } = this.#batch
    while (this.#nextArray < arrayRow.length && (arrayRow[this.#nextArray] as number) < row) this.#nextArray++
    const elements = arrayRow[this.#nextArray] === row ? arrays[this.#nextArray] : undefined
    if (!elements) throw new RangeError(`The engine sent row ${row} without its array`)
    return elements
  }

  #textAt(row: number): string | null {
    const { textRow, text } = this.#batch
    while (this.#nextText < textRow.length && (textRow[this.#nextText] as number) < row) this.#nextText++
    return textRow[this.#nextText] === row ? (text[this.#nextText] ?? null) : null
  }
}
