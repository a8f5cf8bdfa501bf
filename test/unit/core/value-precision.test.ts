import { expect, it } from 'vitest'
import type { TagConfig } from '../../../src/core/plant.ts'
import { valuePrecisionOf } from '../../../src/core/value-precision.ts'
import { aTag } from '../../support/small-plant.ts'

it.each<[string, Partial<TagConfig>, number | undefined]>([
  ['is rounded', { transform: { round: 2 } }, 2],
  ['is a whole number on the wire', { encoding: 'int16' }, 0],
  ['is a whole number with a scale', { encoding: 'uint32', transform: { scale: 0.01 } }, 2],
  ['is a BCD number with an offset', { encoding: 'bcd16', transform: { scale: 0.1, offset: -0.25 } }, 2],
  ['is a WORD of an S7 with a scale', { encoding: 'WORD', transform: { scale: 0.5 } }, 1],
  ['has a tiny scale', { encoding: 'int64', transform: { scale: 1e-7 } }, 7],
  ['has a large scale', { encoding: 'int16', transform: { scale: 100 } }, 0],
  ['is a floating-point number on the wire', { encoding: 'float32', transform: { scale: 0.1 } }, undefined],
  ['lies as nobody says', { transform: { scale: 0.1 } }, undefined],
  ['is made of two points', { encoding: 'int16', transform: { linear: { raw: [0, 3], value: [0, 1] } } }, undefined],
  ['is converted to another unit', { encoding: 'int16', transform: { from: '°F' }, unit: '°C' }, undefined],
  ['is no floating-point number', { type: 'Int32', encoding: 'int16' }, undefined],
])('a value that %s has as many digits behind the point as are known', (_how, settings, digits) => {
  expect(valuePrecisionOf(aTag('level', settings))).toBe(digits)
})
