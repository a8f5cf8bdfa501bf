import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { statusName } from '../../../../src/core/status-code.ts'
import { Intake } from '../../../../src/core/transform/intake.ts'
import { composed, evaluator, inverse, lineThrough, scaledLine } from '../../../../src/core/transform/line.ts'
import { conversion, convertibleUnits, convertibleWith } from '../../../../src/core/transform/units.ts'
import { aTag } from '../../../support/small-plant.ts'

/** What the tag makes of a raw value: the value, and its status where that is not for the value itself to say. */
function taken(tag: Partial<TagConfig>, raw: unknown): unknown {
  const intake = new Intake(aTag('t', tag))
  const value = intake.take(raw)
  const status = intake.status === undefined ? undefined : statusName(intake.status)
  return status === undefined ? value : value === undefined ? status : [value, status]
}

const ones = '0xFFFFFFFFFFFFFFFF'

describe('a raw value', () => {
  it.each([
    [{ scale: 0.1 }, 234, 23.4],
    [{ scale: 0.1, offset: -40 }, 234, -16.6],
    [{ offset: 0.2 }, 23.4, 23.6],
    [{ scale: 0.001 }, 4_999, 4.999],
    [{ linear: { raw: [0, 27_648], value: [0, 100] } }, 13_824, 50],
    [{ linear: { raw: [4, 20], value: [-40, 85.5] } }, 20, 85.5],
    [{ linear: { raw: [20, 4], value: [0, 100] } }, 20, 0],
    [{ mask: 0x0fff }, 0xf0a5, 0xa5],
    [{ mask: 0x0f00, shift: 8 }, 0xfaff, 0x0a],
    [{ shift: 4 }, 0xf0, 0x0f],
    [{ mask: 0xffff }, -1, 0xffff],
    [{ scale: 0.1, round: 0 }, 25, 3],
    [{ scale: 0.1, round: 0 }, -25, -3],
    [{ round: 1 }, 0.04, 0],
    [{ mask: 0x3ff, scale: 0.1, offset: -20, round: 0 }, 0xfc00 | 256, 6],
  ] as const)('with %j, %d is %d', (transform, raw, value) => {
    expect(taken({ transform }, raw)).toBe(value)
  })

  it.each([
    ['°F', '°C', 212, 100],
    ['°C', '°F', -40, -40],
    ['F', 'K', 32, 273.15],
    ['bar', 'kPa', 1.5, 150],
    ['kWh', 'MJ', 1, 3.6],
    ['Wh', 'kWh', 1_234, 1.234],
    ['l/s', 'm³/h', 1, 3.6],
    ['m3/h', 'l/min', 6, 100],
    ['in', 'mm', 1, 25.4],
    ['lb', 'kg', 1, 0.45359237],
    ['mph', 'km/h', 60, 96.56064],
    ['gal', 'l', 1, 3.785411784],
    ['psi', 'bar', 1, 0.06894757293168362],
    ['atm', 'hPa', 1, 1013.25],
  ])('in %s is in %s what the definitions of the units say', (from, unit, raw, value) => {
    expect(taken({ unit, transform: { from } }, raw)).toBe(value)
  })

  it('of 64 bits stays exact behind a mask', () => {
    const tag = { type: 'UInt64', transform: { mask: '0x7FFFFFFFFFFFFFFF' } } as const
    expect(taken(tag, 0xffff_ffff_ffff_fffen)).toBe(0x7fff_ffff_ffff_fffen)
  })

  it('of 64 bits may have a few that are a value of their own', () => {
    expect(taken({ type: 'Byte', transform: { mask: 0xff00, shift: 8 } }, 0x1_0000_0000_2a00n)).toBe(0x2a)
  })

  it('of 64 bits that is calculated with is the nearest Double', () => {
    expect(taken({ transform: { scale: 0.001 } }, 12_345_678_901_234n)).toBe(12_345_678_901.234)
  })

  it('that says there is no sensor is a sensor failure, and other values are none the worse', () => {
    const tag = { transform: { noSensor: [0x7fff, 'N/A'], scale: 0.1 } }
    expect([32_767, 'N/A', 32_766].map((raw) => taken(tag, raw))).toEqual([
      'BadSensorFailure',
      'BadSensorFailure',
      3276.6,
    ])
  })

  it('that means something else gets the status that is configured for it', () => {
    const tag = { transform: { sentinels: [{ value: -1, status: 'BadOutOfService' }] } } as const
    expect([-1, -2].map((raw) => taken(tag, raw))).toEqual(['BadOutOfService', -2])
  })

  it('of 64 bits is compared with a sentinel of 64 bits', () => {
    const tag = { type: 'UInt64', transform: { noSensor: [ones] } } as const
    expect([2n ** 64n - 1n, 2n ** 64n - 2n].map((raw) => taken(tag, raw))).toEqual(['BadSensorFailure', 2n ** 64n - 2n])
  })

  it('outside the range is its nearer end, Good and said to be limited', () => {
    const tag = { range: { low: 0, high: 100 }, transform: { clamp: true } }
    expect([-0.5, 100.5, 50].map((raw) => taken(tag, raw))).toEqual([
      [0, 'Good (limited low)'],
      [100, 'Good (limited high)'],
      50,
    ])
  })

  it('whose outcome does not fit the type is no value', () => {
    expect(taken({ type: 'Int16', transform: { scale: 10 } }, 4_000)).toBe('BadDecodingError')
    expect(taken({ type: 'Int16', transform: { scale: 0.1 } }, 15)).toBe('BadDecodingError')
  })

  it.each(['23.5', true, null, Number.NaN, Number.POSITIVE_INFINITY, {}, []])(
    '%j is nothing to calculate with',
    (raw) => {
      expect(taken({ transform: { scale: 2 } }, raw)).toBe('BadDecodingError')
    },
  )

  it('with a fraction has no bits', () => {
    expect(taken({ transform: { mask: 0xff } }, 2.5)).toBe('BadDecodingError')
  })
})

describe('a Boolean', () => {
  const states = [
    { value: 0, name: 'Closed', codes: [] },
    { value: 1, name: 'Open', codes: ['open'] },
  ]

  it('that is inverted is the other one', () => {
    expect([true, false].map((raw) => taken({ type: 'Boolean', transform: { invert: true } }, raw))).toEqual([
      false,
      true,
    ])
  })

  it('with states takes words as they are meant, and inverts only what is true or false', () => {
    const tag = { type: 'Boolean', states, transform: { invert: true } } as const
    expect(['open', true, 1, 0].map((raw) => taken(tag, raw))).toEqual([true, false, false, true])
  })
})

it('a state can lie in some bits of a status word', () => {
  const states = [{ value: 2, name: 'Alarm', codes: [] }]
  expect(taken({ type: 'Byte', states, transform: { mask: 0x0030, shift: 4 } }, 0x1021)).toBe(2)
})

describe('lines', () => {
  const number = fc.integer({ min: -99_999, max: 99_999 }).map((whole) => whole / 1_000)
  const steep = number.filter((value) => value !== 0)
  const raw = fc.integer({ min: -2_147_483_648, max: 4_294_967_295 })

  it('one behind the other are one line', () => {
    fc.assert(
      fc.property(steep, number, steep, number, raw, (a, b, c, d, x) => {
        const [inner, outer] = [scaledLine(a, b), scaledLine(c, d)]
        const both = evaluator(composed(outer, inner))(x)
        const step = evaluator(outer)(evaluator(inner)(x))
        expect(Math.abs(both - step)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(step), Math.abs(x * a * c)))
      }),
    )
  })

  it('forth and back come to where they began', () => {
    fc.assert(
      fc.property(steep, number, raw, (a, b, x) => {
        const line = scaledLine(a, b)
        expect(evaluator(composed(inverse(line), line))(x)).toBe(x)
      }),
    )
  })

  it('through two points go through both exactly', () => {
    fc.assert(
      fc.property(raw, raw, number, number, (r0, r1, v0, v1) => {
        fc.pre(r0 !== r1 && v0 !== v1)
        const line = evaluator(lineThrough({ raw: [r0, r1], value: [v0, v1] }))
        expect([line(r0), line(r1)].map((value) => value.toPrecision(14))).toEqual(
          [v0, v1].map((v) => v.toPrecision(14)),
        )
      }),
    )
  })

  it('make of a register and a scale in decimals what is written down for it', () => {
    fc.assert(
      fc.property(fc.integer({ min: -65_535, max: 65_535 }), fc.integer({ min: 1, max: 6 }), (register, digits) => {
        const written = `${register < 0 ? '-' : ''}${(Math.abs(register) / 10 ** digits).toFixed(digits)}`
        expect(evaluator(scaledLine(Number(`1e-${digits}`), 0))(register)).toBe(Number(written))
      }),
    )
  })

  it('between units of one quantity lead back, for every pair', () => {
    for (const from of convertibleUnits) {
      for (const to of convertibleWith(from)) {
        const [forth, back] = [conversion(from, to), conversion(to, from)]
        expect(forth && back && composed(back, forth), `${from} and ${to}`).toEqual({ a: 1n, b: 0n, d: 1n })
      }
    }
  })
})
