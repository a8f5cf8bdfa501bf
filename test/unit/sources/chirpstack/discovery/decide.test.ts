import { describe, expect, it } from 'vitest'
import { linkTagKeys } from '../../../../../src/core/link-tags.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig } from '../../../../../src/core/plant.ts'
import type { DeviceTemplate, DiscoveryRule } from '../../../../../src/core/template.ts'
import { type Decision, decide } from '../../../../../src/sources/chirpstack/discovery/decide.ts'
import type { Discovery } from '../../../../../src/sources/chirpstack/discovery/discovery.ts'
import { emptyDiscovery } from '../../../../../src/sources/chirpstack/discovery/state.ts'
import { chirpStackConfig, loraDevice, loraGroup, loraTag } from '../../../../support/chirpstack-plant.ts'
import {
  climateProfile,
  discoveryOf,
  HALL,
  measurement,
  mirrored,
  mirrorOf,
  OFFICE,
  rule,
} from '../../../../support/discovery-mirror.ts'

const climate: DeviceTemplate = {
  key: 'climate',
  name: 'Climate',
  manufacturer: 'Milesight',
  model: 'EM300',
  staleAfterMs: 1_000,
  badAfterMs: 2_000,
  tags: [loraTag('temperature', 'object.temperature'), loraTag('humidity', 'object.humidity')],
}

interface Plant {
  readonly discovery?: Discovery
  readonly rules?: readonly DiscoveryRule[]
  readonly devices?: readonly ChirpStackDeviceConfig[]
  readonly takenKeys?: readonly string[]
  readonly linkTags?: boolean
  readonly accepted?: readonly string[]
  readonly rejected?: readonly string[]
}

function decided({ discovery, devices = [], takenKeys = [], linkTags = false, ...settings }: Plant): Decision {
  const source: ChirpStackSourceConfig = chirpStackConfig(devices, { ...settings, linkTags })
  const state = discovery?.state ?? emptyDiscovery
  return decide({ source, templates: [climate], state, takenKeys: new Set(takenKeys) })
}

const served = (plant: Plant) => decided(plant).devices.map(({ key }) => key)
const drift = (plant: Plant) => decided(plant).drift
const kinds = (plant: Plant) => drift(plant).map(({ kind, tag }) => (tag === undefined ? kind : `${kind} ${tag}`))
const hall = mirrored(HALL)
const twice = <T>(value: T): T[] => [value, value]
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

describe('what a source serves', () => {
  it('is what is configured, where nothing is known of ChirpStack', () => {
    const plant = { devices: [loraDevice('hall', HALL, [])], rules: [rule()] }
    expect(decided(plant)).toEqual({ devices: plant.devices, found: [], proposals: [], drift: [] })
  })

  it('has the devices that rules match, from their template and named as in ChirpStack', () => {
    const device = mirrored(HALL, { name: 'Hall 3', description: 'East wall' })
    const { devices } = decided({ discovery: discoveryOf(mirrorOf([device])), rules: [rule({ template: 'climate' })] })
    expect(devices).toEqual([
      {
        key: HALL,
        name: 'Hall 3',
        description: 'East wall',
        disabled: false,
        manufacturer: 'Milesight',
        model: 'EM300',
        staleAfterMs: 1_000,
        badAfterMs: 2_000,
        devEui: HALL,
        template: 'climate',
        tags: climate.tags,
      },
    ])
  })

  it('has a device of the configuration as it is there, whatever the rules say', () => {
    const device = loraDevice('hall', HALL, [loraTag('t', 'object.t')], { name: hall.name })
    const plant = { discovery: discoveryOf(mirrorOf([hall])), devices: [device], rules: [rule({ ignore: true })] }
    expect(decided(plant)).toMatchObject({ devices: [device], proposals: [], drift: [] })
  })

  it('gives a configured device the tags of its template behind its own', () => {
    const own = loraTag('temperature', 'object.temp')
    const [device] = decided({ devices: [loraDevice('hall', HALL, [own], { template: 'climate' })] }).devices
    expect(device?.tags.map(({ key, address, badAfterMs }) => [key, address, badAfterMs])).toEqual([
      ['temperature', 'object.temp', undefined],
      ['humidity', 'object.humidity', 2_000],
    ])
    expect(device).toMatchObject({ manufacturer: 'Milesight' })
  })

  it('follows a rename, and a device that is disabled or enabled', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    discovery.takeInventory(mirrorOf([{ ...hall, name: 'Renamed', disabled: true }]))
    const plant = { discovery, rules: [rule()] }
    expect(decided(plant).devices).toMatchObject([{ key: HALL, name: 'Renamed', disabled: true }])
    discovery.takeInventory(mirrorOf([{ ...hall, disabled: false }]))
    expect(decided(plant).devices).toMatchObject([{ name: hall.name, disabled: false }])
  })

  it('has no device any more that was deleted in ChirpStack', () => {
    const discovery = discoveryOf(mirrorOf([hall, mirrored(OFFICE)]))
    const plant = { discovery, rules: [rule()] }
    expect(served(plant)).toEqual([HALL, OFFICE])
    discovery.takeInventory(mirrorOf([mirrored(OFFICE)]))
    expect(served(plant)).toEqual([OFFICE])
  })

  it('has what a learned device was found to send, and at once how well it is heard where its source says so', () => {
    const rules = [rule()]
    const tagsAfter = (uplinks: number, linkTags = true) => {
      const discovery = discoveryOf(mirrorOf([hall]), times(uplinks, { temperature: 20.5 }))
      return decided({ discovery, rules, linkTags }).devices[0]?.tags.map(({ key }) => key)
    }
    expect(tagsAfter(0)).toEqual(linkTagKeys)
    expect(tagsAfter(3)).toEqual(['temperature', ...linkTagKeys])
    expect(tagsAfter(3, false)).toEqual(['temperature'])
  })

  it('is the same after a restart, before ChirpStack is reached', () => {
    const discovery = discoveryOf(mirrorOf([hall]), times(3, { temperature: 20.5 }))
    const source = chirpStackConfig([], { rules: [rule()] })
    const input = { source, templates: [], takenKeys: new Set<string>() }
    const state = JSON.parse(JSON.stringify(discovery.state)) as typeof discovery.state
    expect(decide({ ...input, state })).toEqual(decide({ ...input, state: discovery.state }))
  })

  it('takes a name of spaces as no name', () => {
    const discovery = discoveryOf(mirrorOf([mirrored(HALL, { name: '  ' })]))
    expect(decided({ discovery, rules: [rule()] }).devices).toMatchObject([{ name: HALL }])
  })
})

describe('a proposal', () => {
  const plant = () => ({
    discovery: discoveryOf(mirrorOf([hall])),
    rules: [rule({ name: 'X' }), rule({ accept: 'propose' })],
  })

  it('waits for the operator', () => {
    const { devices, proposals } = decided(plant())
    expect(devices).toEqual([])
    expect(proposals).toEqual([
      {
        devEui: HALL,
        name: hall.name,
        application: 'Building',
        profile: 'Climate',
        rule: 1,
        template: 'auto',
        why: 'rules[1] (every device) matches: it is in the application "Building", with the profile "Climate".',
      },
    ])
    expect(kinds(plant())).toEqual(['proposed'])
  })

  it('is served where its source accepts it, and stays away where that rejects it', () => {
    const { discovery, rules } = plant()
    expect(decided({ discovery, rules, accepted: [HALL] })).toMatchObject({ devices: [{ key: HALL }], proposals: [] })
    const rejected = { discovery, rules, rejected: [HALL] }
    expect([served(rejected), kinds(rejected)]).toEqual([[], ['rejected']])
    expect(decided({ discovery, rules }).proposals).toHaveLength(1)
  })
})

describe('in what plant and ChirpStack differ', () => {
  const discovery = discoveryOf(mirrorOf([hall]))

  it('names a device that no rule matches, but none that a rule ignores', () => {
    expect(drift({ discovery })).toMatchObject([
      { kind: 'unmapped', devEui: HALL, name: hall.name, reason: expect.stringContaining('"Building"') as string },
    ])
    expect(kinds({ discovery, rules: [rule({ ignore: true })] })).toEqual([])
  })

  it('names a configured device that the tenant has not, and the one that may be meant', () => {
    const devices = [loraDevice('hall', 'a81758fffe0a1010', [])]
    const [entry] = drift({ discovery, devices, rules: [rule({ ignore: true })] })
    expect(entry).toMatchObject({ kind: 'not_in_chirpstack', device: 'hall' })
    expect(entry?.mend).toContain(HALL)
  })

  it.each<[string, Plant, string]>([
    ['a device whose key another one has', { discovery, rules: [rule()], takenKeys: [HALL] }, 'key_clash'],
    ['a rule whose template is not there', { discovery, rules: [rule({ template: 'gone' })] }, 'template_missing'],
    ['another name', { discovery, devices: [loraDevice('hall', HALL, [], { name: 'Halle' })] }, 'name_differs'],
    [
      'a device that is disabled there',
      { discovery: discoveryOf(mirrorOf([{ ...hall, disabled: true }])), rules: [rule()] },
      'disabled_in_chirpstack',
    ],
    [
      'a profile without a codec',
      { discovery: discoveryOf(mirrorOf([hall], [{ ...climateProfile, codec: 'NONE' }])), rules: [rule()] },
      'codec_missing',
    ],
    [
      'a codec that decodes nothing any more',
      { discovery: discoveryOf(mirrorOf([hall]), [{ a: 1 }, ...times(3, undefined)]), rules: [rule()] },
      'codec_missing',
    ],
    [
      'a measurement that no tag reads',
      {
        discovery: discoveryOf(
          mirrorOf([hall], [{ ...climateProfile, measurements: [measurement('air_co2', 'GAUGE')] }]),
        ),
        rules: [rule()],
      },
      'measurement_without_tag air_co2',
    ],
    [
      'a tag that is in none of the last uplinks',
      {
        discovery: discoveryOf(mirrorOf([hall]), times(10, { temperature: 1 })),
        rules: [rule({ template: 'climate' })],
      },
      'tag_never_seen humidity',
    ],
    [
      'a tag that is in none of the last uplinks any more',
      {
        discovery: discoveryOf(mirrorOf([hall]), [...twice({ humidity: 1 }), ...times(10, { temperature: 1 })]),
        rules: [rule({ template: 'climate' })],
      },
      'tag_never_seen humidity',
    ],
    [
      'a value that does not fit its tag',
      {
        discovery: discoveryOf(mirrorOf([hall]), [{ temperature: 'warm', humidity: 1 }]),
        rules: [rule({ template: 'climate' })],
      },
      'type_conflict temperature',
    ],
    [
      'a fraction where whole numbers are served',
      {
        discovery: discoveryOf(mirrorOf([hall]), [{ n: 1.5 }]),
        devices: [loraDevice('hall', HALL, [loraTag('n', 'object.n', { type: 'Int32' })], { name: hall.name })],
      },
      'type_conflict n',
    ],
    [
      'values of two types, of which no tag is made',
      { discovery: discoveryOf(mirrorOf([hall]), [{ a: 1 }, { a: 'x' }]), rules: [rule()] },
      'type_conflict object.a',
    ],
  ])('names %s', (_, plant, expected) => {
    expect(kinds(plant)).toEqual([expected])
    for (const { reason, mend, devEui } of drift(plant)) {
      expect([reason, mend, devEui]).not.toContain('')
      expect(`${reason} ${mend}`).not.toMatch(/undefined|\[object/)
    }
  })

  it('finds a changed profile', () => {
    const profiles = [climateProfile, { ...climateProfile, id: 'profile-energy', name: 'Energy' }]
    const changing = discoveryOf(mirrorOf([hall], profiles), times(3, { temperature: 1 }))
    const changed = { ...hall, profileId: 'profile-energy', profileName: 'Energy' }
    changing.takeInventory(mirrorOf([changed], profiles))
    const plant = { discovery: changing, rules: [rule()] }
    expect(drift(plant)).toMatchObject([
      { kind: 'profile_changed', reason: expect.stringContaining('was "Climate" and is "Energy" now') as string },
    ])
    expect(decided(plant).devices[0]?.tags[0]).toMatchObject({ address: 'object.temperature' })
  })

  it('names a changed profile until ten uplinks have come with it, and from then on each tag that does not fit', () => {
    const profiles = [climateProfile, { ...climateProfile, id: 'profile-energy', name: 'Energy' }]
    const changing = discoveryOf(mirrorOf([hall], profiles), times(3, { temperature: 1, power: 1 }))
    changing.takeInventory(mirrorOf([{ ...hall, profileId: 'profile-energy', profileName: 'Energy' }], profiles))
    const plant = { discovery: changing, rules: [rule()] }
    const answers = times(10, { power: 2 }).map((object, n) =>
      changing.takeUplink({ devEui: HALL, time: 1_000_000 + n, fPort: 2, object }, 1e12),
    )
    expect(answers.indexOf(true)).toBe(9)
    expect(drift(plant)).toMatchObject([{ kind: 'tag_never_seen', tag: 'temperature' }])
    changing.takeInventory(mirrorOf([hall], profiles))
    expect(kinds(plant)).toEqual(['profile_changed'])
  })

  it('says nothing of another profile where a template gives the tags, since the rule looked at that profile', () => {
    const profiles = [climateProfile, { ...climateProfile, id: 'profile-energy', name: 'Energy' }]
    const changing = discoveryOf(mirrorOf([hall], profiles))
    changing.takeInventory(mirrorOf([{ ...hall, profileId: 'profile-energy', profileName: 'Energy' }], profiles))
    expect(kinds({ discovery: changing, rules: [rule({ template: 'climate' })] })).toEqual([])
  })

  it('tells how many values are not learned of a device that sends thousands', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`k${n}`, n]))
    const plant = { discovery: discoveryOf(mirrorOf([hall]), times(4, many)), rules: [rule()] }
    expect(decided(plant).devices[0]?.tags).toHaveLength(200)
    expect(drift(plant)).toMatchObject([
      { kind: 'values_left_out', reason: expect.stringMatching(/^At least 9800 values/) as string },
    ])
  })

  it('looks for what may be meant of a few devices only, where thousands are missing', () => {
    const devices = Array.from({ length: 60 }, (_, n) =>
      loraDevice(`d${n}`, `a81758fffe0a1${(0x100 + n).toString(16)}`, []),
    )
    const meant = drift({ discovery, devices, rules: [rule({ ignore: true })] }).filter(({ mend }) =>
      mend.includes(HALL),
    )
    expect(meant.length).toBeGreaterThan(0)
    expect(meant.length).toBeLessThanOrEqual(20)
  })

  it('forgives a misfit that is long past', () => {
    const objects = [{ temperature: 'warm', humidity: 1 }, ...times(50, { temperature: 1, humidity: 1 })]
    const plant = { discovery: discoveryOf(mirrorOf([hall]), objects), rules: [rule({ template: 'climate' })] }
    expect(kinds(plant)).toEqual([])
  })

  it('does not miss a tag that may be among values too many to keep', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, n]))
    const plant = { discovery: discoveryOf(mirrorOf([hall]), times(12, many)), rules: [rule({ template: 'climate' })] }
    expect(kinds(plant)).toEqual([])
  })

  it('asks nothing of the uplinks of a device that is disabled', () => {
    const disabled = discoveryOf(mirrorOf([{ ...hall, disabled: true }]), times(12, { a: 1 }))
    expect(kinds({ discovery: disabled, rules: [rule({ template: 'climate' })] })).toEqual(['disabled_in_chirpstack'])
  })
})

describe('a multicast group', () => {
  const group = (id: string, applicationId = 'app-building') => ({ id, name: `Group ${id}`, applicationId })
  const groups = [group('g1'), group('g2', 'app-utilities'), group('g3')]
  const told = (rules: readonly DiscoveryRule[]) => {
    const devices = [loraGroup('lamps', 'g3')]
    const state = discoveryOf({ ...mirrorOf([]), groups }).state
    const source = chirpStackConfig(devices, { rules })
    return decide({ source, templates: [], state, takenKeys: new Set() }).drift.map(({ kind, devEui }) => [
      kind,
      devEui,
    ])
  }

  it('of an application that rules look at is named until a device stands for it', () => {
    const [g1, g2] = ['g1', 'g2'].map((id) => ['group_without_device', id])
    expect(told([rule()])).toEqual([g1, g2])
    expect(told([rule({ application: 'Build*', profile: 'Climate' })])).toEqual([g1])
    expect(told([rule({ application: 'Building', name: 'test*', ignore: true }), rule()])).toEqual([g1, g2])
    expect(told([rule({ application: 'Building', ignore: true }), rule()])).toEqual([g2])
  })
})
