import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fitValue } from '../../../../../src/core/data-type.ts'
import { parseAddress } from '../../../../../src/sources/chirpstack/address.ts'
import { autoTags, type DeriveInput, deriveTags } from '../../../../../src/sources/chirpstack/discovery/derive.ts'
import {
  nothingObserved,
  observationBounds,
  observe,
} from '../../../../../src/sources/chirpstack/discovery/observation.ts'
import { readingAt } from '../../../../../src/sources/chirpstack/reading.ts'
import { climateProfile, measurement } from '../../../../support/discovery-mirror.ts'

const observed = (objects: readonly unknown[]) => objects.reduce(observe, nothingObserved)
const derive = (objects: readonly unknown[], fields: Partial<DeriveInput> = {}) =>
  deriveTags({ observation: observed(objects), measurements: [], tags: [], siblings: new Map(), ...fields })
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

describe('what a device sends', () => {
  it('becomes tags once three uplinks said the same', () => {
    const object = { temperature: 21, open: false, state: 'ok', air: { co2: 412 }, volts: [230.1, 231] }
    expect(derive(times(2, object)).tags).toEqual([])
    expect(derive(times(3, object)).tags).toEqual([
      { key: 'temperature', type: 'Double', address: 'object.temperature' },
      { key: 'open', type: 'Boolean', address: 'object.open' },
      { key: 'state', type: 'String', address: 'object.state' },
      { key: 'air-co2', type: 'Double', address: 'object.air.co2' },
      { key: 'volts-0', type: 'Double', address: 'object.volts[0]' },
      { key: 'volts-1', type: 'Double', address: 'object.volts[1]' },
    ])
  })

  it('becomes tags at once where the device profile says the same', () => {
    const measurements = [
      measurement('air_co2', 'GAUGE'),
      measurement('open', 'STRING'),
      measurement('volts_0', 'ABSOLUTE'),
      measurement('serial', 'UNKNOWN'),
    ]
    const { tags } = derive([{ air: { co2: 412 }, open: true, volts: [1, 2], serial: 'x', temperature: 1 }], {
      measurements,
    })
    expect(tags.map(({ address }) => address)).toEqual(['object.air.co2', 'object.open', 'object.volts[0]'])
  })

  it('becomes tags at once where another device of the profile has taught the same', () => {
    const siblings = new Map([
      ['object.a', 'Double'],
      ['object.b', 'Double'],
    ] as const)
    expect(derive([{ a: 1, b: 'text' }], { siblings }).tags.map(({ address }) => address)).toEqual(['object.a'])
  })

  it.each<[string, unknown[], string]>([
    [
      'text here, a number there',
      [{ a: 1 }, { a: 'x' }, { a: 1 }, { a: 1 }],
      'a number (3 uplinks) and text (1 uplink)',
    ],
    ['true, and a number', [{ a: true }, { a: 1 }, { a: 1 }], 'a number (2 uplinks) and true or false (1 uplink)'],
    [
      'an object, and a number',
      [{ a: {} }, { a: 1 }, { a: 1 }, { a: 1 }],
      'a number (3 uplinks) and an object or a list',
    ],
    [
      'a number, and a list',
      [{ a: 1 }, { a: 1 }, { a: 1 }, { a: [1] }],
      'a number (3 uplinks) and an object or a list',
    ],
  ])('is reported and makes no tag where types conflict: %s', (_, objects, reason) => {
    const { tags, conflicts } = derive(objects)
    expect(tags.map(({ address }) => address)).not.toContain('object.a')
    expect(conflicts).toEqual([{ address: 'object.a', reason: expect.stringContaining(reason) as string }])
  })

  it('is served as it is sent, and reported, where the profile says another kind', () => {
    const { tags, conflicts } = derive(times(3, { a: 'x' }), { measurements: [measurement('a', 'GAUGE')] })
    expect(tags).toMatchObject([{ type: 'String', address: 'object.a' }])
    expect(conflicts).toMatchObject([{ address: 'object.a', reason: expect.stringContaining('GAUGE') as string }])
  })

  it('keeps the type of a tag, whatever comes later, and adds what is new', () => {
    const first = derive(times(3, { a: 1 }))
    const later = derive([...times(3, { a: 1 }), ...times(5, { a: 'x', b: true })], { tags: first.tags })
    expect(later.tags).toEqual([...first.tags, { key: 'b', type: 'Boolean', address: 'object.b' }])
  })

  it('has no type where it is null, NaN or too great for a Double', () => {
    expect(derive(times(5, { a: null, b: Number.NaN, c: Number.POSITIVE_INFINITY }))).toEqual({
      tags: [],
      conflicts: [],
    })
    expect(derive([{ a: null }, ...times(3, { a: 1 })]).tags).toHaveLength(1)
  })

  it('gives each tag a key of its own', () => {
    const object = { battV: 1, 'batt-v': 2, 'batt v': 3, Übergabe: 4, 温度: 5, 湿度: 6, 'link-rssi': 7 }
    const keys = derive(times(3, object)).tags.map(({ key }) => key)
    expect(keys).toEqual(['batt-v', 'batt-v-2', 'batt-v-3', 'ubergabe', 'value', 'value-2', 'link-rssi-2'])
  })

  it('is bounded: many paths, deep objects and long lists', () => {
    const wide = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n]))
    expect(derive(times(3, wide)).tags).toHaveLength(observationBounds.paths)
    expect(observed([wide]).leftOut).toBeGreaterThan(0)
    const deep = Array.from({ length: 1_000 }).reduce<unknown>((inner) => ({ a: inner }), 1)
    expect(Object.keys(observed([deep]).paths)).toHaveLength(observationBounds.depth)
    expect(derive(times(3, { list: times(1_000, 1) })).tags).toHaveLength(observationBounds.elements)
    expect(derive(times(3, { ['k'.repeat(1_000)]: 1 })).tags).toEqual([])
  })

  it('has no path that could reach into something else', () => {
    const object: unknown = JSON.parse('{"__proto__": {"polluted": 1}, "a": {"__proto__": 2}, "constructor": 3}')
    expect(derive(times(3, object)).tags.map(({ address }) => address)).toEqual(['object.constructor'])
    expect({}).not.toHaveProperty('polluted')
  })
})

describe('whatever a device sends', () => {
  const objects = fc.array(
    fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.object({ maxDepth: 4, key: fc.constantFrom('a', 'b', 'c d') })),
    {
      maxLength: 12,
    },
  )

  it('no tag gets a type that a value it was made from does not fit', () => {
    fc.assert(
      fc.property(objects, (sent) => {
        for (const { address: text, type } of derive(sent).tags) {
          const address = parseAddress(text)
          if (!('event' in address)) throw new Error(`${text} is no address`)
          for (const object of sent) {
            const value = readingAt(address, { object })?.value
            if (value === undefined || !isValue(value)) continue
            expect(fitValue(type, value), `${text} as ${type}`).toBeDefined()
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  /** Neither null nor a number that no Double holds, which are Bad whatever the type. */
  const isValue = (value: unknown): boolean => typeof value !== 'number' || Number.isFinite(value)

  it('keys are keys, and none is there twice', () => {
    fc.assert(
      fc.property(objects, (sent) => {
        const keys = autoTags(derive([...sent, ...sent, ...sent]).tags, climateProfile).map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        for (const key of keys) expect(key).toMatch(/^[a-z0-9][a-z0-9_-]{0,62}$/)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('the tags of a learned device', () => {
  it('are named as the measurement, or else as the path', () => {
    const tags = derive(times(3, { air: { co2: 1 }, volts: 2 })).tags
    const named = { measurements: [measurement('air_co2', 'GAUGE', 'CO₂')] }
    expect(autoTags(tags, named).map(({ key, name, type }) => [key, name, type])).toEqual([
      ['air-co2', 'CO₂', 'Double'],
      ['volts', 'volts', 'Double'],
    ])
  })
})
