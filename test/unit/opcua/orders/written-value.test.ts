import fc from 'fast-check'
import { BinaryStream, DataType, DataValue, NumericRange, StatusCodes, Variant, VariantArrayType } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import {
  dataTypes,
  type Scalar,
  type DataType as TagDataType,
  type ValueShape,
} from '../../../../src/core/data-type.ts'
import { splitDateTime } from '../../../../src/core/date-time.ts'
import { variantOf, variantType } from '../../../../src/opcua/data-values.ts'
import { writtenValue } from '../../../../src/opcua/orders/written-value.ts'

const WHOLE = new NumericRange()

/** As it comes out of a request: through the encoding of the wire. */
function received(dataValue: DataValue): DataValue {
  const stream = new BinaryStream(dataValue.binaryStoreSize())
  dataValue.encode(stream)
  stream.rewind()
  const decoded = new DataValue()
  decoded.decode(stream)
  return decoded
}

const write = (shape: ValueShape, value: Variant, rest: Partial<DataValue> = {}, range = WHOLE) =>
  writtenValue(shape, received(new DataValue({ value, ...rest })), range)

const integers = (bits: number, isSigned: boolean) =>
  isSigned
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 })

const scalars: Readonly<Record<TagDataType, fc.Arbitrary<Scalar>>> = {
  Boolean: fc.boolean(),
  SByte: integers(8, true),
  Byte: integers(8, false),
  Int16: integers(16, true),
  UInt16: integers(16, false),
  Int32: integers(32, true),
  UInt32: integers(32, false),
  Int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  UInt64: fc.bigInt(0n, 2n ** 64n - 1n),
  Float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  Double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  String: fc.string({ unit: 'grapheme' }),
  ByteString: fc.uint8Array(),
  DateTime: fc.integer({ min: Date.UTC(1601, 0, 1), max: Date.UTC(9999, 11, 31) }),
}

const shapes = fc.record({
  type: fc.constantFrom(...dataTypes),
  arrayLength: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
})

const anyValueOf = ({ type, arrayLength }: ValueShape): fc.Arbitrary<Scalar | Scalar[]> =>
  arrayLength === undefined
    ? scalars[type]
    : fc.array(scalars[type], { minLength: arrayLength, maxLength: arrayLength })

const shapeWithValue = shapes.chain((shape) => fc.tuple(fc.constant(shape), anyValueOf(shape)))

describe('a value that a client writes', () => {
  it('reaches the engine unchanged if its type, rank and length are those of the tag', () => {
    fc.assert(
      fc.property(shapeWithValue, ([shape, value]) => {
        expect(write(shape, variantOf(shape, value))).toEqual({ value })
      }),
      { numRuns: 2_000 },
    )
  })

  it('is refused with BadTypeMismatch if it is of any other type, and never converted', () => {
    fc.assert(
      fc.property(shapeWithValue, shapes, ([written, value], tag) => {
        const bytes = written.type === 'ByteString' && tag.type === 'Byte' && written.arrayLength === undefined
        fc.pre(written.type !== tag.type && !bytes)
        expect(write(tag, variantOf(written, value))).toEqual({ refused: StatusCodes.BadTypeMismatch })
      }),
      { numRuns: 2_000 },
    )
  })

  it('is refused with BadTypeMismatch if it is longer or shorter, or an array where the tag is none', () => {
    fc.assert(
      fc.property(
        shapeWithValue,
        fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
        ([written, value], arrayLength) => {
          fc.pre(written.arrayLength !== arrayLength)
          const tag = { type: written.type, arrayLength }
          expect(write(tag, variantOf(written, value))).toEqual({ refused: StatusCodes.BadTypeMismatch })
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('is refused with BadWriteNotSupported if it comes with a status or a time: what a device says of it is not the client’s', () => {
    const now = new Date(1_700_000_000_000)
    const extras = fc.constantFrom<Partial<DataValue>>(
      { statusCode: StatusCodes.UncertainLastUsableValue },
      { statusCode: StatusCodes.GoodClamped },
      { sourceTimestamp: now },
      { serverTimestamp: now },
      { sourceTimestamp: now, serverTimestamp: now },
    )
    fc.assert(
      fc.property(shapeWithValue, extras, ([shape, value], extra) => {
        expect(write(shape, variantOf(shape, value), extra)).toEqual({ refused: StatusCodes.BadWriteNotSupported })
      }),
    )
  })

  it.each([
    ['1', StatusCodes.BadWriteNotSupported],
    ['0:2', StatusCodes.BadWriteNotSupported],
    ['3:1', StatusCodes.BadIndexRangeInvalid],
    ['a', StatusCodes.BadIndexRangeInvalid],
  ])('into the range "%s" of an array is refused: only the whole is written', (range, refused) => {
    const shape = { type: 'Int16', arrayLength: 3 } as const

    expect(write(shape, variantOf(shape, [1, 2, 3]), {}, new NumericRange(range))).toEqual({ refused })
  })

  it.each<[string, TagDataType, unknown]>([
    ['not a number', 'Double', Number.NaN],
    ['infinite', 'Float', Number.POSITIVE_INFINITY],
    ['a null text', 'String', null],
    ['null bytes', 'ByteString', null],
  ])('that is %s is refused with BadOutOfRange', (_what, type, value) => {
    const variant = new Variant(null)
    Object.assign(variant, { dataType: variantType[type], arrayType: VariantArrayType.Scalar, value })

    expect(write({ type }, variant)).toEqual({ refused: StatusCodes.BadOutOfRange })
  })

  it('is refused with BadTypeMismatch if there is none', () => {
    expect(writtenValue({ type: 'Double' }, received(new DataValue({})), WHOLE)).toEqual({
      refused: StatusCodes.BadTypeMismatch,
    })
    expect(write({ type: 'Double' }, new Variant({ dataType: DataType.Null }))).toEqual({
      refused: StatusCodes.BadTypeMismatch,
    })
  })

  it('as bytes is an array of Byte, of just its length (OPC 10000-4 §5.11.4.2)', () => {
    const bytes = new Variant({ dataType: DataType.ByteString, value: Buffer.of(1, 2, 255) })

    expect(write({ type: 'Byte', arrayLength: 3 }, bytes)).toEqual({ value: [1, 2, 255] })
    expect(write({ type: 'Byte', arrayLength: 4 }, bytes)).toEqual({ refused: StatusCodes.BadTypeMismatch })
  })

  it('with 100 ns in its time keeps them as far as a number carries them', () => {
    const time = Object.assign(new Date(1_600_000_000_123), { picoseconds: 456_700_000 })
    const written = write({ type: 'DateTime' }, new Variant({ dataType: DataType.DateTime, value: time }))

    const { whole, ticks } = splitDateTime('value' in written ? (written.value as number) : 0)
    expect(whole).toBe(1_600_000_000_123)
    expect(Math.abs(ticks - 4_567)).toBeLessThanOrEqual(1)
  })
})
