import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../../../src/core/errors.ts'
import { ModbusException } from '../../../../../src/sources/modbus/exception.ts'
import {
  identificationBytes,
  identificationRequest,
  readIdentification,
} from '../../../../../src/sources/modbus/identification/device-identification.ts'
import { type AskUnit, identifyUnit } from '../../../../../src/sources/modbus/identification/identify.ts'
import { faultOfAnswer, requestOf } from '../../../../../src/sources/modbus/request.ts'

const UNIT = 3
type Objects = readonly (readonly [id: number, content: string | Buffer])[]

/** An answer with function 43. */
function part(readCode: number, objects: Objects, { conformity = 0x83, next = undefined as number | undefined } = {}) {
  const body = objects.flatMap(([id, content]) => {
    const bytes = Buffer.from(content as string)
    return [id, bytes.length, ...bytes]
  })
  const more = next === undefined ? [0, 0] : [0xff, next]
  return Buffer.from([UNIT, 43, 14, readCode, conformity, ...more, objects.length, ...body])
}

/** A unit that answers each request as `answers` says, by the read code and object that it asks for: `2/0`. */
function unit(answers: Readonly<Record<string, Buffer | PenstockError>>): { ask: AskUnit; asked: string[] } {
  const asked: string[] = []
  const ask: AskUnit = async (adu) => {
    const name = adu[1] === 43 ? `${adu[3]}/${adu[4]}` : `function ${adu[1]}`
    asked.push(name)
    const answer = answers[name] ?? exception(1)
    if (answer instanceof PenstockError) throw answer
    expect(faultOfAnswer(requestOf(adu)!, answer)).toBeUndefined()
    return answer
  }
  return { ask, asked }
}

const exception = (code: number) => new ModbusException(code, UNIT, 'plc:502')
const basic: Objects = [
  [0, 'Company identification'],
  [1, 'Product code XX'],
  [2, 'V2.11'],
]
/** After the example of MODBUS Application Protocol V1.1b3 §6.21. */
const printed = Buffer.from(
  `${UNIT.toString(16).padStart(2, '0')}2b0e01010000030016436f6d70616e79206964656e74696669636174696f6e010d50726f6475637420636f6465` +
    '20020556322e3131',
  'hex',
)

describe('what a unit says of itself', () => {
  it('is read of the example of the specification', async () => {
    const { ask, asked } = unit({ '1/0': printed })
    expect(await identifyUnit(ask, UNIT)).toEqual({
      by: 'function 43, Read Device Identification',
      nameplate: { manufacturer: 'Company identification', productCode: 'Product code', deviceRevision: 'V2.11' },
      facts: [
        { name: 'VendorName', value: 'Company identification' },
        { name: 'ProductCode', value: 'Product code' },
        { name: 'MajorMinorRevision', value: 'V2.11' },
      ],
    })
    expect(asked).toEqual(['1/0'])
  })

  it('is put together of all categories and of all parts in which they come', async () => {
    const { ask, asked } = unit({
      '1/0': part(1, basic.slice(0, 2), { next: 2 }),
      '1/2': part(1, basic.slice(2)),
      '2/0': part(2, [...basic, [4, 'Meter']], { next: 5 }),
      '2/5': part(2, [[5, 'EM340']]),
      '3/0': part(3, [[0x80, 'site 7']]),
    })
    const found = await identifyUnit(ask, UNIT)
    expect(found.nameplate).toMatchObject({ model: 'EM340', productCode: 'Product code XX' })
    expect(found.facts.map(({ name }) => name)).toEqual([
      'VendorName',
      'ProductCode',
      'MajorMinorRevision',
      'ProductName',
      'ModelName',
      'Object 128',
    ])
    expect(asked).toEqual(['1/0', '1/2', '2/0', '2/5', '3/0'])
  })

  it('holds as far as it came where a device refuses, or does not answer, what it said that it has', async () => {
    for (const failure of [
      exception(3),
      new PenstockError('TIMEOUT', 'mute'),
      new PenstockError('PROTOCOL_VIOLATION', '?'),
    ]) {
      const { ask } = unit({ '1/0': part(1, basic), '2/0': part(2, [[4, 'Meter']]), '3/0': failure })
      expect((await identifyUnit(ask, UNIT)).nameplate).toMatchObject({ model: 'Meter', manufacturer: basic[0]![1] })
    }
    const gone = new PenstockError('CONNECTION_LOST', 'gone')
    await expect(identifyUnit(unit({ '1/0': part(1, basic), '2/0': gone }).ask, UNIT)).rejects.toBe(gone)
  })

  it('comes to an end of a device that says for ever that more follows', async () => {
    const { ask, asked } = unit({ '1/0': part(1, basic, { conformity: 1, next: 0 }) })
    expect((await identifyUnit(ask, UNIT)).facts).toHaveLength(3)
    expect(asked).toEqual(['1/0'])
    const endless: AskUnit = async (adu) => {
      asked.push('again')
      return part(adu[3]!, [[adu[4]!, 'x']], { next: adu[4]! + 1 })
    }
    asked.length = 0
    expect((await identifyUnit(endless, UNIT)).facts).toHaveLength(24)
    expect(asked).toHaveLength(24)
  })

  it('is its server id where it does not know function 43', async () => {
    const id = Buffer.from('Drive 5\xff', 'latin1')
    const { ask, asked } = unit({ 'function 17': Buffer.concat([Buffer.of(UNIT, 17, id.length), id]) })
    expect(await identifyUnit(ask, UNIT)).toEqual({
      by: 'function 17, Report Server ID',
      nameplate: {},
      facts: [{ name: 'Server ID', value: 'Drive 5ÿ' }],
    })
    expect(asked).toEqual(['1/0', 'function 17'])
    const bare = unit({ 'function 17': Buffer.of(UNIT, 17, 2, 0x01, 0xff) })
    expect((await identifyUnit(bare.ask, UNIT)).facts).toEqual([{ name: 'Server ID', value: '0x01ff' }])
  })

  it('is nothing where it knows neither, and says so', async () => {
    await expect(identifyUnit(unit({}).ask, UNIT)).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
      message: expect.stringContaining(
        'Unit 3 at plc:502 answered with exception 1, illegal function to function 43, and exception 1 to function 17',
      ),
    })
  })

  it.each([5, 6, 10, 11])(
    'is not asked for otherwise after exception %i, which says nothing of function 43',
    async (code) => {
      const { ask, asked } = unit({ '1/0': exception(code) })
      await expect(identifyUnit(ask, UNIT)).rejects.toMatchObject({ exceptionCode: code })
      expect(asked).toEqual(['1/0'])
    },
  )

  it('is shown without what could harm whoever prints it', async () => {
    const objects: Objects = [
      [0, 'Acme\u0000\u0000  '],
      [1, '\u001b[2Jgone'],
      [2, Buffer.from('1\u202e.2', 'utf8')],
      [4, 'Zähler'],
      [5, Buffer.from('M\xfcller', 'latin1')],
      [6, '  '],
    ]
    const { ask } = unit({ '1/0': part(1, objects, { conformity: 1 }) })
    expect((await identifyUnit(ask, UNIT)).facts).toEqual([
      { name: 'VendorName', value: 'Acme' },
      { name: 'ProductCode', value: '0x1b5b324a676f6e65' },
      { name: 'MajorMinorRevision', value: '0x31e280ae2e32' },
      { name: 'ProductName', value: 'Zähler' },
      { name: 'ModelName', value: 'Müller' },
    ])
  })
})

describe('an answer with function 43', () => {
  const asked = requestOf(identificationRequest(UNIT, 1, 0))!

  it.each([
    ['another unit', (adu: Buffer) => adu.writeUInt8(4, 0), 'unit 4'],
    ['another MEI type', (adu: Buffer) => adu.writeUInt8(13, 2), 'MEI type 13'],
    ['another read code', (adu: Buffer) => adu.writeUInt8(2, 3), 'read code 2'],
    ['a mark that is none', (adu: Buffer) => adu.writeUInt8(1, 5), '"more follows" is 1'],
    ['fewer objects than it says', (adu: Buffer) => adu.writeUInt8(4, 7), 'contradict'],
    ['more objects than it says', (adu: Buffer) => adu.writeUInt8(2, 7), 'contradict'],
    ['an object longer than itself', (adu: Buffer) => adu.writeUInt8(200, 9), 'contradict'],
  ])('is none with %s', (_, spoil, words) => {
    const adu = Buffer.from(printed)
    spoil(adu)
    expect(faultOfAnswer(asked, adu)).toContain(words)
  })

  it('is read back whole, or is none, whatever its bytes are', () => {
    const object = fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 60 }))
    fc.assert(
      fc.property(
        fc.array(object, { maxLength: 4 }),
        fc.option(fc.tuple(fc.nat(300), fc.nat(255))),
        (objects, flip) => {
          const adu = part(
            1,
            objects.map(([id, bytes]) => [id, Buffer.from(bytes)] as const),
          )
          if (flip) adu[flip[0] % adu.length] = flip[1]
          if (faultOfAnswer(asked, adu) !== undefined || adu[1] !== 43) return
          const again = part(
            1,
            readIdentification(adu).objects.map(({ id, bytes }) => [id, bytes] as const),
          )
          expect(again.subarray(7)).toEqual(adu.subarray(7))
          for (let cut = 0; cut < adu.length; cut++) {
            expect(identificationBytes(adu.subarray(0, cut))).toBeGreaterThan(cut)
          }
          expect(identificationBytes(Buffer.concat([adu, Buffer.of(1, 2, 3)]))).toBe(adu.length)
        },
      ),
    )
  })
})
