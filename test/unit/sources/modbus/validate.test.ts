import { describe, expect, it } from 'vitest'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { formatProblem } from '../../../../src/core/problem.ts'
import { modbusSource } from '../../../../src/sources/modbus/source-type.ts'
import { device, source, tag } from '../../../support/modbus-plant.ts'

const problemsOf = (...tags: TagConfig[]) =>
  modbusSource.validate(source([device('meter', { tags })])).map(formatProblem)

describe('modbusSource.validate', () => {
  it('accepts every kind of tag', () => {
    expect(
      problemsOf(
        tag('coil', { type: 'Boolean', address: 'coil:0' }),
        tag('discrete', { type: 'Boolean', address: 'discrete:65535', encoding: 'bool' }),
        tag('bit', { type: 'Boolean', address: 'holding:100.3' }),
        tag('scaled', { type: 'Double', address: 'input:1', encoding: 'int16' }),
        tag('energy', { type: 'UInt64', address: 'input:65532' }),
        tag('little', { type: 'Int32', address: 'holding:2', wordOrder: 'little', byteOrder: 'little' }),
        tag('serial', { type: 'String', address: 'holding:20', length: 16 }),
      ),
    ).toEqual([])
  })

  it('refuses a tag where the device must not be read, and a range that is none', () => {
    const tags = [
      tag('long', { type: 'UInt32', address: 'holding:99' }),
      tag('off', { type: 'UInt16', address: 'holding:100', disabled: true }),
      tag('other', { type: 'UInt16', address: 'input:100' }),
    ]
    const forbidden = ['holding:100-199', 'holding:9-5', 'holding', 'coil:65536']
    const problems = modbusSource.validate(source([device('meter', { tags, forbidden })]))
    expect(problems.map(({ path }) => path)).toEqual([
      'devices[0].forbidden[1]',
      'devices[0].forbidden[2]',
      'devices[0].forbidden[3]',
      'devices[0].tags[0].address',
    ])
    expect(formatProblem(problems[3]!)).toContain('holding:100-199')
  })

  it('names field, column and remedy of an address that it cannot read', () => {
    expect(problemsOf(tag('x', { type: 'Int16', address: 'holding:1O' }))).toEqual([
      'devices[0].tags[0].address is "holding:1O": At column 10: goes on with "O" after the number. ' +
        'Write for example coil:5, discrete:2, input:3, holding:100, or holding:100.3 for one bit of a register.',
    ])
  })

  it.each([
    ['an unknown encoding', { type: 'Double', encoding: 'real' }, 'encoding', 'float64, float32, int32'],
    ['an encoding that would round', { type: 'Float', encoding: 'int32' }, 'encoding', 'make the type Int32'],
    ['an encoding that would cut', { type: 'Int16', encoding: 'uint16' }, 'encoding', 'int16'],
    ['a Boolean that is a whole register', { type: 'Boolean' }, 'address', 'holding:9.0'],
    ['a number that is one bit', { type: 'Int16', address: 'holding:9.1' }, 'address', 'make the type Boolean'],
    ['a coil that is a number', { type: 'Int16', address: 'coil:9' }, 'type', 'single bit'],
    ['a coil with an encoding', { type: 'Boolean', address: 'coil:9', encoding: 'int16' }, 'encoding', 'Leave'],
    ['a coil with a byte order', { type: 'Boolean', address: 'coil:9', byteOrder: 'big' }, 'byteOrder', 'Leave'],
    ['a string without a length', { type: 'String' }, 'length', '1 to 250'],
    ['a string that is too long', { type: 'String', length: 251 }, 'length', '1 to 250'],
    ['a string with a word order', { type: 'String', length: 4, wordOrder: 'little' }, 'wordOrder', 'byteOrder'],
    ['a number with a length', { type: 'Int16', length: 4 }, 'length', 'Leave'],
    ['a value past the last register', { type: 'Int64', address: 'holding:65533' }, 'address', 'holding:65532'],
  ] as [string, Partial<TagConfig>, string, string][])('refuses %s', (_, fields, field, words) => {
    const problems = problemsOf(tag('x', { type: 'Int16', address: 'holding:9', ...fields }))
    expect(problems).toHaveLength(1)
    expect(problems[0]).toContain(`devices[0].tags[0].${field}`)
    expect(problems[0]?.toLowerCase()).toContain(words.toLowerCase())
  })

  it('refuses a string that the device is not asked for at once', () => {
    const long = tag('x', { type: 'String', address: 'holding:0', length: 60 })
    const [problem] = modbusSource.validate(source([device('meter', { tags: [long], maxRegisters: 20 })]))
    expect(problem).toMatchObject({ path: 'devices[0].tags[0].length', mend: expect.stringContaining('maxRegisters') })
  })

  it('refuses two devices with one unit id, but not a disabled spare', () => {
    const config = source([
      device('a', { unitId: 7 }),
      device('b', { unitId: 8 }),
      device('spare', { unitId: 8, disabled: true }),
      device('c', { unitId: 7 }),
    ])
    expect(modbusSource.validate(config)).toMatchObject([{ path: 'devices[3].unitId', value: '7' }])
  })

  it('says everything that is wrong at once', () => {
    const config = source([
      device('a', { tags: [tag('x', { type: 'Int16', address: '40001' })] }),
      device('b', {
        unitId: 2,
        tags: [tag('y', { type: 'String', address: 'holding:0' }), tag('z', { type: 'Float', address: 'nil' })],
      }),
    ])
    expect(modbusSource.validate(config).map(({ path }) => path)).toEqual([
      'devices[0].tags[0].address',
      'devices[1].tags[0].length',
      'devices[1].tags[1].address',
    ])
  })
})
