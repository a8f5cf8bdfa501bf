import { describe, expect, it } from 'vitest'
import type { TagConfig } from '../../../../src/core/plant.ts'
import { formatProblem, type Problem } from '../../../../src/core/problem.ts'
import { modbusSource } from '../../../../src/sources/modbus/source-type.ts'
import { layoutOf } from '../../../../src/sources/modbus/tag-layout.ts'
import { device, source, tag } from '../../../support/modbus-plant.ts'

const problemsOf = (...tags: TagConfig[]) =>
  modbusSource.validate(source([device('meter', { tags })])).map(formatProblem)

describe('modbusSource.validate', () => {
  it('reads what is calculated with as the number that it is, and not as the type of the result', () => {
    const transform = { mask: 0xff00, shift: 8 }
    const wide = tag('mode', { type: 'Byte', address: 'holding:0', encoding: 'uint16', transform })
    const problems: Problem[] = []
    expect(layoutOf(wide, device('meter', { tags: [wide] }), problems)?.layout?.type).toBe('Double')
    expect(problems).toEqual([])
  })

  it('refuses that what can only be read, or not be written at once, is to be written', () => {
    const access = 'readWrite'
    const problems = problemsOf(
      tag('input', { type: 'UInt16', address: 'input:0', access }),
      tag('discrete', { type: 'Boolean', address: 'discrete:0', access }),
      tag('long', { type: 'ByteString', address: 'holding:0', length: 248, access }),
      tag('right', { type: 'ByteString', address: 'holding:200', length: 246, access }),
    )
    expect(problems).toHaveLength(3)
    expect(problems[0]).toContain('An input register can only be read')
    expect(problems[1]).toContain('A discrete input can only be read')
    expect(problems[2]).toContain('one request writes at most 123')
  })

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
        tag('named', { type: 'String', address: 'HRS21', length: 125, charset: 'utf-16be', padding: 'keep' }),
        tag('ignition', { type: 'String', address: 'HRS21:16' }),
        tag('modicon', { type: 'Float', address: '40001', order: 'CDAB' }),
        tag('plc', { type: 'Double', address: '%MF10' }),
        tag('raw', { type: 'ByteString', address: '3x1', length: 250 }),
        tag('byte', { type: 'Byte', address: 'holding:5.h' }),
        tag('wide', { type: 'Int32', address: 'holding:5.l', encoding: 'int8' }),
        tag('built', { type: 'DateTime', address: 'holding:0x2F', encoding: 'cp56' }),
        tag('week', { type: 'Float', address: 'holding:300', arrayLength: 62 }),
        tag('flags', { type: 'Boolean', address: 'holding:400.3', arrayLength: 40 }),
        tag('coils', { type: 'Boolean', address: 'coil:7', arrayLength: 1_000 }),
        tag('digits', { type: 'Double', address: 'holding:6', encoding: 'bcd32', wordOrder: 'little' }),
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
    ['an unknown encoding', { type: 'Double', encoding: 'real' }, 'encoding', 'float64, float32, float16, int32'],
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
    ['a Boolean that is 32 bits', { type: 'Boolean', encoding: 'int32', address: 'holding:9.1' }, 'encoding', 'bool'],
    ['a string behind a number', { type: 'Int16', encoding: 'string' }, 'encoding', 'make the type String'],
    ['digits that would round', { type: 'Double', encoding: 'bcd64' }, 'encoding', 'make the type Int64'],
    ['a word order of one register', { wordOrder: 'big' }, 'wordOrder', 'byteOrder'],
    ['an order of one register', { order: 'CDAB' }, 'order', 'Leave it out'],
    ['a swapped order of one register', { order: 'DCBA' }, 'order', 'byteOrder: little'],
    ['an order of digits in one register', { encoding: 'bcd16', order: 'ABCD' }, 'order', 'one register'],
    ['an order of a string', { type: 'String', length: 4, order: 'BADC' }, 'order', 'byteOrder: little'],
    ['two orders for one thing', { type: 'Int32', order: 'CDAB', byteOrder: 'big' }, 'order', 'wordOrder: little'],
    ['a number with a charset', { charset: 'ascii' }, 'charset', 'Only a String'],
    ['a number with padding', { padding: 'nul' }, 'padding', 'Only a String'],
    ['bytes with padding', { type: 'ByteString', length: 4, padding: 'nul' }, 'padding', 'Only a String'],
    ['a coil with a charset', { type: 'Boolean', address: 'coil:9', charset: 'ascii' }, 'charset', 'Leave'],
    ['bytes without a length', { type: 'ByteString' }, 'length', '1 to 250'],
    ['wide characters that are too many', { type: 'String', length: 126, charset: 'utf-16le' }, 'length', '1 to 125'],
    ['a byte of which nothing says the sign', { address: 'holding:9.h' }, 'encoding', 'int8 or uint8'],
    ['a byte that the type cannot hold', { type: 'String', address: 'holding:9.h' }, 'address', 'Byte or SByte'],
    ['a byte of which nothing says which', { encoding: 'uint8' }, 'address', 'holding:9.h or holding:9.l'],
    ['a byte that is a word', { encoding: 'int16', address: 'holding:9.h' }, 'address', 'int8 or uint8'],
    [
      'an encoding that contradicts the address',
      { type: 'Float', address: 'HRF1', encoding: 'int16' },
      'encoding',
      'float32',
    ],
    [
      'a length that contradicts the address',
      { type: 'String', address: 'HRS1:20', length: 10 },
      'length',
      'says that it is 20',
    ],
    ['an address that contradicts the type', { address: 'HRF1' }, 'address', 'make the type Float'],
    ['a date of which nothing says how it lies', { type: 'DateTime' }, 'encoding', 'unix32, unix64'],
    ['a date behind a number', { encoding: 'unix32' }, 'encoding', 'make the type DateTime'],
    ['an array that is too long', { type: 'Float', arrayLength: 63 }, 'arrayLength', '126 registers, but maxRegisters'],
    [
      'an array of coils past the last',
      { type: 'Boolean', address: 'coil:65530', arrayLength: 7 },
      'address',
      'coil:65529',
    ],
    ['an array past the last register', { address: 'holding:65530', arrayLength: 7 }, 'address', 'holding:65529'],
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

  it('reads a device as it counts', () => {
    const config = source([
      device('a', {
        addressBase: 1,
        bitOrder: 'msb',
        iecMemory: 'words',
        charset: 'utf-16le',
        tags: [
          tag('zero', { type: 'Int16', address: 'holding:0' }),
          tag('last', { type: 'Int16', address: 'holding:65536' }),
          tag('double', { type: 'Int32', address: '%MD10' }),
          tag('beyond', { type: 'Int32', address: 'holding:65536' }),
          tag('single', { type: 'Int16', address: '%MD10' }),
          tag('long', { type: 'String', address: 'holding:1', length: 126 }),
        ],
      }),
    ])
    expect(modbusSource.validate(config).map(formatProblem)).toEqual([
      'devices[0].tags[0].address is "holding:0": At column 9: has the number 0; 1 to 65536 are allowed. ' +
        'addressBase of the device is 1, so the first one is holding:1.',
      'devices[0].tags[3].address is "holding:65536": Takes 2 registers and so ends at 65536 on the wire, ' +
        'after the last address 65535. The last possible address is holding:65535.',
      'devices[0].tags[4].address is "%MD10": Names 2 registers, which int16 does not take. ' +
        'Write the %MW with which the value begins.',
      'devices[0].tags[5].length is 126: A String tag needs its number of characters, 1 to 125; one lies in a register. ' +
        'Give the length that the manual of the device says.',
    ])
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
      device('a', { tags: [tag('x', { type: 'Int16', address: '20001' })] }),
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
