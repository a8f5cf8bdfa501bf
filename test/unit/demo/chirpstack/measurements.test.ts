import { describe, expect, it } from 'vitest'
import { flatten } from '../../../../src/demo/chirpstack/measurements.ts'

describe('a decoded object', () => {
  it('is flat keys to ChirpStack: objects by their names, lists by their places, nulls not at all', () => {
    const object = { a: { b: 1, c: { d: 'x' } }, list: [true, [2.5], { e: 3 }], nothing: null, t: 21 }
    expect(Object.fromEntries(flatten(object))).toEqual({
      a_b: 1,
      a_c_d: 'x',
      list_0: true,
      list_1_0: 2.5,
      list_2_e: 3,
      t: 21,
    })
  })

  it('may hold any key, which is only a key', () => {
    const object = JSON.parse('{"__proto__":{"x":1},"constructor":2,"":3}') as Record<string, unknown>
    expect([...flatten(object)]).toEqual([
      ['__proto___x', 1],
      ['constructor', 2],
      ['', 3],
    ])
  })

  it('of two places under one flat key has the last of them', () => {
    expect([...flatten({ a: { b: 1 }, a_b: 2 })]).toEqual([['a_b', 2]])
  })
})
