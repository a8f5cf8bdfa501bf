import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc16 } from '../../../../src/sources/modbus/crc16.ts'
import {
  FrameReader,
  FramingError,
  faultOfAnswer,
  frameOf,
  readRequestOf,
} from '../../../../src/sources/modbus/mbap.ts'

const read = (...chunks: Buffer[]) => {
  const frames: { transactionId: number; adu: string }[] = []
  const reader = new FrameReader((transactionId, adu) => frames.push({ transactionId, adu: adu.toString('hex') }))
  for (const chunk of chunks) reader.push(chunk)
  return frames
}

describe('FrameReader', () => {
  it('gives the same frames however the network cuts them', () => {
    const frame = fc.record({ transactionId: fc.nat(65_535), adu: fc.uint8Array({ minLength: 3, maxLength: 254 }) })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), fc.array(fc.nat(1_500)), (sent, cuts) => {
        const stream = Buffer.concat(sent.map((each) => frameOf(each.transactionId, Buffer.from(each.adu))))
        const at = [0, ...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]
        const chunks = at.slice(1).map((end, i) => stream.subarray(at[i], end))
        expect(read(...chunks)).toEqual(
          sent.map((each) => ({ transactionId: each.transactionId, adu: Buffer.from(each.adu).toString('hex') })),
        )
      }),
    )
  })

  it.each([
    ['a protocol id that is not 0', '0001 0001 0003 010304'],
    ['a length that no frame has', '0001 0000 00ff 010304'],
    ['a length too short for an answer', '0001 0000 0002 0103'],
    ['text', '48545450 2f31 2e31'],
  ])('takes %s for what it is: not Modbus TCP', (_, hex) => {
    expect(() => read(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(FramingError)
  })
})

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

describe('crc16', () => {
  it('is the one of the specification', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x4b37)
    expect(crc16(Buffer.of(0x02, 0x07))).toBe(0x1241)
  })
})
