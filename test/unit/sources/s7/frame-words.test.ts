import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { s7Words } from '../../../../src/sources/s7/frame-words.ts'
import { connectionRequest, dataFrame } from '../../../../src/sources/s7/iso.ts'
import { ReadRequest } from '../../../../src/sources/s7/nodes7-codec.ts'
import { WriteRequest } from '../../../../src/sources/s7/nodes7-write.ts'
import { setupRequest } from '../../../../src/sources/s7/pdu.ts'

const read = new ReadRequest([
  { area: 'DB', db: 1, start: 4, length: 2 },
  { area: 'DB', db: 9, start: 0, length: 1 },
]).begin(77)
const reply = (code: number): Buffer =>
  dataFrame(
    Buffer.from([...[0x32, 3, 0, 0, 0, 77, 0, 2, 0, 10, 0, 0], ...[4, 2, 0xff, 4, 0, 16, 0xab, 0xcd, code, 0, 0, 0]]),
  )

describe('a frame of S7 in words', () => {
  it('says where a connection is wanted', () => {
    expect(s7Words.describe(connectionRequest(0x0100, 0x0102), true, undefined)).toBe(
      'ISO connection request to TSAP 01.02, as of rack 0, slot 2',
    )
  })

  it('says what is negotiated', () => {
    const setup = dataFrame(setupRequest(1, { pdu: 480, parallel: 4 }))
    expect(s7Words.describe(setup, true, undefined)).toBe(
      'reference 1, job: set up communication, PDU 480 bytes, 4 jobs at once',
    )
  })

  it('names the items that are read', () => {
    expect(s7Words.describe(read, true, undefined)).toBe('reference 77, job: read DB1 byte 4 (2), DB9 byte 0 (1)')
  })

  it('names timers by their number, and peripheral inputs by their bytes', () => {
    const others = new ReadRequest([
      { area: 'T', db: 0, start: 10, length: 2 },
      { area: 'PI', db: 0, start: 3, length: 1 },
    ]).begin(78)
    expect(s7Words.describe(others, true, undefined)).toMatch(/: read T5 \(1\), PI byte 3 \(1\)$/)
  })

  it('puts the items of an answer at their addresses, with the return code of a refused one', () => {
    expect(s7Words.exchange(read, 'sent')).toBe(s7Words.exchange(reply(10), 'answer'))
    expect(s7Words.describe(reply(10), false, read)).toBe(
      'reference 77, answer: read DB1 byte 4 (2) = abcd, DB9 byte 0 (1) = return code 0x0a',
    )
    expect(s7Words.describe(reply(10), false, undefined)).toContain('item 1 = abcd, item 2 = return code 0x0a')
  })

  it('says what is written, and what became of it', () => {
    const bytes = new WriteRequest({ area: 'DB', db: 1, start: 4, bytes: Buffer.of(1, 2) }).begin(9)
    expect(s7Words.describe(bytes, true, undefined)).toBe('reference 9, job: write DB1 byte 4 (2) = 0102')
    const bit = new WriteRequest({ area: 'M', db: 0, start: 4, bit: 6, on: true }).begin(9)
    expect(s7Words.describe(bit, true, undefined)).toBe('reference 9, job: write M byte 4 (1) bit 6 = 01')
    const told = (code: number) =>
      s7Words.describe(dataFrame(Buffer.from([0x32, 3, 0, 0, 0, 9, 0, 2, 0, 1, 0, 0, 5, 1, code])), false, bytes)
    expect(told(0xff)).toBe('reference 9, answer: write DB1 byte 4 (2): done')
    expect(told(5)).toBe('reference 9, answer: write DB1 byte 4 (2): return code 0x05')
  })

  it('says why a whole request is refused', () => {
    const refused = dataFrame(Buffer.from([0x32, 2, 0, 0, 0, 77, 0, 0, 0, 0, 0x81, 0x04]))
    expect(s7Words.describe(refused, false, read)).toContain('error 0x8104, the CPU refuses access')
  })

  it('says something of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), fc.option(fc.uint8Array()), (bytes, sent, asked) => {
        const request = asked === null ? undefined : Buffer.from(asked)
        expect(s7Words.describe(Buffer.from(bytes), sent, request)).not.toBe('')
        const pdu = Buffer.concat([Buffer.of(0x32, 1 + (bytes.length % 3)), Buffer.from(bytes)])
        expect(s7Words.describe(dataFrame(pdu), sent, request)).not.toBe('')
      }),
    )
  })
})
