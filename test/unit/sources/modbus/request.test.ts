import { describe, expect, it } from 'vitest'
import { faultOfAnswer, requestOf } from '../../../../src/sources/modbus/request.ts'

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

describe('requestOf', () => {
  it.each([
    [1, 1, 1],
    [1, 8, 1],
    [2, 9, 2],
    [2, 2_000, 250],
    [3, 1, 2],
    [4, 125, 250],
  ])('knows how much data answers function %i for %i', (functionCode, count, dataBytes) => {
    const adu = Buffer.of(7, functionCode, 0, 0, count >> 8, count & 0xff)
    expect(requestOf(adu)).toEqual({ unitId: 7, functionCode, dataBytes })
  })

  it.each([
    ['one coil', '0705000aff00', '0705000aff00'],
    ['one register', '0706000a1234', '0706000a1234'],
    ['coils', '070f000a000a02ff03', '070f000a000a'],
    ['registers', '0710000a00020411223344', '0710000a0002'],
    ['bits of a register', '0716000afffe0001', '0716000afffe0001'],
  ])('knows the one answer that says that the write of %s is done', (_, asked, answer) => {
    const request = requestOf(Buffer.from(asked, 'hex'))
    if (!request) throw new Error('no request')
    expect(faultOfAnswer(request, Buffer.from(answer, 'hex'))).toBeUndefined()
    expect(faultOfAnswer(request, Buffer.of(7, request.functionCode | 0x80, 2))).toBeUndefined()
    for (let at = 2; at < answer.length / 2; at++) {
      const wrong = Buffer.from(answer, 'hex')
      wrong[at]! ^= 1
      expect(faultOfAnswer(request, wrong)).toContain('repeats another write')
    }
    expect(faultOfAnswer(request, Buffer.from(`${answer}00`, 'hex'))).toContain('repeats another write')
  })

  it.each([8, 20, 24])('does not know function %i', (functionCode) => {
    expect(requestOf(Buffer.of(7, functionCode, 0, 0, 0, 1))).toBeUndefined()
  })

  it.each([17, 43])('lets the device choose how long its answer to function %i is', (functionCode) => {
    expect(requestOf(Buffer.of(7, functionCode, 14, 1, 0))).toMatchObject({ unitId: 7, functionCode, dataBytes: 251 })
  })

  it.each([
    ['its bytes', '07 11 03 414243', undefined],
    ['fewer bytes than it says', '07 11 03 4142', 'has 2 bytes and says 3'],
    ['nothing', '07 11 00', 'has 0 bytes'],
  ])('takes a server id with %s', (_, hex, fault) => {
    const words = faultOfAnswer(requestOf(Buffer.of(7, 17))!, Buffer.from(hex.replaceAll(' ', ''), 'hex'))
    expect(words ?? '').toContain(fault ?? '')
    expect(words === undefined).toBe(fault === undefined)
  })
})
