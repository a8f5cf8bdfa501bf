import { describe, expect, it } from 'vitest'
import { Discovery } from '../../../../../src/sources/chirpstack/discovery/discovery.ts'
import { emptyDiscovery, parseDiscoveryState } from '../../../../../src/sources/chirpstack/discovery/state.ts'
import type { MirroredDevice } from '../../../../../src/sources/chirpstack/mirror.ts'
import { discoveryOf, HALL, mirrored, mirrorOf, OFFICE } from '../../../../support/discovery-mirror.ts'

const hall = mirrored(HALL)
const uplink = (devEui: string, time: number, object: unknown, fPort = 2) => ({ devEui, time, object, fPort })
const known = (discovery: Discovery, devEui = HALL) => discovery.state.devices.find((each) => each.devEui === devEui)

describe('an inventory after another', () => {
  it.each<[string, Partial<MirroredDevice>, object[]]>([
    ['renamed', { name: 'Hall' }, [{ kind: 'renamed', from: hall.name, to: 'Hall' }]],
    ['moved', { applicationId: 'app-utilities' }, [{ kind: 'moved', from: 'Building', to: 'Utilities' }]],
    [
      'given another profile',
      { profileId: 'p', profileName: 'Energy' },
      [{ kind: 'profile_changed', from: 'Climate', to: 'Energy' }],
    ],
    ['disabled', { disabled: true }, [{ kind: 'disabled' }]],
    ['enabled', { disabled: false }, []],
    ['no longer known to be enabled', { disabled: undefined }, []],
    ['heard', { lastSeenAt: 5 }, []],
  ])('tells that a device was %s', (_, fields, expected) => {
    const discovery = discoveryOf(mirrorOf([{ ...hall, disabled: false }]))
    const changes = discovery.takeInventory(mirrorOf([{ ...hall, disabled: false, ...fields }]))
    expect(changes).toMatchObject(expected)
    expect(changes).toHaveLength(expected.length)
  })

  it('tells which devices are new and which are deleted', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    expect(discovery.takeInventory(mirrorOf([mirrored(OFFICE)]))).toEqual([
      { kind: 'deleted', devEui: HALL, name: hall.name },
      { kind: 'new', devEui: OFFICE, name: 'Device 1002' },
    ])
  })

  it('tells nothing of the first one', () => {
    expect(new Discovery(emptyDiscovery).takeInventory(mirrorOf([hall]))).toEqual([])
  })
})

describe('the uplinks of a device', () => {
  it('tell when there are new tags, and only then', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    const answers = [1, 2, 3, 4].map((time) => discovery.takeUplink(uplink(HALL, time, { a: 1 }), 1e12))
    expect(answers).toEqual([false, false, true, false])
  })

  it('count once, although streams repeat them', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    for (let replay = 0; replay < 5; replay++) discovery.takeUplink(uplink(HALL, 1_000, { a: 1 }), 1e12)
    expect(known(discovery)).toMatchObject({ observation: { uplinks: 1 }, tags: [] })
  })

  it('of a clock in the future do not hide the ones after it', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    discovery.takeUplink(uplink(HALL, 9e15, { a: 1 }), 1_000)
    discovery.takeUplink(uplink(HALL, 2_000, { a: 1 }), 2_000)
    expect(known(discovery)?.observation.uplinks).toBe(2)
  })

  it('that carry MAC commands alone say nothing of the codec', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    discovery.takeUplink(uplink(HALL, 1_000, undefined, 0), 1e12)
    expect(known(discovery)?.observation).toMatchObject({ uplinks: 0, undecoded: 0 })
  })

  it('teach the other devices of the same profile', () => {
    const discovery = discoveryOf(
      mirrorOf([hall, mirrored(OFFICE), mirrored('a81758fffe0a1003', { profileId: 'p' })]),
      [{ a: 1 }, { a: 1 }, { a: 1 }],
    )
    expect(discovery.takeUplink(uplink(OFFICE, 1_000, { a: 2, b: 3 }), 1e12)).toBe(true)
    expect(known(discovery, OFFICE)?.tags).toEqual([{ key: 'a', type: 'Double', address: 'object.a' }])
    expect(discovery.takeUplink(uplink('a81758fffe0a1003', 1_000, { a: 2 }), 1e12)).toBe(false)
  })

  it('of what is no DevEUI are left alone', () => {
    const discovery = discoveryOf(mirrorOf([hall]))
    expect(discovery.takeUplink(uplink('__proto__', 1_000, { a: 1 }), 1e12)).toBe(false)
    expect(discovery.state.devices.map(({ devEui }) => devEui)).toEqual([HALL])
  })
})

describe('a device', () => {
  const objects = [{ a: 1 }, { a: 1 }, { a: 1 }]

  it('with another profile keeps its tags and is observed anew', () => {
    const discovery = discoveryOf(mirrorOf([hall]), objects)
    discovery.takeInventory(mirrorOf([{ ...hall, profileId: 'p', profileName: 'P' }]))
    expect(known(discovery)).toMatchObject({ observation: { uplinks: 0, paths: {} }, tags: [{ key: 'a' }] })
  })
})

describe('what is kept between two runs', () => {
  it('is the same after JSON', () => {
    const devices = [
      mirrored(HALL, {
        disabled: true,
        lastSeenAt: 1,
        updatedAt: 2,
        status: { margin: -32, externalPowerSource: false, batteryLevel: -1 },
        tags: { 'a/b.c': 'ü' },
      }),
      mirrored(OFFICE),
    ]
    const discovery = discoveryOf(mirrorOf(devices), [{ a: 1.5, 'b c': { d: [true, 'x', null] } }])
    const { state } = discovery
    expect(parseDiscoveryState(JSON.stringify(state))).toEqual(state)
    expect(new Discovery(parseDiscoveryState(JSON.stringify(state))).state).toEqual(state)
  })

  it.each([
    ['nonsense', '{', 'CONFIG_INVALID'],
    ['another structure', '{"version":1,"devices":[{"devEui":"x"}]}', 'CONFIG_INVALID'],
    ['a newer version', '{"version":2}', 'SCHEMA_TOO_NEW'],
    ['nothing', 'null', 'CONFIG_INVALID'],
  ])('is refused where it is %s', (_, json, code) => {
    expect(() => parseDiscoveryState(json)).toThrow(expect.objectContaining({ code }) as Error)
  })
})
