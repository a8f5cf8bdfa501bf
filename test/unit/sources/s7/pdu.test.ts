import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import {
  readReadReply,
  readSetupReply,
  readWriteReply,
  referenceOf,
  setupRequest,
} from '../../../../src/sources/s7/pdu.ts'

const WANTED = { pdu: 960, parallel: 8 }
const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')

/** Code of what it throws. */
function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return error instanceof PenstockError ? error.code : String(error)
  }
  return undefined
}

/** A read reply with these items; undefined is one refused with 0x0a. */
function reply(items: readonly (Uint8Array | undefined)[]): Buffer {
  const data: Buffer[] = []
  for (const [position, item] of items.entries()) {
    if (!item) data.push(Buffer.of(0x0a, 0, 0, 0))
    else data.push(Buffer.of(0xff, 4, (item.length * 8) >> 8, (item.length * 8) & 0xff), Buffer.from(item))
    if (item && item.length % 2 === 1 && position < items.length - 1) data.push(Buffer.of(0))
  }
  const body = Buffer.concat(data)
  const header = Buffer.from([
    0x32,
    3,
    0,
    0,
    0x12,
    0x34,
    0,
    2,
    body.length >> 8,
    body.length & 0xff,
    0,
    0,
    4,
    items.length,
  ])
  return Buffer.concat([header, body])
}

const items = fc.array(fc.option(fc.uint8Array({ minLength: 1, maxLength: 60 }), { nil: undefined }), {
  minLength: 1,
  maxLength: 20,
})
const lengthsOf = (list: readonly (Uint8Array | undefined)[]) => list.map((item) => item?.length ?? 2)

describe('the setup of communication', () => {
  it('asks for a PDU and for parallel jobs', () => {
    expect(setupRequest(1, WANTED)).toEqual(hex('32010000 0001 0008 0000 f000 0008 0008 03c0'))
  })

  it.each([
    ['32030000 0001 0008 0000 0000 f000 0001 0001 00f0', { pdu: 240, parallel: 1 }],
    ['32030000 0001 0008 0000 0000 f000 0003 0002 01e0', { pdu: 480, parallel: 2 }],
    ['32030000 0001 0008 0000 0000 f000 0000 0000 ffff', { pdu: 960, parallel: 1 }],
  ])('takes what %s grants, and never more than was asked', (text, granted) => {
    expect(readSetupReply(hex(text), 1, WANTED)).toEqual(granted)
  })

  it.each([
    ['that refuses', '32030000 0001 0000 0000 8104', 'ACCESS_DENIED'],
    ['to another request', '32030000 0002 0008 0000 0000 f000 0001 0001 00f0', 'PROTOCOL_VIOLATION'],
    ['of another function', '32030000 0001 0008 0000 0000 0400 0001 0001 00f0', 'PROTOCOL_VIOLATION'],
    ['with a PDU too small for anything', '32030000 0001 0008 0000 0000 f000 0001 0001 0010', 'PROTOCOL_VIOLATION'],
    ['that is too short', '32030000 0001', 'PROTOCOL_VIOLATION'],
  ])('fails on a reply %s', (_what, text, code) => {
    expect(codeOf(() => readSetupReply(hex(text), 1, WANTED))).toBe(code)
  })
})

describe('a reply to a read request', () => {
  it('gives each item its own bytes, refused ones among them', () => {
    fc.assert(
      fc.property(items, (list) => {
        const read = readReadReply(reply(list), lengthsOf(list))
        if (!('length' in read)) throw new Error(read.reason)
        expect(read.map((item) => (item.refusal ? undefined : item.data.toString('hex')))).toEqual(
          list.map((item) => (item ? Buffer.from(item).toString('hex') : undefined)),
        )
      }),
    )
  })

  it('counts only when number, lengths and total are what was asked for', () => {
    fc.assert(
      fc.property(items, fc.nat(), (list, pick) => {
        const lengths = lengthsOf(list)
        const position = pick % lengths.length
        const longer = lengths.map((length, n) => (n === position ? length + 1 : length))
        const whole = reply(list)
        expect(codeOf(() => readReadReply(whole, [...lengths, 1]))).toBe('PROTOCOL_VIOLATION')
        if (list[position]) expect(codeOf(() => readReadReply(whole, longer))).toBe('PROTOCOL_VIOLATION')
        const cut = whole.subarray(0, whole.length - 1 - (pick % (whole.length - 1)))
        expect(codeOf(() => readReadReply(cut, lengths))).toBe('PROTOCOL_VIOLATION')
      }),
    )
  })

  it('takes a fill byte at the very end, but no more', () => {
    const odd = hex('32030000 0001 0002 0006 0000 0401 ff040008 4200')
    expect(readReadReply(odd, [1])).toMatchObject([{ data: Buffer.of(0x42) }])
    const excess = hex('32030000 0001 0002 0007 0000 0401 ff040008 420000')
    expect(codeOf(() => readReadReply(excess, [1]))).toBe('PROTOCOL_VIOLATION')
  })

  it('gives timers and counters, whose length is in octets', () => {
    const octets = hex('32030000 0001 0002 0006 0000 0401 ff090002 1234')
    expect(readReadReply(octets, [2])).toMatchObject([{ data: Buffer.of(0x12, 0x34) }])
  })

  it('takes a refused item that states a length and has none, as Snap7 sends', () => {
    const snap7 = hex('32030000 0001 0002 000a 0000 0402 0a000004 ff040010 1234')
    expect(readReadReply(snap7, [4, 2])).toMatchObject([{ code: 0x0a }, { data: Buffer.of(0x12, 0x34) }])
  })

  it.each([
    ['bits instead of bytes', '32030000 0001 0002 0005 0000 0401 ff030001 01'],
    ['a length in bytes said to be bits', '32030000 0001 0002 0006 0000 0401 ff040002 1234'],
    ['a length in bits said to be octets', '32030000 0001 0002 0006 0000 0401 ff090010 1234'],
  ])('with %s is no answer to a request for bytes', (_what, text) => {
    expect(codeOf(() => readReadReply(hex(text), [2]))).toBe('PROTOCOL_VIOLATION')
  })

  it('may refuse the whole request', () => {
    expect(readReadReply(hex('32030000 0001 0000 0000 8104'), [1])).toMatchObject({ code: 'error 0x8104' })
    expect(readReadReply(hex('32020000 0001 0000 0000 8500'), [1])).toMatchObject({ code: 'error 0x8500' })
  })

  it('that was damaged is refused or read, never a crash', () => {
    fc.assert(
      fc.property(items, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }), (list, damages) => {
        const bytes = reply(list)
        for (const [at, byte] of damages) bytes[at % bytes.length] = byte
        expect(codeOf(() => readReadReply(bytes, lengthsOf(list))) ?? 'PROTOCOL_VIOLATION').toBe('PROTOCOL_VIOLATION')
      }),
    )
  })

  it('names its request by its reference', () => {
    expect(referenceOf(reply([undefined]))).toBe(0x1234)
    expect(referenceOf(Buffer.from('HTTP/1.1 400 Bad Request'))).toBeUndefined()
    expect(referenceOf(Buffer.of(0x32))).toBeUndefined()
  })
})

describe('the reply to a write', () => {
  const written = (...body: number[]) => Buffer.from([0x32, 3, 0, 0, 0, 7, 0, 2, 0, body.length - 2, 0, 0, ...body])

  it('is done, or refused with a reason', () => {
    expect(readWriteReply(written(5, 1, 0xff))).toEqual({ code: 0xff })
    expect(readWriteReply(written(5, 1, 0x03))).toMatchObject({
      code: 3,
      refusal: { reason: expect.stringContaining('PUT/GET') },
    })
    const refused = Buffer.from([0x32, 2, 0, 0, 0, 7, 0, 0, 0, 0, 0x81, 0x04])
    expect(readWriteReply(refused)).toMatchObject({ reason: expect.stringContaining('PUT/GET') })
  })

  it.each([
    ['the reply to a read', written(4, 1, 0xff)],
    ['another number of items', written(5, 2, 0xff, 0xff)],
    ['more than one return code', written(5, 1, 0xff, 0)],
    ['no return code', written(5, 1)],
    ['a job', hex('32 01 0000 0007 0002 0001 0501ff')],
    ['nothing', Buffer.alloc(0)],
  ])('is not %s', (_, bytes) => {
    expect(codeOf(() => readWriteReply(bytes))).toBe('PROTOCOL_VIOLATION')
  })
})
