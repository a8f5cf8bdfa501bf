import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Edit } from '../../../src/config/edit.ts'
import { ParsedTexts } from '../../../src/config/parsed-texts.ts'

const TEXT = `# The boiler house
sources:
  - key: line # RS-485
    kind: modbus
    devices:
      - key: boiler
        poll: 1s # slow
        tags:
          - { key: flow, type: Double, address: holding:0 }
opcua:
  users:
    - name: olga
      role: Observer
`
const BOILER = ['sources', 'line', 'devices', 'boiler']
const done = (...edits: Edit[]): string => {
  const result = new ParsedTexts().edited(TEXT, edits)
  return 'text' in result ? result.text : JSON.stringify(result.problems)
}

describe('an edit of a configuration', () => {
  it('changes one setting and leaves the rest, comments too, as it was', () => {
    expect(done({ set: [...BOILER, 'poll'], value: '5s' })).toBe(TEXT.replace('poll: 1s', 'poll: 5s'))
  })

  it('finds a user by the name', () => {
    expect(parse(done({ set: ['opcua', 'users', 'olga', 'role'], value: 'Operator' })).opcua.users[0].role).toBe(
      'Operator',
    )
  })

  it('adds to a list, and makes the list where there is none', () => {
    const tag = { key: 'level', type: 'UInt16', address: 'holding:4' }
    const { sources } = parse(
      done({ add: [...BOILER, 'tags'], value: tag }, { add: ['templates'], value: { key: 'a' } }),
    )
    expect(sources[0].devices[0].tags.map(({ key }: { key: string }) => key)).toEqual(['flow', 'level'])
    expect(parse(done({ add: ['templates'], value: { key: 'a' } })).templates).toEqual([{ key: 'a' }])
  })

  it('takes out a tag, or a whole device', () => {
    expect(parse(done({ remove: [...BOILER, 'tags', 'flow'] })).sources[0].devices[0].tags).toEqual([])
    expect(parse(done({ remove: BOILER })).sources[0].devices).toEqual([])
  })

  it('of a thing that came with an edit before it is done too', () => {
    const text = done(
      { add: ['sources', 'line', 'devices'], value: { key: 'pump' } },
      { set: ['sources', 'line', 'devices', 'pump', 'unitId'], value: 7 },
    )
    expect(parse(text).sources[0].devices[1]).toEqual({ key: 'pump', unitId: 7 })
  })

  it.each<[Edit, string]>([
    [{ set: ['sources', 'nowhere', 'kind'], value: 's7' }, 'There is no sources/nowhere.'],
    [{ remove: [...BOILER, 'colour'] }, 'There is no such setting.'],
    [{ set: [...BOILER, 'poll', 'seconds'], value: 1 }, 'sources/line/devices/boiler/poll has no settings.'],
    [{ add: [...BOILER, 'poll'], value: 1 }, 'This is no list.'],
  ])('that finds no place is a problem, and nothing is done: %j', (edit, message) => {
    const before: Edit = { set: [...BOILER, 'poll'], value: '9s' }
    expect(new ParsedTexts().edited(TEXT, [before, edit])).toMatchObject({ problems: [{ message }] })
  })
})
