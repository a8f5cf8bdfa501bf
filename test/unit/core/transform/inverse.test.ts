import { describe, expect, it } from 'vitest'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { StatusCode } from '../../../../src/core/status-code.ts'
import { isUnwritable, rawOf } from '../../../../src/core/transform/inverse.ts'
import { transformOf } from '../../../../src/core/transform/transform.ts'
import { convertibleUnits, convertibleWith } from '../../../../src/core/transform/units.ts'
import { randomFrom } from '../../../support/seeded-random.ts'

const tag = (fields: Partial<TagConfig>): TagConfig => ({
  key: 't',
  name: 't',
  disabled: false,
  type: 'Double',
  address: 'holding:0',
  ...fields,
})

/** What the tag reads when the device holds what was written. */
function back(of: TagConfig, value: number | bigint | boolean | string, whole = true): unknown {
  const raw = rawOf(of, value, whole)
  if (isUnwritable(raw)) throw new Error(raw.reason)
  return (transformOf(of) ?? ((same: unknown) => same))(raw.raw)
}

describe('a value is written as what reads as it', () => {
  it('within half a step of the device, for any scale, offset and two points', () => {
    const random = randomFrom(9)
    for (let times = 0; times < 2_000; times++) {
      const scale = Number((random() * 10 ** Math.floor(random() * 6 - 3)).toFixed(4)) || 0.1
      const offset = Number((random() * 200 - 100).toFixed(2))
      const value = offset + scale * Math.floor(random() * 30_000) + scale * (random() - 0.5)
      const read = Number(back(tag({ transform: { scale, offset } }), value))
      expect(Math.abs(read - value)).toBeLessThanOrEqual(scale * 0.5 + Math.abs(value) * 1e-12)
      expect(Number(back(tag({ transform: { scale, offset } }), value, false))).toBeCloseTo(value, 6)
      const linear = { raw: [0, 27_648], value: [offset, offset + 27_648 * scale] }
      expect(Number(back(tag({ transform: { linear } }), value, false))).toBeCloseTo(value, 5)
    }
  })

  it('exactly where the device has the value', () => {
    expect(rawOf(tag({ transform: { scale: 0.1 } }), 23.4, true)).toEqual({ raw: 234 })
    expect(rawOf(tag({ transform: { scale: 0.01, offset: -50 } }), 7.31, true)).toEqual({ raw: 5_731 })
    expect(rawOf(tag({ transform: { linear: { raw: [4, 20], value: [0, 100] } } }), 50, true)).toEqual({ raw: 12 })
    expect(rawOf(tag({ transform: { from: '°F' }, unit: '°C' }), 100, true)).toEqual({ raw: 212 })
  })

  it('through the conversion of every unit into every other', () => {
    for (const from of convertibleUnits) {
      for (const unit of convertibleWith(from)) {
        const read = Number(back(tag({ transform: { from }, unit }), 12.5, false))
        expect(Math.abs(read / 12.5 - 1)).toBeLessThan(1e-9)
      }
    }
  })

  it('in its bits of a number, and in no others', () => {
    const field = tag({ type: 'UInt16', transform: { mask: 0x0ff0, shift: 4 } })
    expect(rawOf(field, 0xab, true)).toEqual({ raw: 0xab0n, bits: 0xff0n })
    expect(back(field, 0xab)).toBe(0xab)
    expect(rawOf(field, 0x100, true)).toMatchObject({ status: StatusCode.BadOutOfRange })
    expect(rawOf(tag({ type: 'UInt16', transform: { mask: 0x0ff0 } }), 0xab, true)).toMatchObject({
      reason: expect.stringContaining('0xFF0'),
    })
    expect(rawOf(tag({ type: 'Int16', transform: { mask: 0xff } }), -1, true)).toMatchObject({
      status: StatusCode.BadOutOfRange,
    })
  })

  it('the other way round where true and false are exchanged', () => {
    expect(rawOf(tag({ type: 'Boolean', transform: { invert: true } }), true, true)).toEqual({ raw: false })
    expect(rawOf(tag({ type: 'Boolean' }), true, true)).toEqual({ raw: true })
  })

  it('as the code that a device has for a state', () => {
    const states = [
      { value: 0, name: 'Off', codes: ['0'] },
      { value: 1, name: 'On', codes: [] },
      { value: 2, name: 'Auto', codes: ['A', 'AUTO'] },
    ]
    const text = tag({ type: 'String', states })
    expect(rawOf(text, 'Off', true)).toEqual({ raw: '0' })
    expect(rawOf(text, 'On', true)).toEqual({ raw: 'On' })
    expect(rawOf(text, 'Auto', true)).toMatchObject({ status: StatusCode.BadConfigurationError })
    expect(rawOf(text, 'Other', true)).toMatchObject({ status: StatusCode.BadOutOfRange })
    expect(rawOf(tag({ type: 'Byte', states }), 2, true)).toEqual({ raw: 2 })
    expect(rawOf(tag({ type: 'Byte', states }), 3, true)).toMatchObject({ reason: expect.stringContaining('2 (Auto)') })
  })
})

describe('a value is refused', () => {
  it.each([
    ['outside of the range', tag({ range: { low: 5, high: 30 } }), 31, '5 to 30'],
    [
      'outside of the range to which what is read is kept',
      tag({ range: { low: 0, high: 9 }, transform: { clamp: true } }),
      -1,
      '0 to 9',
    ],
    [
      'that the device takes for no sensor',
      tag({ transform: { noSensor: [0x7fff], scale: 0.1 } }),
      3_276.7,
      'no value at all',
    ],
    [
      'that the device takes for another state',
      tag({ type: 'Int64', transform: { sentinels: [{ value: '0x10', status: 'BadNoData' }] } }),
      16n,
      'no value at all',
    ],
    ['too great to calculate with', tag({ transform: { scale: 1e-300 } }), 1e300, 'too great'],
  ])('%s', (_, of, value, words) => {
    expect(rawOf(of, value, true)).toMatchObject({
      status: StatusCode.BadOutOfRange,
      reason: expect.stringContaining(words),
    })
  })

  it('but not at the end of the range', () => {
    const kept = tag({ range: { low: 0, high: 9 }, transform: { clamp: true } })
    expect(back(kept, 9)).toBe(9)
    expect(back(kept, 0)).toBe(0)
  })
})
