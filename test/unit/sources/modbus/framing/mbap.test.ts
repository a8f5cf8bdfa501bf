import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc16 } from '../../../../../src/sources/modbus/framing/crc16.ts'
import { DatagramReader, FrameReader, FramingError, frameOf } from '../../../../../src/sources/modbus/framing/mbap.ts'

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

describe('a datagram', () => {
  const take = (datagram: Buffer) => {
    const frames: [number, string][] = []
    new DatagramReader((transactionId, adu) => frames.push([transactionId, adu.toString('hex')])).push(datagram)
    return frames
  }

  it('is one frame', () => {
    expect(take(frameOf(7, Buffer.of(1, 3, 2, 0, 9)))).toEqual([[7, '0103020009']])
  })

  it.each([
    ['half a frame', '0007 0000 0005 010302'],
    ['two frames', '0007 0000 0003 018302 0008 0000 0003 018302'],
    ['another protocol', '0007 0001 0003 018302'],
    ['next to nothing', '0007'],
  ])('that is %s is no Modbus', (_, hex) => {
    expect(() => take(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(FramingError)
  })
})

describe('crc16', () => {
  it('is the one of the specification', () => {
    expect(crc16(Buffer.from('123456789'))).toBe(0x4b37)
    expect(crc16(Buffer.of(0x02, 0x07))).toBe(0x1241)
  })
})
