import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { valuesOf } from '../../../src/config/differences.ts'
import { clashesOf, mergingEdits, type Winner } from '../../../src/config/merge.ts'
import { ParsedTexts } from '../../../src/config/parsed-texts.ts'

const base = `# The plant
sources:
  - key: line
    timeout: 1s # slow
    devices:
      - { key: pump, poll: 1s, tags: [{ key: level, address: "holding:0" }] }
      - { key: fan, poll: 1s }
opcua: { port: 4840 }
`
const three = (mine: string, theirs: string) => ({
  base: valuesOf(base),
  mine: valuesOf(mine),
  theirs: valuesOf(theirs),
})
function together(mine: string, theirs: string, winner: Winner = 'mine') {
  const made = new ParsedTexts().edited(theirs, mergingEdits(three(mine, theirs), winner))
  if ('problems' in made) throw new Error(JSON.stringify(made.problems))
  return { text: made.text, value: parse(made.text) }
}

describe('what two have changed of one configuration', () => {
  it('goes together where each changed something else, and comments stay', () => {
    const mine = base.replace('{ key: fan, poll: 1s }', '{ key: fan, poll: 5s }').replace('port: 4840', 'port: 4841')
    const theirs = base
      .replace('timeout: 1s', 'timeout: 2s')
      .replace('{ key: level,', '{ key: flow, address: "a" }, { key: level,')
    expect(clashesOf(three(mine, theirs))).toEqual([])
    const { text, value } = together(mine, theirs)
    expect(text).toContain('# The plant')
    expect(text).toContain('timeout: 2s # slow')
    expect(value.sources[0].devices[1].poll).toBe('5s')
    expect(value.sources[0].devices[0].tags.map(({ key }: { key: string }) => key)).toEqual(['flow', 'level'])
    expect(value.opcua.port).toBe(4841)
  })

  it('is shown where both changed the same, and the one who decides chooses', () => {
    const mine = base.replace('key: pump, poll: 1s', 'key: pump, poll: 5s')
    const theirs = base.replace('key: pump, poll: 1s', 'key: pump, poll: 9s')
    expect(clashesOf(three(mine, theirs))).toMatchObject([
      { mine: { at: 'sources/line/devices/pump/poll', after: '5s' }, theirs: { after: '9s' } },
    ])
    expect(together(mine, theirs, 'mine').value.sources[0].devices[0].poll).toBe('5s')
    expect(together(mine, theirs, 'theirs').value.sources[0].devices[0].poll).toBe('9s')
  })

  it('is no clash where both made the same of it', () => {
    const same = base.replace('port: 4840', 'port: 4850')
    expect(clashesOf(three(same, same))).toEqual([])
    expect(together(same, same).value).toEqual(valuesOf(same))
  })

  it('comes back whole where others removed what I changed, unless theirs holds', () => {
    const mine = base.replace('key: pump, poll: 1s', 'key: pump, poll: 5s')
    const theirs = base.replace(/ {6}- \{ key: pump.*\n/, '')
    expect(clashesOf(three(mine, theirs))).toMatchObject([{ theirs: { kind: 'removed' } }])
    const back = together(mine, theirs, 'mine').value.sources[0].devices
    expect(back).toEqual([
      { key: 'fan', poll: '1s' },
      { key: 'pump', poll: '5s', tags: [{ key: 'level', address: 'holding:0' }] },
    ])
    expect(together(mine, theirs, 'theirs').value).toEqual(valuesOf(theirs))
  })

  it('stays removed where I removed what others changed', () => {
    const mine = base.replace(/ {6}- \{ key: pump.*\n/, '')
    const theirs = base.replace('key: pump, poll: 1s', 'key: pump, poll: 5s')
    expect(together(mine, theirs, 'mine').value.sources[0].devices).toEqual([{ key: 'fan', poll: '1s' }])
    expect(together(mine, theirs, 'theirs').value.sources[0].devices).toHaveLength(2)
  })
})
