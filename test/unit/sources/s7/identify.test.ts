import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../src/core/errors.ts'
import { type AskSzl, identifyCpu } from '../../../../src/sources/s7/identify.ts'
import {
  isSzlRefusal,
  readSzlReply,
  type SzlPiece,
  type SzlRefusal,
  szlFollowUp,
  szlRecords,
  szlRequest,
} from '../../../../src/sources/s7/szl.ts'

const hex = (bytes: Buffer) => bytes.toString('hex')
const word = (value: number) => Buffer.of(value >> 8, value & 0xff)
const padded = (text: string, length: number) => Buffer.from(text.padEnd(length), 'latin1')

function list(id: number, index: number, records: readonly Buffer[]): Buffer {
  return Buffer.concat([word(id), word(index), word(records[0]?.length ?? 0), word(records.length), ...records])
}

/** As a CPU sends a list, or a piece of one. */
function reply(bytes: Buffer, { last = true, sequence = 0, error = 0 } = {}): Buffer {
  const parameters = [0x00, 0x01, 0x12, 8, 0x12, 0x84, 0x01, sequence, 0, last ? 0 : 1, ...word(error)]
  const data = error ? [0x0a, 0, 0, 0] : [0xff, 0x09, ...word(bytes.length), ...bytes]
  const header = [0x32, 7, 0, 0, 0x12, 0x34, ...word(parameters.length), ...word(data.length)]
  return Buffer.from([...header, ...parameters, ...data])
}

const moduleList = list(0x11, 0, [
  Buffer.concat([word(1), padded('6ES7 315-2EH14-0AB0', 20), word(0x00c0), word(4), word(1)]),
  Buffer.concat([word(6), padded('6ES7 315-2EH14-0AB0', 20), word(0x00c0), word(4), word(1)]),
  Buffer.concat([word(7), padded('', 20), word(0x00c0), Buffer.from('V\x03\x02\x06', 'latin1')]),
])
const component = (index: number, text: string) =>
  Buffer.concat([word(index), Buffer.alloc(32).fill(text, 0, text.length)])
const componentList = list(0x1c, 0, [
  component(1, 'Mixer line 2'),
  component(2, 'CPU 315-2 PN/DP'),
  component(4, 'Original Siemens Equipment'),
  component(5, 'S C-C2UR28922012'),
  component(7, 'CPU 315-2 PN/DP'),
  Buffer.concat([word(9), word(42), Buffer.alloc(30)]),
])
const stateList = (state: number) =>
  list(0x424, 0, [Buffer.concat([Buffer.of(0x51, 0x44, 0xff, state), Buffer.alloc(16)])])
const protectionList = list(0x132, 4, [
  Buffer.concat([word(4), word(1), word(0), word(3), word(1), word(1), Buffer.alloc(28)]),
])

const lists: Readonly<Record<string, Buffer>> = {
  '17/0': moduleList,
  '28/0': componentList,
  '1060/0': stateList(0x48),
  '306/4': protectionList,
}

/** A CPU that gives these lists, in pieces of so many bytes. */
function cpu(of: Readonly<Record<string, Buffer>>, most = 10_000): { ask: AskSzl; asked: number } {
  let rest = Buffer.alloc(0)
  const it = {
    asked: 0,
    ask: async (wanted: Parameters<AskSzl>[0]): Promise<SzlPiece | SzlRefusal> => {
      it.asked++
      if (!('more' in wanted)) {
        const bytes = of[`${wanted.list}/${wanted.index}`]
        if (!bytes) return { code: 'SZL error 0xd401' }
        rest = Buffer.from(bytes)
      }
      const bytes = rest.subarray(0, most)
      rest = rest.subarray(most)
      return { bytes, more: rest.length > 0 ? 1 : undefined }
    },
  }
  return it
}

describe('what a CPU says of itself', () => {
  it.each([10_000, 100, 7])('is its lists together, in pieces of at most %i bytes', async (most) => {
    expect(await identifyCpu(cpu(lists, most).ask)).toEqual({
      by: 'system status lists',
      nameplate: {
        manufacturer: 'Siemens',
        model: 'CPU 315-2 PN/DP',
        productCode: '6ES7 315-2EH14-0AB0',
        serialNumber: 'S C-C2UR28922012',
        hardwareRevision: '4',
        softwareRevision: 'V3.2.6',
      },
      facts: [
        { name: 'Module', value: '6ES7 315-2EH14-0AB0, 4' },
        { name: 'Basic hardware', value: '6ES7 315-2EH14-0AB0, 4' },
        { name: 'Basic firmware', value: 'V3.2.6' },
        { name: 'Name of the automation system', value: 'Mixer line 2' },
        { name: 'Name of the module', value: 'CPU 315-2 PN/DP' },
        { name: 'Copyright', value: 'Original Siemens Equipment' },
        { name: 'Serial number of the module', value: 'S C-C2UR28922012' },
        { name: 'Module type name', value: 'CPU 315-2 PN/DP' },
        { name: 'Operating state', value: 'RUN' },
        { name: 'Protection level', value: '3' },
        { name: 'Mode selector', value: 'RUN' },
      ],
    })
  })

  it('is what it gives of these lists, and no manufacturer that it does not name', async () => {
    const found = await identifyCpu(cpu({ '17/0': moduleList, '1060/0': stateList(0x84) }).ask)
    expect(found.nameplate).not.toHaveProperty('manufacturer')
    expect(found.facts.at(-1)).toEqual({ name: 'Operating state', value: 'STOP' })
  })

  it('is nothing where it gives none, and says so', async () => {
    await expect(identifyCpu(cpu({}).ask)).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
      message: expect.stringContaining('list 0x0011: SZL error 0xd401'),
    })
  })

  it('comes to an end of a list that has none', async () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(400)]) {
      let asked = 0
      const endless: AskSzl = async () => {
        asked++
        return { bytes, more: 1 }
      }
      await expect(identifyCpu(endless)).rejects.toMatchObject({ code: 'PROTOCOL_VIOLATION' })
      expect(asked).toBeLessThanOrEqual(64)
    }
  })

  it('is never more than its lists hold, whatever is in them', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(lists)), fc.nat(400), fc.nat(255), async (key, at, byte) => {
        const spoilt = Buffer.from(lists[key]!)
        spoilt[at % spoilt.length] = byte
        const found = await identifyCpu(cpu({ ...lists, [key]: spoilt }).ask).catch((error: unknown) => error)
        if (found instanceof PenstockError) expect(found.code).toBe('PROTOCOL_VIOLATION')
        else expect(JSON.stringify(found)).not.toMatch(/\\u00/)
      }),
    )
  })
})

describe('a system status list', () => {
  it('is asked for, and its next piece, as a programming device does', () => {
    expect(hex(szlRequest(0x1234, { list: 0x1c, index: 0 }))).toBe(
      '32070000123400080008' + '0001120411440100' + 'ff090004001c0000',
    )
    expect(hex(szlFollowUp(0x1235, 7))).toBe('320700001235000c0004' + '000112081244010700000000' + '0a000000')
  })

  it('is taken as a whole, in pieces, or as what the CPU has against it', () => {
    expect(readSzlReply(reply(stateList(8)))).toEqual({ bytes: stateList(8), more: undefined })
    expect(readSzlReply(reply(Buffer.of(1), { last: false, sequence: 9 }))).toEqual({ bytes: Buffer.of(1), more: 9 })
    const refusal = readSzlReply(reply(Buffer.alloc(0), { error: 0xd401 }))
    expect(isSzlRefusal(refusal) && refusal.code).toBe('SZL error 0xd401')
  })

  it.each([
    ['another kind of PDU', (pdu: Buffer) => pdu.writeUInt8(3, 1)],
    ['a length of nonsense', (pdu: Buffer) => pdu.writeUInt16BE(0xfff0, 8)],
    ['another group of functions', (pdu: Buffer) => pdu.writeUInt8(0x87, 15)],
    ['another function', (pdu: Buffer) => pdu.writeUInt8(2, 16)],
    ['data of another length', (pdu: Buffer) => pdu.writeUInt16BE(3, 24)],
  ])('is not believed with %s', (_, spoil) => {
    const pdu = reply(stateList(8))
    spoil(pdu)
    expect(() => readSzlReply(pdu)).toThrow(expect.objectContaining({ code: 'PROTOCOL_VIOLATION' }))
  })

  it('is not continued with a piece of another one', () => {
    expect(() => readSzlReply(reply(Buffer.of(1), { sequence: 8 }), 9)).toThrow(PenstockError)
  })

  it.each([
    ['another list', list(0x12, 0, [])],
    ['another index', list(0x11, 5, [])],
    ['more than it says', Buffer.concat([moduleList, Buffer.of(0)])],
    ['no header', moduleList.subarray(0, 7)],
  ])('has no records with %s', (_, bytes) => {
    expect(() => szlRecords(bytes, { list: 0x11, index: 0 })).toThrow(PenstockError)
  })

  it('that is cut off has the records that are whole', () => {
    const records = szlRecords(moduleList.subarray(0, -1), { list: 0x11, index: 0 })
    expect(records.map((record) => record.readUInt16BE(0))).toEqual([1, 6])
  })
})
