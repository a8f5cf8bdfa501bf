import type { DataType } from '../../core/data-type.ts'
import { type PayloadEncoding, payloadEncodings } from '../../core/encodings.ts'
import type { TagConfig } from '../../core/plant.ts'
import { type Problem, showValue } from '../../core/problem.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { ChirpStackAddress } from './address.ts'
import { type JsonObject, stepInto } from './json.ts'
import type { Reading } from './reading.ts'

/**
 * The encodings that a type can stand behind, the default first: those whose every value it holds exactly. A type
 * without any is not read as a number.
 */
const encodingsOfType: Readonly<Partial<Record<DataType, readonly [PayloadEncoding, ...PayloadEncoding[]]>>> = {
  SByte: ['int8'],
  Byte: ['uint8'],
  Int16: ['int16', 'int8', 'uint8'],
  UInt16: ['uint16', 'uint8'],
  Int32: ['int32', 'int24', 'uint24', 'int16', 'uint16', 'int8', 'uint8'],
  UInt32: ['uint32', 'uint24', 'uint16', 'uint8'],
  Int64: ['int64', 'int32', 'uint32', 'int24', 'uint24', 'int16', 'uint16', 'int8', 'uint8'],
  UInt64: ['uint64', 'uint32', 'uint24', 'uint16', 'uint8'],
  Float: ['float32', 'int24', 'uint24', 'int16', 'uint16', 'int8', 'uint8'],
  Double: ['float64', 'float32', 'int32', 'uint32', 'int24', 'uint24', 'int16', 'uint16', 'int8', 'uint8'],
}

export const isPayload = ({ event, path }: ChirpStackAddress): boolean => event === 'up' && path[0] === 'payload'

/** Everything wrong with a tag that reads the payload, or with what only such a tag may say; paths relative to the tag. */
export function payloadProblems(tag: TagConfig, address: ChirpStackAddress): Problem[] {
  if (!isPayload(address)) {
    return (['encoding', 'byteOrder', 'length'] as const)
      .filter((field) => tag[field] !== undefined)
      .map((field) => problem(field, tag[field], 'Only bytes of the payload have it.', 'Leave it out.'))
  }
  if (address.path.length === 1) return wholeProblems(tag)
  return address.bit === undefined ? byteProblems(tag) : bitProblems(tag)
}

function wholeProblems(tag: TagConfig): Problem[] {
  const problems = unused(tag, ['encoding', 'byteOrder', 'length'], 'The whole payload is bytes.')
  if (tag.type === 'ByteString' || tag.type === 'String') return problems
  const message = `The whole payload is bytes, which a tag of type ${tag.type} cannot hold.`
  const mend = 'Make the type ByteString, or name the first byte: payload[0].'
  return [problem('type', tag.type, message, mend), ...problems]
}

function bitProblems(tag: TagConfig): Problem[] {
  const problems = unused(tag, ['encoding', 'byteOrder', 'length'], 'A bit is a single one.')
  if (tag.type === 'Boolean') return problems
  const message = `Names one bit, which a tag of type ${tag.type} cannot hold.`
  return [problem('address', tag.address, message, 'Make the type Boolean, or leave the bit out.'), ...problems]
}

function byteProblems(tag: TagConfig): Problem[] {
  const { type, encoding, address } = tag
  if (type === 'Boolean') {
    const message = 'A byte has 8 bits; a Boolean is one of them.'
    return [problem('address', address, message, `Name the bit: ${address}.0.`)]
  }
  const allowed: readonly string[] | undefined = encodingsOfType[type]
  if (!allowed) return unused(tag, ['encoding', 'byteOrder'], `A ${type} is the bytes as they are.`)
  const problems = unused(tag, ['length'], `A ${type} has a fixed length.`)
  if (encoding === undefined || allowed.includes(encoding)) return problems
  const message = `A tag of type ${type} can have ${allowed.join(', ')}.`
  return [problem('encoding', encoding, message, 'Choose one of them, or another type.'), ...problems]
}

const unused = (tag: TagConfig, fields: readonly ('encoding' | 'byteOrder' | 'length')[], why: string): Problem[] =>
  fields
    .filter((field) => tag[field] !== undefined)
    .map((field) => problem(field, tag[field], why, `Leave the ${field} out.`))

const problem = (path: string, value: unknown, message: string, mend: string): Problem => ({
  path,
  value: showValue(value),
  message,
  mend,
})

/**
 * Reads what a checked tag means of an uplink's bytes; undefined where it has none, or comes on another port. Bytes
 * beyond the end are BadDecodingError with a reason, never a default. As a String, bytes are hexadecimal.
 */
export function payloadReader(
  { path: [, first], port, bit }: ChirpStackAddress,
  tag: TagConfig,
): (body: JsonObject) => Reading | undefined {
  const at = typeof first === 'number' ? first : 0
  const decode = decoder(tag, at, bit)
  return (body) => {
    const fPort = stepInto(body, 'fPort')
    if (port === undefined ? typeof fPort !== 'number' || fPort < 1 : fPort !== port) return undefined
    const bytes = bytesOf(stepInto(body, 'data'))
    return bytes ? decode(bytes) : { status: StatusCode.BadDecodingError, reason: 'the payload is no base64' }
  }
}

/** ChirpStack writes bytes as base64; no bytes as an empty text, or not at all. */
function bytesOf(data: unknown): Buffer | undefined {
  if (data === undefined || data === null) return Buffer.alloc(0)
  if (typeof data !== 'string' || data.length > 4_096 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return undefined
  return Buffer.from(data, 'base64')
}

type Decode = (bytes: Buffer) => Reading

function decoder(tag: TagConfig, at: number, bit: number | undefined): Decode {
  const { type } = tag
  if (bit !== undefined) return within(at, 1, (bytes) => (bytes.readUInt8(at) & (1 << bit)) !== 0)
  if (type === 'ByteString' || type === 'String') {
    return within(at, tag.length ?? 0, (bytes) => {
      const part = bytes.subarray(at, tag.length === undefined ? bytes.length : at + tag.length)
      return type === 'String' ? part.toString('hex') : part
    })
  }
  const encoding = payloadEncodings.find((each) => each === tag.encoding) ?? encodingsOfType[type]?.[0] ?? 'uint8'
  const width = Number(/\d+/.exec(encoding)?.[0]) / 8
  const read = numberReader(encoding, width, tag.byteOrder !== 'little')
  return (bytes) => {
    const reading = within(at, width, (all) => read(all, at))(bytes)
    if (typeof reading.value !== 'number' || Number.isFinite(reading.value)) return reading
    // A well-formed number of IEC 60559 that says there is no measurement.
    return { status: StatusCode.BadSensorFailure }
  }
}

function within(at: number, width: number, read: (bytes: Buffer) => unknown): Decode {
  return (bytes) => {
    if (at + width <= bytes.length) return { value: read(bytes) }
    const needed = width === 1 ? `byte ${at}` : `bytes ${at} to ${at + Math.max(width, 1) - 1}`
    return { status: StatusCode.BadDecodingError, reason: `no ${needed} in a payload of ${bytes.length}` }
  }
}

function numberReader(
  encoding: PayloadEncoding,
  width: number,
  bigEndian: boolean,
): (bytes: Buffer, at: number) => number | bigint {
  switch (encoding) {
    case 'float32':
      return (bytes, at) => (bigEndian ? bytes.readFloatBE(at) : bytes.readFloatLE(at))
    case 'float64':
      return (bytes, at) => (bigEndian ? bytes.readDoubleBE(at) : bytes.readDoubleLE(at))
    case 'int64':
      return (bytes, at) => (bigEndian ? bytes.readBigInt64BE(at) : bytes.readBigInt64LE(at))
    case 'uint64':
      return (bytes, at) => (bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at))
    default:
      return encoding.startsWith('u')
        ? (bytes, at) => (bigEndian ? bytes.readUIntBE(at, width) : bytes.readUIntLE(at, width))
        : (bytes, at) => (bigEndian ? bytes.readIntBE(at, width) : bytes.readIntLE(at, width))
  }
}
