import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkOfEdits } from '../../../src/cli/configuration.ts'
import type { Edit } from '../../../src/config/edit.ts'
import { beginningOf, ConfigurationLife, type ConfigurationLifeParts } from '../../../src/config/life.ts'
import { ParsedTexts } from '../../../src/config/parsed-texts.ts'
import type { Config } from '../../../src/config/schema.ts'
import { PenstockError } from '../../../src/core/errors.ts'
import { silentLogger } from '../../../src/core/logger.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { ConfigurationVersions } from '../../../src/store/configuration-versions.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const yaml = (poll: string, more = '') => `# kept
sources:
  - key: line
    kind: modbus
    host: 127.0.0.1
    devices:
      - { key: boiler, unitId: 1, poll: ${poll}, tags: [ { key: flow, type: UInt16, address: 'holding:0' } ] }
${more}`
const by = { user: 'olga', origin: 'http' } as const
const POLL = ['sources', 'line', 'devices', 'boiler', 'poll']

let folder: string
let database: Database.Database
let plants: number[]
let changePlant: () => Promise<void>
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-'))
  database = openPenstockDatabase(folder)
  plants = []
  changePlant = async () => undefined
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

const check: ConfigurationLifeParts['check'] = checkOfEdits('plant.yaml', {})
const configOf = (text: string): Config => {
  const loaded = check(text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

function begun(text = yaml('1s'), parts: Partial<ConfigurationLifeParts> = {}): ConfigurationLife {
  const life = new ConfigurationLife({
    versions: new ConfigurationVersions(database),
    check,
    changePlant: async ({ plant }) => {
      await changePlant()
      for (const { devices } of plant.sources)
        for (const each of devices) if ('pollMs' in each) plants.push(each.pollMs)
    },
    started: configOf(text),
    clock: new ManualClock(),
    log: silentLogger,
    ...parts,
  })
  life.begin({ text, isNew: true, name: 'plant.yaml' })
  return life
}

describe('a change of the configuration', () => {
  it('is kept as a version with its author, its reason and an audit row, and the plant follows', async () => {
    const life = begun()
    const applied = await life.apply({ draft: { edits: [{ set: POLL, value: '5s' }] }, by, comment: 'too fast' })
    const changes = ['sources/line/devices/boiler/poll: "1s" → "5s"']
    expect(applied).toEqual({ ok: true, version: 2, changes, restart: [], live: true })
    expect(plants).toEqual([5_000])
    expect(life.current()).toMatchObject({
      version: { id: 2, by, comment: 'too fast' },
      text: yaml('5s'),
    })
    expect(new AuditLog(database).page(1)).toMatchObject([
      { action: 'configuration.apply', by, outcome: 'done', details: { version: 2, comment: 'too fast', changes } },
    ])
  })

  it('that is wrong is refused with all that is wrong, and nothing changes', async () => {
    const life = begun()
    const wrong = yaml('soon').replace('unitId: 1', 'unitId: 999')
    const refused = await life.apply({ draft: { text: wrong }, by, comment: '' })
    expect(refused).toMatchObject({
      ok: false,
      problems: [{ path: expect.stringContaining('unitId') }, { path: expect.stringContaining('poll') }],
    })
    expect(life.check({ text: wrong })).toMatchObject({ ok: false })
    expect(life.versions(10).map(({ id }) => id)).toEqual([1])
    expect(plants).toEqual([])
  })

  it('made of edits comes after others to what it comes to by itself, also after one that was refused', async () => {
    const life = begun()
    const tag = (key: string, address = 'holding:1') => ({
      add: ['sources', 'line', 'devices', 'boiler', 'tags'],
      value: { key, type: 'UInt16', address },
    })
    const turns: Edit[][] = [
      [{ set: POLL, value: '2s' }],
      [tag('level')],
      [{ set: ['sources', 'line', 'devices', 'boiler', 'disabled'], value: true }],
      [{ set: ['history', 'keep'], value: '90d' }],
      [{ add: ['templates'], value: { key: 'meter', tags: [] } }],
      [tag('wrong', 'nowhere:0')],
      [{ remove: ['sources', 'nothing'] }],
      [tag('level')],
      [{ remove: ['sources', 'line', 'devices', 'boiler', 'tags', 'flow'] }, tag('heat', 'holding:2')],
    ]
    let text = yaml('1s')
    const outcomes: boolean[] = []
    for (const edits of turns) {
      const alone = new ParsedTexts().edited(text, edits)
      const applied = await life.apply({ draft: { edits }, by, comment: '' })
      outcomes.push(applied.ok)
      if (applied.ok && 'text' in alone) text = alone.text
      expect(life.current().text).toBe(text)
      expect(life.check({ text })).toMatchObject({ ok: true, changes: [] })
    }
    expect(outcomes).toEqual([true, true, true, true, true, false, false, false, true])
  })

  it('made of edits names the line and column of what it makes wrong', async () => {
    const life = begun()
    await life.apply({ draft: { edits: [{ set: POLL, value: '2s' }] }, by, comment: '' })
    const wrong = await life.apply({ draft: { edits: [{ set: POLL, value: 'soon' }] }, by, comment: '' })
    expect(wrong).toMatchObject({ problems: [{ path: expect.stringContaining('poll'), line: 7, column: 41 }] })
  })

  it('made of a version that no longer holds is refused, so that nobody undoes what another did', async () => {
    const life = begun()
    const change = (value: string) =>
      life.apply({ draft: { edits: [{ set: POLL, value }] }, by, comment: '', basedOn: 1 })
    expect(await Promise.all([change('2s'), change('3s')])).toMatchObject([{ version: 2 }, { ok: false, holds: 2 }])
    expect(plants).toEqual([2_000])
  })

  it('that changes nothing makes no version', async () => {
    const life = begun()
    expect(await life.apply({ draft: { text: yaml('1s') }, by, comment: '' })).toMatchObject({
      version: 1,
      changes: [],
    })
  })

  it('says which sections take a restart', async () => {
    const life = begun()
    const text = yaml('1s', 'opcua: { port: 4841 }\nlog: { level: debug }\n')
    expect(life.check({ text })).toMatchObject({ ok: true, restart: ['opcua', 'log'] })
  })

  it('of the data folder is refused, since the folder holds the configuration', async () => {
    const life = begun()
    const text = yaml('1s', 'gateway: { data: /elsewhere }\n')
    expect(life.check({ text })).toMatchObject({ ok: false, problems: [{ path: 'gateway.data' }] })
  })

  it('is kept also while the engine is gone, and said not to be live', async () => {
    const life = begun()
    changePlant = () => Promise.reject(new PenstockError('ROOM_UNAVAILABLE', 'The engine is being started'))
    const applied = await life.apply({ draft: { text: yaml('5s') }, by, comment: '' })
    expect(applied).toMatchObject({ ok: true, version: 2, live: false })
    expect(life.current().text).toBe(yaml('5s'))
  })

  it('can be taken back to any version', async () => {
    const life = begun()
    await life.apply({ draft: { text: yaml('5s') }, by, comment: '' })
    await life.apply({ draft: { text: life.text(1) ?? '' }, by, comment: 'back' })
    expect(life.current()).toMatchObject({ version: { id: 3, comment: 'back' }, text: yaml('1s') })
    expect(plants).toEqual([5_000, 1_000])
  })
})

describe('a start', () => {
  const versions = () => new ConfigurationVersions(database)

  it('takes the file the first time', () => {
    expect(beginningOf('sources: []', undefined)).toEqual({ text: 'sources: []', isNew: true })
    expect(beginningOf(undefined, versions())).toBeUndefined()
  })

  it('goes on with what was changed since, as long as the file is as it was', async () => {
    const life = begun()
    await life.apply({ draft: { text: yaml('5s') }, by, comment: '' })
    expect(beginningOf(yaml('1s'), versions())).toEqual({ text: yaml('5s'), isNew: false })
    expect(beginningOf(undefined, versions())).toEqual({ text: yaml('5s'), isNew: false })
  })

  it('takes the file again once somebody edited it', async () => {
    const life = begun()
    await life.apply({ draft: { text: yaml('5s') }, by, comment: '' })
    expect(beginningOf(yaml('9s'), versions())).toEqual({ text: yaml('9s'), isNew: true })
    await life.reload(yaml('9s'), 'plant.yaml')
    expect(life.current()).toMatchObject({ version: { id: 3, by: { user: 'system' } }, text: yaml('9s') })
    expect(beginningOf(yaml('9s'), versions())).toMatchObject({ isNew: false })
  })
})

describe('a long configuration', () => {
  const tags = (count: number) =>
    Array.from({ length: count }, (_, n) => `          - { key: t${n}, type: UInt16, address: 'holding:${n}' }`)
  const device = (key: string, unit: number, count: number) =>
    [`      - key: ${key}`, `        unitId: ${unit}`, '        tags:', ...tags(count)].join('\n')
  const long = ['sources:', '  - key: line', '    kind: modbus', '    host: 127.0.0.1', '    devices:']
    .concat(device('one', 1, 500), ...[2, 3, 4, 5].map((unit) => device(`d${unit}`, unit, 90)), '')
    .join('\n')

  it('is read and checked between turns of others, and is then judged as one that was not', async () => {
    // Time goes on with each piece, so that a turn has ten.
    let time = 0
    const clock = Object.assign(new ManualClock(), { monotonic: () => time++ })
    const isWhole: boolean[] = []
    const life: ConfigurationLife = begun(yaml('1s'), {
      clock,
      check: (text, read) => {
        if (text === long) isWhole.push(Object.is(read, life.texts.read(text)))
        return check(text, read)
      },
    })
    let [turns, isOver] = [0, false]
    const others = () => {
      turns++
      if (!isOver) setImmediate(others)
    }
    setImmediate(others)
    await life.prepare(long)
    isOver = true
    expect(turns).toBeGreaterThan(5)
    // Three parts of the first device, that device as a whole, and the others in two parts.
    expect(isWhole).toEqual(Array.from({ length: 6 }, () => false))
    expect(life.judge(long)).toEqual({ problems: [], restart: [] })
    expect(begun().judge(long)).toEqual({ problems: [], restart: [] })
    await life.prepare(long)
    expect(isWhole).toHaveLength(7)
  })

  it('that is wrong is told so with the places, prepared or not', async () => {
    const wrong = long.replace("'holding:77'", "'nowhere:77'").replace('unitId: 4', 'unitId: many')
    const [prepared, other] = [begun(), begun()]
    await prepared.prepare(wrong)
    const line = wrong.slice(0, wrong.indexOf('many')).split('\n').length
    const { problems } = prepared.judge(wrong)
    expect(problems).toContainEqual(expect.objectContaining({ path: 'sources[0].devices[3].unitId', line }))
    expect(other.judge(wrong).problems).toEqual(problems)
  })

  it('takes no memory after the start that read it, as long as nobody asks', () => {
    const texts = new ParsedTexts()
    const read = texts.read(long)
    begun(long, { texts })
    expect(texts.read(long)).not.toBe(read)
  })
})
