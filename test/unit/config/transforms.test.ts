import { describe, expect, it } from 'vitest'
import { validateModbus } from '../../../src/sources/modbus/validate.ts'
import { configOf, linesOf, modbusPlant } from './loading.ts'

/** A tag of type Double, unless it says another one, with this beside its address. */
const tag = (settings: string, type = 'Double') => `{ key: t, type: ${type}, address: 'holding:0', ${settings} }`
const validators = { modbus: validateModbus }
const problemsOf = (settings: string, type?: string) =>
  linesOf(modbusPlant(`tags: [${tag(settings, type)}]`), { validators })
const tagOf = (settings: string, type?: string) =>
  configOf(modbusPlant(`tags: [${tag(settings, type)}]`), { validators }).sources[0]?.devices[0]?.tags[0]

describe('a transform', () => {
  it.each([
    ['Double', 'encoding: int16, transform: { noSensor: [-32768], scale: 0.1 }'],
    ['Double', 'encoding: int64, unit: kWh, transform: { from: Wh }'],
    ['Float', 'encoding: uint32, transform: { scale: 0.001, offset: -2 }'],
    ['Int16', 'encoding: uint16, transform: { linear: { raw: [0, 27648], value: [-50, 150] }, round: 0 }'],
    ['Byte', 'encoding: uint16, transform: { mask: 0x0F00, shift: 8 }'],
    ['UInt64', 'transform: { noSensor: ["0xFFFFFFFFFFFFFFFF"], mask: "0x7FFFFFFFFFFFFFFF" }'],
    ['Int16', 'range: { low: 0, high: 100 }, transform: { clamp: true, scale: 10 }'],
  ])('of a %s may be %s', (type, settings) => {
    expect(problemsOf(settings, type)).toEqual([])
  })

  it.each([
    [
      'Boolean',
      'transform: { scale: 2 }',
      'transform.scale',
      'A Boolean cannot be transformed so; allowed are invert.',
    ],
    ['Double', 'transform: { invert: true }', 'transform.invert', 'cannot be transformed so'],
    ['Int64', 'transform: { scale: 0.1 }', 'transform.scale', 'Make the type Double'],
    ['Byte', 'states: [Off, On], transform: { scale: 2 }', 'transform.scale', 'An enumeration of type Byte'],
    ['Double', 'arrayLength: 4, transform: { scale: 2 }', 'transform', 'An array is not transformed.'],
    ['Double', 'transform: { scale: 0 }', 'transform.scale', 'A scale of 0 makes every value 0.'],
    ['Double', 'transform: { scale: 1e300, offset: 1e308 }', 'transform.scale', undefined],
    [
      'Double',
      'transform: { scale: 2, linear: { raw: [0, 1], value: [0, 1] } }',
      'transform.scale',
      'two points of linear',
    ],
    ['Double', 'transform: { linear: { raw: [4, 4], value: [0, 1] } }', 'transform.linear.raw', 'are the same'],
    [
      'Double',
      'transform: { linear: { raw: [4], value: [0, 1] } }',
      'transform.linear.raw',
      'Two numbers belong here.',
    ],
    ['Double', 'transform: { linear: { raw: [4, 20] } }', 'transform.linear.value', 'It is missing.'],
    ['Double', 'transform: { from: °F }', 'transform.from', 'The tag has no unit to convert to.'],
    ['Double', 'unit: bar, transform: { from: °F }', 'transform.from', '°F cannot become bar'],
    ['Double', 'unit: bar, transform: { from: PSI }', 'transform.from', 'Write psi.'],
    ['Double', 'transform: { clamp: true }', 'transform.clamp', 'Add the range.'],
    ['Byte', 'range: { low: 0, high: 300 }, transform: { clamp: true }', 'transform.clamp', 'are no values of a Byte'],
    ['Int16', 'transform: { scale: 0.1 }', 'transform.scale', 'add "round: 0"'],
    ['Int16', 'transform: { scale: 0.1, round: 1 }', 'transform.round', 'Write "round: 0".'],
    ['Double', 'transform: { round: 1.5 }', 'transform.round', 'a whole number from 0 to 15'],
    ['Double', 'transform: { mask: 0 }', 'transform.mask', 'from 1 to 0xFFFFFFFFFFFFFFFF'],
    ['UInt64', 'transform: { mask: 0xFFFFFFFFFFFFFFFF }', 'transform.mask', 'in quotes'],
    ['UInt64', 'transform: { noSensor: [0xFFFFFFFFFFFFFFFF] }', 'transform.noSensor[0]', 'Write it in quotes'],
    [
      'Double',
      'encoding: int16, transform: { noSensor: [0x8000], scale: 1.5 }',
      'transform.noSensor[0]',
      'as Int16, -32768',
    ],
    ['Double', 'transform: { noSensor: [1, 1] }', 'transform.noSensor[1]', 'It is there twice'],
    [
      'Double',
      'transform: { sentinels: [{ value: 1, status: Bad }] }',
      'transform.sentinels[0].status',
      'BadSensorFailure',
    ],
    ['Double', 'transform: { factor: 2 }', 'transform.factor', 'There is no such setting here.'],
    ['String', 'length: 4, transform: { round: 1 }', 'transform.round', 'A String cannot be transformed so'],
  ])('of a %s may not be %s', (type, settings, at, words) => {
    const problems = problemsOf(settings, type)
    if (words === undefined) expect(problems).toEqual([])
    else expect(problems.join('\n')).toMatch(new RegExp(`tags\\[0\\]\\.${RegExp.escape(at)}.*${RegExp.escape(words)}`))
  })
})

describe('a deadband', () => {
  it.each([
    ['deadband: 0.5', 0.5],
    ['range: { low: -50, high: 150 }, deadband: 1 %', 2],
    ['range: { low: 0, high: 10 }, deadband: 2.5%', 0.25],
  ])('%s is %d in the unit of the tag', (settings, width) => {
    expect(tagOf(settings)?.deadband).toBe(width)
  })

  it.each([
    ['Double', 'deadband: 0', 'a number above 0'],
    ['Double', 'deadband: 1 %', 'Add the range'],
    ['Double', 'range: { low: 0, high: 1 }, deadband: 101 %', 'up to 100 %'],
    ['String', 'length: 4, deadband: 1', 'A String has no deadband.'],
    ['Double', 'arrayLength: 4, deadband: 1', 'An array has no deadband.'],
    ['Byte', 'states: [Off, On], deadband: 1', 'An enumeration has no deadband.'],
  ])('of a %s may not be %s', (type, settings, words) => {
    expect(problemsOf(settings, type).join()).toContain(words)
  })
})
