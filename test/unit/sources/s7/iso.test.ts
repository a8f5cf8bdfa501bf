import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { connectionRequest, dataFrame, FrameReader, readFrame } from '../../../../src/sources/s7/iso.ts'

/** The frames that a reader makes of a stream that comes in these chunks. */
function framesOf(chunks: readonly Buffer[]): string[] {
  const reader = new FrameReader()
  const frames: string[] = []
  for (const chunk of chunks) reader.push(chunk, (frame) => frames.push(frame.toString('hex')))
  return frames
}

const pdus = fc.array(fc.uint8Array({ minLength: 1, maxLength: 960 }), { minLength: 1, maxLength: 8 })

describe('a stream of frames', () => {
  it('gives the same frames however TCP cuts it', () => {
    fc.assert(
      fc.property(pdus, fc.array(fc.integer({ min: 1, max: 2_000 }), { maxLength: 20 }), (contents, sizes) => {
        const frames = contents.map((content) => dataFrame(Buffer.from(content)))
        const stream = Buffer.concat(frames)
        const chunks: Buffer[] = []
        let at = 0
        for (const size of sizes) {
          chunks.push(stream.subarray(at, at + size))
          at += size
        }
        chunks.push(stream.subarray(at))
        expect(framesOf(chunks)).toEqual(frames.map((frame) => frame.toString('hex')))
      }),
    )
  })

  it('gives the same frames byte by byte', () => {
    const frames = [dataFrame(Buffer.alloc(960, 1)), connectionRequest(0x0100, 0x0102), dataFrame(Buffer.of(2))]
    const bytes = [...Buffer.concat(frames)].map((byte) => Buffer.of(byte))
    expect(framesOf(bytes)).toEqual(frames.map((frame) => frame.toString('hex')))
  })

  it.each([
    ['another version', '0400000702f080'],
    ['a length of nothing', '03000000'],
    ['a length that holds no data header', '0300000602f0'],
    ['a length beyond what was agreed', '0300ffff02f080'],
  ])('ends at %s', (_what, hex) => {
    expect(() => framesOf([Buffer.from(hex, 'hex')])).toThrow(/TPKT/)
  })

  it('never grows and never crashes on noise', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 5 }), (chunks) => {
        const reader = new FrameReader()
        try {
          for (const chunk of chunks) {
            reader.push(Buffer.from(chunk), (frame) => {
              expect(frame.length).toBeLessThanOrEqual(1_028)
              readFrame(frame)
            })
          }
        } catch (error) {
          expect((error as Error).message).toMatch(/TPKT|COTP/)
        }
      }),
    )
  })
})

describe('a frame', () => {
  it('that asks for a connection names both TSAPs', () => {
    expect(connectionRequest(0x0100, 0x0102).toString('hex')).toBe('0300001611e00000000100c0010ac1020100c2020102')
    expect(connectionRequest(0x1000, 0x0300).toString('hex')).toBe('0300001611e00000000100c0010ac1021000c2020300')
  })

  it.each([
    ['03000007' + '02f080', { kind: 'data', data: Buffer.alloc(0), last: true }],
    ['03000008' + '02f00042', { kind: 'data', data: Buffer.of(0x42), last: false }],
    ['0300000b' + '06d00001002a00', { kind: 'confirm' }],
    ['0300000b' + '06800001002a03', { kind: 'disconnect', reason: 3 }],
  ])('%s is understood', (hex, message) => {
    expect(readFrame(Buffer.from(hex, 'hex'))).toEqual(message)
  })

  it.each(['0300000703f080', '03000007ffd000', '0300000702aa80'])('%s is not COTP as S7 uses it', (hex) => {
    expect(() => readFrame(Buffer.from(hex, 'hex'))).toThrow(/COTP/)
  })
})
