import { describe, expect, it } from 'vitest'
import { configOf, linesOf, modbusPlant } from './loading.ts'

describe('the states of a tag', () => {
  const problemsOf = (tag: string) => linesOf(modbusPlant(`tags: [${tag}]`)).join()
  const tagOf = (tag: string) => configOf(modbusPlant(`tags: [${tag}]`)).sources[0]?.devices[0]?.tags[0]

  it.each([
    [
      '[Closed, Open]',
      'Byte',
      [
        [0, 'Closed'],
        [1, 'Open'],
      ],
    ],
    [
      '{ 3: Auto, -1: Fault }',
      'Int16',
      [
        [3, 'Auto'],
        [-1, 'Fault'],
      ],
    ],
    [
      '{ false: Closed, true: Open }',
      'Boolean',
      [
        [0, 'Closed'],
        [1, 'Open'],
      ],
    ],
  ] as const)('may be written as %s', (written, type, named) => {
    const { states } = tagOf(`{ key: t, type: ${type}, address: a, states: ${written} }`) ?? {}
    expect(states?.map(({ value, name }) => [value, name]).toSorted()).toEqual([...named].toSorted())
  })

  it('may have codes beside their names', () => {
    expect(tagOf('{ key: t, type: Byte, address: a, states: [[Closed, shut, "0x"], Open] }')?.states).toEqual([
      { value: 0, name: 'Closed', codes: ['shut', '0x'] },
      { value: 1, name: 'Open', codes: [] },
    ])
  })

  it.each([
    ['states: []', /no state/],
    ['states: { a: Open }', /no state/],
    ['states: { 1: 5 }', /no state/],
    ['states: { 1: [] }', /no state/],
    ['states: Open', /Allowed is a list of names/],
    ['states: [Open, Open]', /stands for two states/],
    ['states: [Off, On], unit: V', /has no unit/],
    ['states: [Off, On], range: { low: 0, high: 1 }', /has no range/],
  ])('%s is refused', (written, message) => {
    expect(problemsOf(`{ key: t, type: Byte, address: a, ${written} }`)).toMatch(message)
  })

  it.each([
    ['Double', '[Off, On]', /A Double has no states/],
    ['Boolean', '[Off]', /two states/],
    ['Boolean', '{ 0: Off, 2: On }', /two states/],
  ])('of a %s are refused as %s', (type, written, message) => {
    expect(problemsOf(`{ key: t, type: ${type}, address: a, states: ${written} }`)).toMatch(message)
  })
})
