import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyPattern } from '../../../../../src/config/names.ts'
import { isAddressFault, parseAddress } from '../../../../../src/sources/chirpstack/address.ts'
import { decide } from '../../../../../src/sources/chirpstack/discovery/decide.ts'
import { observationBounds } from '../../../../../src/sources/chirpstack/discovery/observation.ts'
import { parseDiscoveryState } from '../../../../../src/sources/chirpstack/discovery/state.ts'
import { chirpStackConfig } from '../../../../support/chirpstack-plant.ts'
import { discoveryOf, HALL, mirrored, mirrorOf, rule } from '../../../../support/discovery-mirror.ts'

const hall = mirrorOf([mirrored(HALL)])
const source = chirpStackConfig([], { rules: [rule()] })
const key = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'a.b',
    'a[0]',
    '',
    '\u202e',
    '\u0000',
    '\ud800',
    'x'.repeat(1_000),
  ),
  fc.string({ unit: 'binary' }),
)
const object: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  object: fc.oneof(
    { maxDepth: 12 },
    fc.constantFrom(null, true, 0, -0, 1.5, 2 ** 64, 1e308, Number.NaN, Number.POSITIVE_INFINITY, '', 'on'),
    fc.string({ unit: 'binary' }),
    fc.array(tie('object'), { maxLength: 40 }),
    fc.dictionary(key, tie('object'), { maxKeys: 20 }),
  ),
})).object

/** As long as the device sends this, three times. */
const learnedFrom = (sent: unknown) => {
  const discovery = discoveryOf(hall, [sent, sent, sent])
  const decision = decide({ source, templates: [], state: discovery.state, takenKeys: new Set() })
  return { discovery, decision, tags: decision.found[0]?.tags ?? [] }
}

describe('whatever a codec decodes', () => {
  it('makes few tags of sound keys and addresses, and what is known of it can be kept', () => {
    fc.assert(
      fc.property(object, (sent) => {
        // What JSON cannot say never arrives.
        const { discovery, decision, tags } = learnedFrom(JSON.parse(JSON.stringify(sent ?? null)))
        expect(tags.length).toBeLessThanOrEqual(observationBounds.paths)
        expect(new Set(tags.map((tag) => tag.key)).size).toBe(tags.length)
        for (const tag of tags) {
          expect(tag.key).toMatch(keyPattern)
          expect(isAddressFault(parseAddress(tag.address))).toBe(false)
          expect(tag.name.length).toBeLessThanOrEqual(400)
          expect(tag.name).not.toMatch(/[\p{Cc}\u202e]/u)
        }
        const kept = JSON.stringify(discovery.state)
        expect(parseDiscoveryState(kept)).toEqual(JSON.parse(kept))
        expect(decision.drift.length).toBeLessThanOrEqual(2 * observationBounds.paths + 5)
        expect(({} as Record<string, unknown>).a).toBeUndefined()
      }),
      { numRuns: 150 },
    )
  })

  it.each<[string, unknown]>([
    ['10,000 values', Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`key ${n}`, n]))],
    ['a list of 100,000', { list: Array.from({ length: 100_000 }, (_, n) => n) }],
    ['10,000 levels', JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`)],
    ['other keys each time', undefined],
  ])('is bounded in memory: %s', (_, sent) => {
    const others = Array.from({ length: 50 }, (_each, at) =>
      Object.fromEntries(Array.from({ length: 100 }, (_key, n) => [`k${at}-${n}-${'x'.repeat(100)}`, n])),
    )
    const discovery = discoveryOf(hall, sent === undefined ? others : [sent, sent, sent])
    const { observation, tags } = discovery.state.devices[0]!
    expect(Object.keys(observation.paths).length).toBeLessThanOrEqual(observationBounds.paths)
    expect(tags.length).toBeLessThanOrEqual(observationBounds.paths)
    expect(observation.leftOut).toBeGreaterThan(0)
    expect(JSON.stringify(discovery.state.devices).length).toBeLessThan(100_000)
  })
})
