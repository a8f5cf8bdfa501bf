import fc from 'fast-check'
import { DataType } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import type { SampleBatch } from '../../../src/core/sample.ts'
import { BatchValues, makeDataValue, nullVariant, scalar, toHighLow } from '../../../src/opcua/data-values.ts'
import { StatusCodeCache } from '../../../src/opcua/status-codes.ts'

const batchOf = (bits: BigInt64Array | Float64Array, text: [number, string][] = []): SampleBatch => ({
  count: bits.length,
  tag: new Uint32Array(bits.length),
  bits: new Float64Array(bits.buffer, bits.byteOffset, bits.length),
  status: new Uint32Array(bits.length),
  sourceTime: new Float64Array(bits.length),
  serverTime: new Float64Array(bits.length),
  textRow: Uint32Array.from(text, ([row]) => row),
  text: text.map(([, value]) => value),
  arrayRow: new Uint32Array(0),
  array: [],
})

describe('a value of a batch', () => {
  it('of a 64-bit tag is exact for every bit pattern', () => {
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), (integer) => {
        const values = new BatchValues(batchOf(BigInt64Array.of(integer)))
        const [high, low] = values.at(0, { type: 'Int64' }).value as [number, number]
        expect(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))).toBe(integer)
        expect([high, low].every((part) => part >= 0 && part <= 0xffff_ffff)).toBe(true)
      }),
    )
  })

  it('of a Boolean tag is true for 1 and false for 0', () => {
    const values = new BatchValues(batchOf(Float64Array.of(1, 0)))

    expect([values.at(0, { type: 'Boolean' }).value, values.at(1, { type: 'Boolean' }).value]).toEqual([true, false])
  })

  it('of a String tag is the text of its own row; a row without a text has none', () => {
    const values = new BatchValues(
      batchOf(new Float64Array(4), [
        [1, 'one'],
        [3, 'three'],
      ]),
    )

    expect([0, 1, 2, 3].map((row) => values.at(row, { type: 'String' }).value)).toEqual([null, 'one', null, 'three'])
  })

  it('of a ByteString tag has each byte of its row', () => {
    const values = new BatchValues(batchOf(new Float64Array(2), [[0, '\u0000\u0080\u00ff']]))

    expect(values.at(0, { type: 'ByteString' })).toMatchObject({
      dataType: DataType.ByteString,
      value: Buffer.from([0, 128, 255]),
    })
    expect(values.at(1, { type: 'ByteString' }).value).toBeNull()
  })

  it('has the data type of its tag', () => {
    const values = new BatchValues(batchOf(Float64Array.of(7)))

    expect(values.at(0, { type: 'UInt16' })).toMatchObject({ dataType: DataType.UInt16, value: 7 })
    expect(values.at(0, { type: 'Float' })).toMatchObject({ dataType: DataType.Float, value: 7 })
  })
})

describe('a DataValue', () => {
  it('carries the source time and the server time apart', () => {
    const good = new StatusCodeCache().of(0)

    const value = makeDataValue(scalar(DataType.Double, 1), good, 1_000, 2_000)

    expect(value.sourceTimestamp).toEqual(new Date(1_000))
    expect(value.serverTimestamp).toEqual(new Date(2_000))
  })

  it('without a value holds Null', () => {
    expect(nullVariant()).toMatchObject({ dataType: DataType.Null, value: null })
  })
})

describe('a 64-bit integer', () => {
  it.each([
    [0n, [0, 0]],
    [-1n, [0xffff_ffff, 0xffff_ffff]],
    [2n ** 63n - 1n, [0x7fff_ffff, 0xffff_ffff]],
    [5_000_000_000n, [1, 705_032_704]],
  ])('%s is its high and low half', (integer, halves) => {
    expect(toHighLow(integer)).toEqual(halves)
  })
})
