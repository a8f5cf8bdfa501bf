import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { changesBetween, differencesBetween } from '../../../src/config/differences.ts'

const device = (key: string, settings: object = {}) => ({ key, poll: '1s', ...settings })
const plant = (...devices: object[]) => ({ sources: [{ key: 'line', devices }] })

describe('the differences of two configurations', () => {
  it('name a setting by the keys of what it belongs to, with what it was and is', () => {
    expect(differencesBetween(plant(device('boiler')), plant(device('boiler', { poll: '5s' })))).toEqual([
      { at: 'sources/line/devices/boiler/poll', kind: 'changed', before: '1s', after: '5s' },
    ])
  })

  it('name a device that came or went as a whole, whatever it holds', () => {
    expect(differencesBetween(plant(device('a')), plant(device('a'), device('b')))).toEqual([
      { at: 'sources/line/devices/b', kind: 'added' },
    ])
    expect(differencesBetween(plant(device('a'), device('b')), plant(device('b')))).toEqual([
      { at: 'sources/line/devices/a', kind: 'removed' },
    ])
  })

  it('say of devices in another order that they moved, and nothing else', () => {
    expect(differencesBetween(plant(device('a'), device('b')), plant(device('b'), device('a')))).toEqual([
      { at: 'sources/line/devices', kind: 'moved' },
    ])
  })

  it('are words of a line each, for texts in YAML', () => {
    const before = 'opcua: { port: 4840, users: [{ name: olga, role: Observer }] }\nsources: []\n'
    const after = 'opcua: { users: [{ name: olga, role: Operator }] }\nsources: []\nhttp: { port: 8080 }\n'
    expect(changesBetween(before, after)).toEqual([
      'opcua/port: removed 4840',
      'opcua/users/olga/role: "Observer" → "Operator"',
      'http: added',
    ])
  })

  it('are none of a configuration and itself, and some of any other', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other)
        expect(differencesBetween(one, structuredClone(one))).toEqual([])
        if (differencesBetween(one, other).length === 0) return
        expect(same).toBe(false)
      }),
    )
  })
})
