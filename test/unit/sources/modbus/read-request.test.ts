import { describe, expect, it } from 'vitest'
import { faultOfAnswer, readRequestOf } from '../../../../src/sources/modbus/read-request.ts'

describe('faultOfAnswer', () => {
  const request = { unitId: 3, functionCode: 3, dataBytes: 4 }

  it.each([
    ['its data', '03 03 04 00010002'],
    ['an exception', '03 83 02'],
  ])('accepts %s', (_, hex) => {
    expect(faultOfAnswer(request, Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBeUndefined()
  })

  it.each([
    ['another unit', '04 03 04 00010002', 'unit 4'],
    ['another function', '03 04 04 00010002', 'function code 4'],
    ['an exception to another function', '03 84 02', 'function code 132'],
    ['fewer data', '03 03 02 0001', '2 bytes'],
    ['more data', '03 03 06 000100020003', '6 bytes'],
    ['a byte count that is not its length', '03 03 04 0001', '2 bytes'],
    ['an exception without a code', '03 83 00', 'malformed'],
    ['an exception with more than a code', '03 83 02 00', 'malformed'],
  ])('refuses %s', (_, hex, fault) => {
    expect(faultOfAnswer(request, Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toContain(fault)
  })
})

describe('readRequestOf', () => {
  it.each([
    [1, 1, 1],
    [1, 8, 1],
    [2, 9, 2],
    [2, 2_000, 250],
    [3, 1, 2],
    [4, 125, 250],
  ])('knows how much data answers function %i for %i', (functionCode, count, dataBytes) => {
    const adu = Buffer.of(7, functionCode, 0, 0, count >> 8, count & 0xff)
    expect(readRequestOf(adu)).toEqual({ unitId: 7, functionCode, dataBytes })
  })

  it.each([5, 6, 15, 16, 17, 20, 43])('does not take function %i for a read', (functionCode) => {
    expect(readRequestOf(Buffer.of(7, functionCode, 0, 0, 0, 1))).toBeUndefined()
  })
})
