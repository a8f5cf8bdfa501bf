import { describe, expect, it } from 'vitest'
import { configOf, linesOf } from './loading.ts'

interface Parts {
  readonly groups?: string
  readonly device?: string
  readonly tags?: string
}

const modbus = ({ groups = '', device = '', tags = '' }: Parts) => `
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    ${groups && `pollGroups: ${groups}`}
    devices:
      - { key: meter, unitId: 1, ${device}${device && ','} tags: [${tags}] }
`
const s7 = ({ groups = '', device = '', tags = '' }: Parts) => `
sources:
  - key: plc
    kind: s7
    host: 127.0.0.1
    ${groups && `pollGroups: ${groups}`}
    devices:
      - { key: press, ${device}${device && ','} tags: [${tags}] }
`
const register = (key: string, more: string) => `{ key: ${key}, type: UInt16, address: 'holding:0', ${more} }`
const word = (key: string, more: string) => `{ key: ${key}, type: Int16, address: 'DB1,INT0', ${more} }`

const groups = '{ fast: 200ms, slow: 1m }'
const periodsOf = (text: string) =>
  configOf(text).sources.flatMap(({ devices }) =>
    devices.flatMap((device) => ('pollMs' in device ? [device.pollMs, ...device.tags.map((tag) => tag.pollMs)] : [])),
  )

describe('named poll groups', () => {
  it.each([
    [
      'modbus',
      modbus({ groups, device: 'poll: slow', tags: `${register('a', 'poll: fast')}, ${register('b', 'poll: 5s')}` }),
    ],
    ['s7', s7({ groups, device: 'poll: slow', tags: `${word('a', 'poll: fast')}, ${word('b', 'poll: 5s')}` })],
  ])('stand for their periods on devices and tags of %s, beside plain periods', (_, text) => {
    expect(periodsOf(text)).toEqual([60_000, 200, 5_000])
    expect(configOf(text).sources[0]).not.toHaveProperty('pollGroups')
  })

  it('of a device win over those of its source', () => {
    const device = 'poll: slow, pollGroups: { slow: 10s, mine: 3s }'
    const tags = `${register('a', 'poll: mine')}, ${register('b', 'poll: fast')}`
    expect(periodsOf(modbus({ groups, device, tags }))).toEqual([10_000, 3_000, 200])
  })

  it('that are not there are refused, with the nearest one that is', () => {
    expect(linesOf(modbus({ groups, device: 'poll: slwo', tags: register('a', 'poll: quick') }))).toEqual([
      'line 8: sources[0].devices[0].poll is "slwo": No poll group has this name. The poll groups here are fast, slow. Write slow.',
      'line 8: sources[0].devices[0].tags[0].poll is "quick": No poll group has this name. The poll groups here are ' +
        'fast, slow. Write a period such as 1s, or add the group to pollGroups of the source.',
    ])
    expect(linesOf(modbus({ device: 'poll: toString' }))).toEqual([
      expect.stringContaining('or the name of a poll group'),
    ])
    expect(linesOf(modbus({ device: 'poll: fast' }))).toEqual([
      expect.stringContaining('There are no poll groups here.'),
    ])
  })

  it('are not called like a period, and have a period that is allowed', () => {
    expect(linesOf(modbus({ groups: '{ 1s: 5s, Fast: 1s, slow: 1ms }', device: 'poll: slow' }))).toEqual([
      'line 6: sources[0].pollGroups.slow is "1ms": Allowed is a whole number with its unit ms, s, m, h or d, from ' +
        '50ms to 1d. Write for example 1s.',
      'line 6: sources[0].pollGroups.1s is "5s": A poll group must not be called like a period. ' +
        'Give the group another name, such as fast.',
      expect.stringContaining('sources[0].pollGroups.Fast is "1s": Allowed as a name are lower-case letters'),
    ])
  })

  it('leave a period outside of the bounds a period', () => {
    expect(linesOf(modbus({ groups, device: 'poll: 1ms' }))).toEqual([
      expect.stringContaining('sources[0].devices[0].poll is "1ms": Allowed is a whole number with its unit'),
    ])
  })

  it('are the periods against which ages are checked', () => {
    const early = 'A value must not turn stale before it is read again.'
    expect(linesOf(modbus({ groups, device: 'poll: slow, staleAfter: 30s' }))).toEqual([
      expect.stringContaining(`devices[0].staleAfter is "30s": ${early}`),
    ])
    expect(linesOf(modbus({ groups, device: 'staleAfter: 30s', tags: register('a', 'poll: slow') }))).toEqual([
      expect.stringContaining(`devices[0].tags[0].poll is "slow": ${early}`),
    ])
    expect(linesOf(s7({ groups, device: 'poll: fast', tags: word('a', 'poll: slow, staleAfter: 1m') }))).toEqual([
      expect.stringContaining(`devices[0].tags[0].staleAfter is "1m": ${early}`),
    ])
  })
})

describe('an adaptive period', () => {
  it('must not outlast the age at which a value of a tag of its own turns stale', () => {
    const device = 'staleAfter: 5m, adaptive: { slowest: 1m }'
    expect(linesOf(modbus({ device, tags: register('a', 'staleAfter: 30s') }))).toEqual([
      'line 8: sources[0].devices[0].tags[0].staleAfter is "30s": A value must not turn stale before it is read again. ' +
        'While nothing changes, this device is read every 1m (adaptive.slowest). ' +
        'Make staleAfter at least twice that, or lower adaptive.slowest of the device.',
    ])
    expect(linesOf(modbus({ device, tags: register('a', 'staleAfter: 2m') }))).toEqual([])
  })
})
