import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../../../src/core/problem.ts'
import { validateS7 } from '../../../../src/sources/s7/validate.ts'
import { s7Device, s7SourceConfig, s7Tag } from '../../../support/s7-plant.ts'

const paths = (config: Parameters<typeof validateS7>[0]) => validateS7(config).map((problem) => problem.path)

describe('the configuration of an S7 source', () => {
  it('is accepted where everything is right', () => {
    const tags = [
      s7Tag('a', { type: 'Float', address: 'DB1,REAL4' }),
      s7Tag('same-as-double', { type: 'Double', address: 'DB1,REAL4' }),
      s7Tag('bit-of-it', { type: 'Boolean', address: 'DB1,X4.0' }),
      s7Tag('array-from-it', { type: 'Float', address: 'DB1,REAL4', arrayLength: 235 }),
      s7Tag('elsewhere', { type: 'Float', address: 'MREAL4' }),
    ]
    expect(validateS7(s7SourceConfig([s7Device('one', tags), s7Device('two', tags)], { rack: 7, slot: 31 }))).toEqual(
      [],
    )
  })

  it('is refused where something is to be written that no CPU lets be written', () => {
    const access = 'readWrite'
    const tags = [
      s7Tag('timer', { type: 'Double', address: 'T3', access }),
      s7Tag('texts', { type: 'String', address: 'DB1,STRING0.10', arrayLength: 2, access }),
      s7Tag('input', { type: 'Boolean', address: 'I0.1', access }),
    ]
    const at = ['devices[0].tags[0].access', 'devices[0].tags[1].access']
    expect(paths(s7SourceConfig([s7Device('cpu', tags)]))).toEqual(at)
  })

  it.each([
    [{ rack: 8 }, 'rack'],
    [{ rack: -1 }, 'rack'],
    [{ slot: 32 }, 'slot'],
    [{ slot: 1.5 }, 'slot'],
  ])('with %j is refused, naming what is allowed', (fields, path) => {
    const problems = validateS7(s7SourceConfig([], fields))
    expect(problems.map((problem) => problem.path)).toEqual([path])
    expect(problems[0]?.message).toMatch(/from 0 to (7|31)/)
  })

  it('tells everything that is wrong at once, each where it stands', () => {
    const config = s7SourceConfig([
      s7Device('one', [s7Tag('fine', { type: 'Byte', address: 'DB1,BYTE0' })]),
      s7Device('two', [
        s7Tag('typo', { type: 'Float', address: 'DB1,REEL4' }),
        s7Tag('narrow', { type: 'Int16', address: 'DB1,DINT4' }),
        s7Tag('vague', { type: 'Double', address: 'DB1.DBD4' }),
        s7Tag('foreign', { type: 'Double', address: 'DB1.DBD4', encoding: 'float32' }),
        s7Tag('long', { type: 'Float', address: 'DB1,REAL4', arrayLength: 236 }),
        s7Tag('borrowed', { type: 'Float', address: 'DB1,REAL8', byteOrder: 'big', wordOrder: 'little', length: 4 }),
      ]),
    ])
    expect(paths(config)).toEqual([
      'devices[1].tags[0].address',
      'devices[1].tags[1].type',
      'devices[1].tags[2].encoding',
      'devices[1].tags[3].encoding',
      'devices[1].tags[4].arrayLength',
      'devices[1].tags[5].byteOrder',
      'devices[1].tags[5].wordOrder',
      'devices[1].tags[5].length',
    ])
  })

  it('may read inputs by their English and German letters only once', () => {
    const config = s7SourceConfig([
      s7Device('one', [
        s7Tag('input', { type: 'Boolean', address: 'I0.1' }),
        s7Tag('eingang', { type: 'Boolean', address: 'E0.1' }),
      ]),
    ])
    expect(paths(config)).toEqual(['devices[0].tags[1].address'])
  })

  it('says where in an address the mistake is, and how to mend it', () => {
    const config = s7SourceConfig([s7Device('one', [s7Tag('typo', { type: 'Float', address: 'DB1,REEL4' })])])
    expect(validateS7(config).map(formatProblem)).toEqual([
      'devices[0].tags[0].address is "DB1,REEL4": Column 5: "REEL" is not an S7 data type that can be read. ' +
        'Write one of X (a bit), BYTE, WORD, DWORD, LWORD, CHAR, WCHAR, SINT, USINT, INT, UINT, DINT, UDINT, LINT, ' +
        'ULINT, REAL, LREAL, STRING, WSTRING, S5TIME, TIME, LTIME, DATE, TOD, LTOD, DT, LDT, DTL.',
    ])
  })

  it('may not read the same twice in one device, whatever the notation', () => {
    const config = s7SourceConfig([
      s7Device('one', [
        s7Tag('level', { type: 'Float', address: 'DB1,REAL4' }),
        s7Tag('level-again', { type: 'Float', address: 'DB1.DBD4' }),
      ]),
    ])
    const [problem] = validateS7(config)
    expect(problem?.path).toBe('devices[0].tags[1].address')
    expect(problem?.message).toContain('"level"')
  })
})
