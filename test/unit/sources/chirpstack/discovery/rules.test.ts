import { describe, expect, it } from 'vitest'
import type { DiscoveryRule } from '../../../../../src/core/template.ts'
import { describeRule, firstMatch } from '../../../../../src/sources/chirpstack/discovery/rules.ts'
import { HALL, mirrored, rule } from '../../../../support/discovery-mirror.ts'

const device = mirrored(HALL, { name: 'Hall 3 climate', tags: { site: 'North gate', __proto__x: 'y' } })
const match = (...rules: Partial<DiscoveryRule>[]) =>
  firstMatch(
    rules.map((each) => rule(each)),
    device,
    'Building',
  )?.position

describe('a rule', () => {
  it.each<[string, Partial<DiscoveryRule>, boolean]>([
    ['the name of the application', { application: 'build*' }, true],
    ['another application', { application: 'Utilities' }, false],
    ['the id of the application', { application: 'APP-building' }, true],
    ['the name of the profile', { profile: 'climate' }, true],
    ['the id of the profile', { profile: 'profile-climate' }, true],
    ['another profile', { profile: 'Energy*' }, false],
    ['the name of the device', { name: 'Hall ? *' }, true],
    ['another name', { name: 'Hall' }, false],
    ['a tag of the device', { tags: { site: 'north*' } }, true],
    ['a tag with another value', { tags: { site: 'south*' } }, false],
    ['a tag that the device has not', { tags: { floor: '*' } }, false],
    ['a tag named as what every object has', { tags: { constructor: '*' } }, false],
    ['all of it', { application: 'B*', profile: 'C*', name: 'H*', tags: { site: '*' } }, true],
    ['all but one', { application: 'B*', profile: 'C*', name: 'X*', tags: { site: '*' } }, false],
    ['nothing, and so every device', {}, true],
  ])('asks for %s', (_, fields, expected) => {
    expect(match(fields)).toBe(expected ? 0 : undefined)
  })

  it('decides where it is the first that matches', () => {
    expect(match({ name: 'X*' }, { name: 'Hall*' }, {})).toBe(1)
  })

  it('is told in words', () => {
    expect(describeRule(rule({ application: 'B*', tags: { site: 'n*' } }))).toBe('application "B*", tag site "n*"')
    expect(describeRule(rule())).toBe('every device')
  })
})
