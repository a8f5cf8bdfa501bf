import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mbapWords } from '../../../../src/sources/modbus/frame-words.ts'
import { frameOf } from '../../../../src/sources/modbus/framing/mbap.ts'

const request = (functionCode: number, start: number, count: number): Buffer =>
  frameOf(300, Buffer.of(3, functionCode, start >> 8, start & 0xff, count >> 8, count & 0xff))
const answer = (...adu: number[]): Buffer => frameOf(300, Buffer.of(...adu))

describe('a frame of Modbus TCP in words', () => {
  it('says what is asked of whom', () => {
    expect(mbapWords.describe(request(3, 100, 10), true, undefined)).toBe(
      'transaction 300, unit 3: read holding:100–109 (10)',
    )
    expect(mbapWords.describe(request(1, 5, 1), true, undefined)).toBe('transaction 300, unit 3: read coil:5 (1)')
  })

  it('says of writes what is written', () => {
    expect(mbapWords.describe(answer(1, 6, 0, 7, 1, 0), true, undefined)).toContain('write holding:7 = 256')
    expect(mbapWords.describe(answer(1, 5, 0, 7, 0xff, 0), true, undefined)).toContain('write coil:7 = 1')
    const words = (...adu: number[]) => mbapWords.describe(answer(...adu), true, undefined)
    expect(words(1, 15, 0, 7, 0, 10, 2, 0b101, 0b10)).toContain('write coil:7–16 (10) = 1010000001')
    expect(words(1, 16, 0, 7, 0, 2, 4, 0, 5, 1, 0)).toContain('write holding:7–8 (2) = 5 256')
    expect(words(1, 22, 0, 7, 0xff, 0xf0, 0, 5)).toContain('write bits 0x000f of holding:7 = 0x0005')
  })

  it('puts the registers of an answer at their addresses', () => {
    const told = answer(3, 4, 4, 0, 1, 0xff, 0xff)
    expect(mbapWords.describe(told, false, request(4, 20, 2))).toBe('transaction 300, unit 3: input:20 = 1 65535')
    expect(mbapWords.describe(told, false, undefined)).toBe('transaction 300, unit 3: input = 1 65535')
  })

  it('shows of the bits of an answer only those that were asked for', () => {
    expect(mbapWords.describe(answer(3, 2, 1, 0b0000_0101), false, request(2, 8, 3))).toContain('discrete:8 = 101')
  })

  it('names an exception, and what it refuses', () => {
    expect(mbapWords.describe(answer(3, 0x83, 2), false, request(3, 100, 10))).toBe(
      'transaction 300, unit 3: exception 2, illegal data address; asked: read holding:100–109 (10)',
    )
  })

  it('finds the request of an answer by its transaction', () => {
    expect(mbapWords.exchange(request(3, 0, 1), 'sent')).toBe(300)
    expect(mbapWords.exchange(Buffer.of(1), 'stray')).toBeUndefined()
  })

  it('says something of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), fc.option(fc.uint8Array()), (bytes, sent, asked) => {
        const frame = Buffer.from(bytes)
        const words = mbapWords.describe(frame, sent, asked === null ? undefined : Buffer.from(asked))
        expect(words).not.toBe('')
        const sound = frameOf(1, frame)
        expect(mbapWords.describe(sound, sent, asked === null ? undefined : Buffer.from(asked))).not.toBe('')
      }),
    )
  })
})
