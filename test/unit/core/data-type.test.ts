import { describe, expect, it } from 'vitest'
import { type DataType, fitValue } from '../../../src/core/data-type.ts'

describe('a value fits its type exactly or not at all', () => {
  const fits: [DataType, unknown][] = [
    ['Boolean', false],
    ['SByte', -128],
    ['Byte', 255],
    ['Int16', -32_768],
    ['UInt16', 65_535],
    ['Int32', 2_147_483_647],
    ['UInt32', 4_294_967_295],
    ['Int64', -9_223_372_036_854_775_808n],
    ['UInt64', 18_446_744_073_709_551_615n],
    ['Float', 3.4028234663852886e38],
    ['Double', -1e300],
    ['String', ''],
    ['ByteString', Buffer.from([0, 255])],
  ]
  it.each(fits)('%s takes %s', (type, value) => expect(fitValue(type, value)).toBe(value))

  const refused: [DataType, unknown][] = [
    ['Boolean', 1],
    ['Boolean', 'true'],
    ['SByte', 128],
    ['Byte', -1],
    ['Int16', 1.5],
    ['UInt16', 65_536],
    ['Int32', 2_147_483_648],
    ['UInt32', 4_294_967_296],
    ['Int64', 9_223_372_036_854_775_808n],
    ['Int64', 2 ** 53],
    ['UInt64', -1n],
    ['Float', 1e39],
    ['Float', Number.NaN],
    ['Double', Number.POSITIVE_INFINITY],
    ['Double', '5'],
    ['Double', null],
    ['String', 5],
    ['String', undefined],
    ['ByteString', 'AAE='],
    ['ByteString', [1]],
  ]
  it.each(refused)('%s refuses %s', (type, value) => expect(fitValue(type, value)).toBeUndefined())

  it('a whole number becomes a 64-bit integer while it is exact', () => {
    expect(fitValue('Int64', -5)).toBe(-5n)
    expect(fitValue('UInt64', 2 ** 53 - 1)).toBe(9_007_199_254_740_991n)
  })
})
