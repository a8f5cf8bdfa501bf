import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader'
import { describe, expect, it } from 'vitest'
import { type DataType, fitValue, type TagValue } from '../../../src/core/data-type.ts'
import { lengthOf, timeOf, timestamp } from '../../../src/grpc/timestamps.ts'
import { givenValue, untypedMessage, type ValueMessage, valueMessage } from '../../../src/grpc/values.ts'
import { PROTO } from '../../support/grpc-site.ts'

const options = { includeDirs: [PROTO], longs: String, enums: String, defaults: true, oneofs: true }
const { serialize, deserialize } = loadSync('penstock/v1/value.proto', options)[
  'penstock.v1.Value'
] as MessageTypeDefinition<ValueMessage, ValueMessage>
const sent = (message: ValueMessage) => deserialize(serialize(message))

const values: readonly (readonly [DataType, TagValue])[] = [
  ['Boolean', false],
  ['SByte', -128],
  ['Byte', 255],
  ['Int16', -32_768],
  ['UInt16', 65_535],
  ['Int32', -2_147_483_648],
  ['UInt32', 4_294_967_295],
  ['Int64', -(2n ** 63n)],
  ['UInt64', 2n ** 64n - 1n],
  ['Float', Math.fround(0.1)],
  ['Double', 0.1],
  ['String', ''],
  ['String', '21 °C 🌡'],
  ['ByteString', Buffer.from([0, 255])],
  ['DateTime', Date.UTC(1601, 0, 1)],
  ['DateTime', 1_760_000_000_000.25],
]

describe('a value', () => {
  it.each(values)('of type %s comes over as it is: %s', (type, value) => {
    const message = sent(valueMessage(type, value))
    const received = givenValue('value', message)
    expect(fitValue(type, received)).toEqual(value)
  })

  it('that is an array keeps its elements in order', () => {
    const message = sent(valueMessage('UInt64', [1n, 2n ** 63n]))
    expect(givenValue('value', message)).toEqual([1, 2n ** 63n])
    expect(givenValue('value', sent(valueMessage('Int16', [])))).toEqual([])
  })

  it('whose type nobody knows any more is shown as what it looks like', () => {
    expect(untypedMessage(true)).toEqual({ booleanValue: true })
    expect(untypedMessage(1.5)).toEqual({ doubleValue: 1.5 })
    expect(untypedMessage(2n ** 63n)).toEqual({ uint64Value: '9223372036854775808' })
    expect(untypedMessage(-1n)).toEqual({ int64Value: '-1' })
    expect(untypedMessage(['a'])).toEqual({ arrayValue: { elements: [{ stringValue: 'a' }] } })
    expect(untypedMessage(new Uint8Array([7]))).toEqual({ byteStringValue: new Uint8Array([7]) })
  })

  it('that is none is refused by the name of its field', () => {
    expect(() => givenValue('write.value', null)).toThrow(/^write\.value is not set/)
    expect(() => givenValue('write.value', sent({}))).toThrow(/^write\.value is not set/)
    const nested: ValueMessage = { arrayValue: { elements: [{ doubleValue: 1 }, {}] } }
    expect(() => givenValue('value', sent(nested))).toThrow(/^value\.array_value\.elements\[1\] is not set/)
    const late: ValueMessage = { dateTimeValue: { seconds: '253402300800', nanos: 0 } }
    expect(() => givenValue('value', sent(late))).toThrow(/^value\.date_time_value is .* years 1 to 9999/)
  })
})

describe('a time', () => {
  it('is a timestamp of whole seconds and nanoseconds, also before the epoch', () => {
    expect(timestamp(1_500)).toEqual({ seconds: 1, nanos: 500_000_000 })
    expect(timestamp(-1)).toEqual({ seconds: -1, nanos: 999_000_000 })
    expect(timestamp(999.999_999_9)).toEqual({ seconds: 1, nanos: 0 })
    expect(timestamp(Number.NaN)).toBeUndefined()
    for (const time of [0, -1, 1_760_000_000_123, Date.UTC(1601, 0, 1), Date.UTC(9999, 11, 31)]) {
      expect(timeOf('at', timestamp(time) as NonNullable<ReturnType<typeof timestamp>>)).toBe(time)
    }
  })

  it('that no calendar has, and a length that is negative, are refused', () => {
    expect(() => timeOf('start', { seconds: '9223372036854775807', nanos: 0 })).toThrow(/^start is/)
    expect(() => timeOf('start', { seconds: 0, nanos: -1 })).toThrow(/^start is/)
    expect(lengthOf('interval', { seconds: '90', nanos: 500_000_000 })).toBe(90_500)
    expect(() => lengthOf('interval', { seconds: -1, nanos: 0 })).toThrow(/^interval is/)
  })
})
