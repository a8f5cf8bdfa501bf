import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PayloadField } from '../../../../src/core/command.ts'
import { type Arguments, encodeDownlink, encodePayload } from '../../../../src/sources/chirpstack/downlink/payload.ts'

const hex = (fields: readonly PayloadField[], given: Arguments = {}) =>
  Buffer.from(encodePayload(fields, given)).toString('hex')

describe('the payload of a command', () => {
  it.each<[string, readonly PayloadField[], Arguments, string]>([
    ['constant bytes', [{ hex: '01ff' }], {}, '01ff'],
    ['an unsigned number of one byte', [{ value: '$v' }], { v: 200 }, 'c8'],
    ['a number of two bytes', [{ value: '$v', bits: 16 }], { v: 515 }, '0203'],
    [
      'the same with the least significant byte first',
      [{ value: '$v', bits: 16, byteOrder: 'little' }],
      { v: 515 },
      '0302',
    ],
    ['a negative number', [{ value: '$v', encoding: 'int', bits: 16 }], { v: -2 }, 'fffe'],
    ['a scaled number', [{ value: '$v', bits: 16, scale: 0.1 }], { v: 21.3 }, '00d5'],
    ['a number with an offset', [{ value: '$v', bits: 8, offset: -40 }], { v: -12 }, '1c'],
    ['a float', [{ value: '$v', encoding: 'float', bits: 32 }], { v: 12.5 }, '41480000'],
    ['64 bits, exactly', [{ value: '$v', bits: 64 }], { v: 2n ** 63n + 1n }, '8000000000000001'],
    ['a switch', [{ value: '$on' }], { on: true }, '01'],
    ['text, filled up', [{ value: '$t', encoding: 'utf-8', bits: 32 }], { t: 'ab' }, '61620000'],
    ['bytes', [{ value: '$b', encoding: 'bytes', bits: 16 }], { b: Buffer.from('beef', 'hex') }, 'beef'],
    [
      'bits one after another',
      [
        { value: 5, bits: 3 },
        { value: '$on', bits: 1 },
        { value: 9, bits: 4 },
      ],
      { on: true },
      'b9',
    ],
    ['bits that fill no byte', [{ value: 5, bits: 3 }], {}, 'a0'],
  ])('has %s', (_what, fields, given, expected) => {
    expect(hex(fields, given)).toBe(expected)
  })

  it.each<[string, PayloadField, Arguments]>([
    ['too great', { value: '$v' }, { v: 256 }],
    ['negative where it must not be', { value: '$v' }, { v: -1 }],
    ['too long', { value: '$v', encoding: 'utf-8', bits: 8 }, { v: 'ab' }],
    ['no number', { value: '$v' }, { v: 'much' }],
    ['not given', { value: '$w' }, { v: 1 }],
  ])('is refused where a value is %s', (_what, field, given) => {
    expect(encodeDownlink({ fPort: 1, confirmed: false, payload: [field] }, given)).toHaveProperty('problem')
  })

  it('is refused where it is longer than LoRaWAN carries', () => {
    const payload = [{ hex: '00'.repeat(243) }]
    expect(encodeDownlink({ fPort: 1, confirmed: false, payload }, {})).toMatchObject({
      problem: expect.stringContaining('243'),
    })
  })

  it('holds every whole number that fits, in both orders', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (bytes, little, at) => {
          const value = Math.floor(at * (2 ** (bytes * 8) - 1))
          const field: PayloadField = { value: '$v', bits: bytes * 8, byteOrder: little ? 'little' : 'big' }
          const data = Buffer.from(encodePayload([field], { v: value }))
          expect(little ? data.readUIntLE(0, bytes) : data.readUIntBE(0, bytes)).toBe(value)
        },
      ),
    )
  })
})

describe('the object of a command', () => {
  it('has the arguments in place of their names, wherever they stand', () => {
    const object = { mode: 'heat', set: '$value', list: [1, '$on'], price: '$5', deep: { raw: '$bytes' } }
    const given = { value: 21.5, on: true, bytes: Buffer.from([1, 2]) }
    expect(encodeDownlink({ fPort: 1, confirmed: false, object }, given)).toEqual({
      problem: expect.stringContaining('"5"'),
    })
    const { price: _price, ...rest } = object
    expect(encodeDownlink({ fPort: 1, confirmed: false, object: rest }, given)).toEqual({
      object: { mode: 'heat', set: 21.5, list: [1, true], deep: { raw: [1, 2] } },
    })
  })
})
