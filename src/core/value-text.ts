import {
  type DataType,
  dataTypes,
  fitArray,
  fitValue,
  isBigInteger,
  type Scalar,
  type TagValue,
  type ValueShape,
} from './data-type.ts'
import { formatDateTime, parseDateTime } from './date-time.ts'

/** A value as text from which `valueIn` reads it exactly: bytes in hexadecimal, an array as a list of texts in JSON. */
export function textOf({ type }: ValueShape, value: TagValue): string {
  if (typeof value !== 'object' || value instanceof Uint8Array) return scalarText(type, value)
  return JSON.stringify(value.map((element) => scalarText(type, element)))
}

export function scalarText(type: DataType, value: Scalar): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (type === 'DateTime') return formatDateTime(value as number)
  return Object.is(value, -0) ? '-0' : String(value)
}

/** The counterpart of `textOf`; undefined where it is no value of this shape. */
export function valueIn({ type, arrayLength }: ValueShape, text: string): TagValue | undefined {
  if (arrayLength === undefined) return fitValue(type, scalarIn(type, text))
  const texts = jsonList(text)
  return (
    texts &&
    fitArray(
      { type, length: arrayLength },
      texts.map((each) => scalarIn(type, String(each))),
    )
  )
}

function jsonList(text: string): readonly unknown[] | undefined {
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? (list as unknown[]) : undefined
  } catch {
    return undefined
  }
}

function scalarIn(type: DataType, text: string): unknown {
  if (type === 'String') return text
  if (type === 'Boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  if (type === 'DateTime') return parseDateTime(text)
  if (type === 'ByteString') return /^(?:[0-9A-Fa-f]{2})*$/.test(text) ? Buffer.from(text, 'hex') : undefined
  if (isBigInteger(type)) return /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined
  return /^-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : undefined
}

/** The shape that `shapeName` names so; undefined: it is none. */
export function shapeNamed(name: string): ValueShape | undefined {
  const [, written, length] = /^([A-Za-z0-9]+)(?:\[(\d{1,6})\])?$/.exec(name) ?? []
  const type = dataTypes.find((each) => each === written)
  if (!type) return undefined
  return length === undefined ? { type } : { type, arrayLength: Number(length) }
}
