import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DataType, dataTypes, fitValue } from '../../../src/core/data-type.ts'
import { fitTag, isKnownState, type StateConfig } from '../../../src/core/states.ts'

const states: readonly StateConfig[] = [
  { value: 0, name: 'Closed', codes: ['shut'] },
  { value: 1, name: 'Open', codes: ['opened', 'AUF'] },
]

describe('a value of an enumeration', () => {
  const fits: [DataType, unknown, unknown][] = [
    ['Byte', 1, 1],
    ['Byte', 'opened', 1],
    ['Byte', 'Open', 1],
    ['Byte', 'OPEN', 1],
    ['Int64', 'shut', 0n],
    ['Int64', 1n, 1n],
    ['Boolean', true, true],
    ['Boolean', 'shut', false],
    ['Boolean', 'open', true],
    ['Boolean', 1, true],
    ['Boolean', 0, false],
    ['String', 0, 'Closed'],
    ['String', 'AUF', 'Open'],
    ['String', true, 'Open'],
    ['String', 'ajar', 'ajar'],
  ]
  it.each(fits)('of a %s tag that arrives as %s is %s', (type, value, held) => {
    expect(fitTag({ type, states }, value)).toBe(held)
  })

  const refused: [DataType, unknown][] = [
    ['Byte', 'ajar'],
    ['Byte', 'auf'],
    ['Byte', true],
    ['Byte', 1.5],
    ['Boolean', 2],
    ['Boolean', 'ajar'],
    ['String', 7],
    ['String', null],
    ['Byte', '__proto__'],
    ['Byte', ['Open']],
  ]
  it.each(refused)('of a %s tag that arrives as %s does not fit', (type, value) => {
    expect(fitTag({ type, states }, value)).toBeUndefined()
  })

  it('that is no state is told from one that is', () => {
    expect([0, 1, 7].map((value) => isKnownState({ type: 'Int16', states }, value))).toEqual([true, true, false])
    expect(isKnownState({ type: 'Int64', states }, 1n)).toBe(true)
    expect(isKnownState({ type: 'String', states }, 'ajar')).toBe(false)
    expect(isKnownState({ type: 'String' }, 'ajar')).toBe(true)
  })

  it('fits as ever where the tag has no states', () => {
    fc.assert(
      fc.property(fc.constantFrom(...dataTypes), fc.anything(), (type, value) => {
        expect(fitTag({ type }, value)).toEqual(fitValue(type, value))
      }),
    )
  })
})
