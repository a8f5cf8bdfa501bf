import type { DataType, Scalar, TagValue } from '../core/data-type.ts'
import { statusName } from '../core/status-code.ts'
import type { IndexedTag } from '../core/tag-index.ts'
import type { PlantMirror, ShownValue } from '../http/live/plant-mirror.ts'
import { invalid } from './call-error.ts'
import { type TimeMessage, timeOf, timestamp } from './timestamps.ts'

/** penstock.v1.DataType, by the type that it stands for. */
export const typeNames = {
  Boolean: 'DATA_TYPE_BOOLEAN',
  SByte: 'DATA_TYPE_SBYTE',
  Byte: 'DATA_TYPE_BYTE',
  Int16: 'DATA_TYPE_INT16',
  UInt16: 'DATA_TYPE_UINT16',
  Int32: 'DATA_TYPE_INT32',
  UInt32: 'DATA_TYPE_UINT32',
  Int64: 'DATA_TYPE_INT64',
  UInt64: 'DATA_TYPE_UINT64',
  Float: 'DATA_TYPE_FLOAT',
  Double: 'DATA_TYPE_DOUBLE',
  String: 'DATA_TYPE_STRING',
  DateTime: 'DATA_TYPE_DATE_TIME',
  ByteString: 'DATA_TYPE_BYTE_STRING',
} as const satisfies Record<DataType, string>

const fields = {
  Boolean: 'booleanValue',
  SByte: 'sbyteValue',
  Byte: 'byteValue',
  Int16: 'int16Value',
  UInt16: 'uint16Value',
  Int32: 'int32Value',
  UInt32: 'uint32Value',
  Int64: 'int64Value',
  UInt64: 'uint64Value',
  Float: 'floatValue',
  Double: 'doubleValue',
  String: 'stringValue',
  DateTime: 'dateTimeValue',
  ByteString: 'byteStringValue',
} as const satisfies Record<DataType, string>

type ScalarField = (typeof fields)[DataType]

/** penstock.v1.Value; `kind` names the field that is set, of what was received. */
export type ValueMessage = {
  readonly [Field in ScalarField]?: boolean | number | string | Uint8Array | TimeMessage
} & {
  readonly kind?: ScalarField | 'arrayValue'
  readonly arrayValue?: { readonly elements: readonly ValueMessage[] }
}

/** penstock.v1.Sample; what is undefined is absent. */
export interface SampleMessage {
  readonly value: ValueMessage | undefined
  readonly statusCode: number
  readonly statusName: string
  readonly sourceTime: TimeMessage | undefined
  readonly serverTime: TimeMessage | undefined
}

export interface TagSampleMessage {
  readonly tag: string
  readonly sample: SampleMessage
}

export function valueMessage(type: DataType, value: TagValue): ValueMessage {
  if (isArray(value)) return { arrayValue: { elements: value.map((element) => scalarMessage(type, element)) } }
  return scalarMessage(type, value)
}

function scalarMessage(type: DataType, value: Scalar): ValueMessage {
  const field = fields[type]
  if (type === 'DateTime') return { [field]: timestamp(value as number) }
  return { [field]: typeof value === 'bigint' ? String(value) : value }
}

/** A value whose tag or parameter is gone, as what it looks like. */
export function untypedMessage(value: TagValue): ValueMessage {
  if (isArray(value)) return { arrayValue: { elements: value.map(untypedMessage) } }
  return scalarMessage(apparentType(value), value)
}

function apparentType(value: Scalar): DataType {
  if (typeof value === 'boolean') return 'Boolean'
  if (typeof value === 'number') return 'Double'
  if (typeof value === 'string') return 'String'
  if (typeof value !== 'bigint') return 'ByteString'
  return value > 2n ** 63n - 1n ? 'UInt64' : 'Int64'
}

const isArray = (value: TagValue): value is readonly Scalar[] => Array.isArray(value)

/** What a client sent; whether it fits its tag, the engine says. `field` names it in errors. Throws CallError. */
export function givenValue(field: string, message: ValueMessage | null | undefined): TagValue {
  if (message?.kind !== 'arrayValue') return scalarOf(field, message)
  const elements = message.arrayValue?.elements ?? []
  return elements.map((element, position) => scalarOf(`${field}.array_value.elements[${position}]`, element))
}

function scalarOf(field: string, message: ValueMessage | null | undefined): Scalar {
  const kind = message?.kind
  if (kind === undefined || kind === 'arrayValue') {
    throw invalid(field, kind === undefined ? 'not set' : 'an array in an array', 'one value, in the field of its type')
  }
  const value = message?.[kind] as boolean | number | string | Uint8Array | TimeMessage
  if (kind === 'int64Value' || kind === 'uint64Value') {
    const exact = BigInt(value as string)
    // A number fits a 64-bit tag too, and the other types do not take a bigint.
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
  }
  if (kind === 'dateTimeValue') return timeOf(`${field}.date_time_value`, value as TimeMessage)
  return value as Scalar
}

export function sampleMessage(
  type: DataType,
  { value, status, sourceTime, serverTime }: Readonly<ShownValue>,
): SampleMessage {
  return {
    value: value === null ? undefined : valueMessage(type, value),
    statusCode: status,
    statusName: statusName(status),
    sourceTime: timestamp(sourceTime),
    serverTime: timestamp(serverTime),
  }
}

export const tagSampleMessage = (mirror: PlantMirror, tag: IndexedTag): TagSampleMessage => ({
  tag: tag.id,
  sample: sampleMessage(tag.tag.type, mirror.valueOf(tag)),
})
