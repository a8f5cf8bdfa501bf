import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type {
  AppliedAnswer,
  ChangedAnswer,
  ChangedOrSeenAnswer,
  DraftAnswer,
  MaybeDraftAnswer,
  TagImportAnswer,
} from '../../src/http/api/schemas/configuration.ts'
import type { PlantImportAnswer } from '../../src/http/api/schemas/imports.ts'
import type { Problem } from '../../src/http/api/schemas/problem.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { type UserName, WebServer } from '../support/web-server.ts'

/** The configuration over the API: drafts, two editors at once, versions, and the plant thing by thing. */
const TEXT = `# The boiler house
sources:
  - key: line # RS-485
    kind: modbus
    host: 127.0.0.1
    devices:
      - key: pump
        unitId: 1
        poll: 1s # slow
        folder: Hall 1/Line 2
        tags:
          - { key: level, type: UInt16, address: "holding:0" }
          - { key: flow, type: UInt16, address: "holding:1" }
      - { key: fan, unitId: 2, folder: Hall 1 }
`
const PUMP = ['sources', 'line', 'devices', 'pump']
const CONFIGURATION = '/api/v1/configuration'

let web: WebServer
beforeEach(async () => {
  web = await WebServer.start({ plant: aPlant([aModbusDevice('pump', [aTag('level')])]), configuration: TEXT })
})
afterEach(() => web.stop())

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

async function ask<Answer>(
  as: UserName,
  method: Method,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
) {
  const response = await web.ask(`${CONFIGURATION}${path}`, as, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    etag: response.headers.get('ETag'),
    body: (text === '' ? undefined : JSON.parse(text)) as Answer,
  }
}
const set = (as: UserName, place: readonly string[], value: unknown, headers?: Record<string, string>) =>
  ask<DraftAnswer & Problem>(as, 'POST', '/draft/edits', { edits: [{ set: place, value }] }, headers)
const apply = (as: UserName, comment = '') => ask<AppliedAnswer & Problem>(as, 'POST', '/draft/apply', { comment })
const draftOf = async (as: UserName) => (await ask<MaybeDraftAnswer>(as, 'GET', '/draft')).body.draft
const document = async () => parse((await ask<{ text: string }>('carl', 'GET', '')).body.text)

describe('a draft', () => {
  it('is what its user changed, in words, and changes nothing before it is applied', async () => {
    expect(await draftOf('carl')).toBeNull()
    const { body, etag } = await set('carl', [...PUMP, 'poll'], '5s')
    expect(body).toMatchObject({
      basedOn: 1,
      changes: [
        { at: PUMP.join('/').concat('/poll'), kind: 'changed', words: 'sources/line/devices/pump/poll: "1s" → "5s"' },
      ],
      problems: [],
      behind: null,
    })
    expect(etag).toBe(`"d${body.revision}"`)
    expect(await draftOf('cora')).toBeNull()
    expect((await document()).sources[0].devices[0].poll).toBe('1s')
    const done = await apply('carl', 'the pump is slow')
    expect(done).toMatchObject({
      status: 200,
      etag: '"v2"',
      body: { version: 2, live: true, changes: [body.changes[0]?.words] },
    })
    expect((await ask<{ text: string }>('carl', 'GET', '')).body.text).toContain('poll: 5s # slow')
    expect(await draftOf('carl')).toBeNull()
    expect((await ask('carl', 'GET', '/versions')).body).toMatchObject({
      versions: [{ id: 2, by: { user: 'carl', origin: 'http' }, comment: 'the pump is slow' }, { id: 1 }],
    })
  })

  it('says everything that is wrong, each with its place, and is refused until it is mended', async () => {
    await ask('carl', 'POST', '/draft/edits', {
      edits: [
        { set: [...PUMP, 'unitId'], value: 300 },
        { set: [...PUMP, 'tags', 'flow', 'type'], value: 'UInt33' },
      ],
    })
    const problems = [
      { at: `${PUMP.join('/')}/unitId`, value: '300', message: expect.stringContaining('1 to 247') },
      { at: `${PUMP.join('/')}/tags/flow/type`, value: '"UInt33"', mend: expect.stringContaining('UInt32') },
    ]
    expect(await draftOf('carl')).toMatchObject({ problems })
    const refused = await apply('carl')
    expect(refused.status).toBe(422)
    expect(refused.body).toMatchObject({
      code: 'CONFIGURATION_INVALID',
      problems: [{ at: problems[0]?.at }, {}],
      errors: [{}, {}],
    })
    expect((await document()).sources[0].devices[0].unitId).toBe(1)
  })

  it('can be no YAML at all, which is said with the line, and be replaced or discarded', async () => {
    const broken = await ask<DraftAnswer>('carl', 'PUT', '/draft', { text: `${TEXT}  - {` })
    expect(broken.body).toMatchObject({ changes: [], problems: [{ line: expect.any(Number) }] })
    expect((await set('carl', [...PUMP, 'poll'], '5s')).status).toBe(422)
    await ask('carl', 'PUT', '/draft', { text: TEXT.replace('poll: 1s', 'poll: 7s') })
    expect((await draftOf('carl'))?.changes).toHaveLength(1)
    expect((await ask('carl', 'DELETE', '/draft')).status).toBe(204)
    expect(await draftOf('carl')).toBeNull()
    expect((await apply('carl')).status).toBe(404)
    expect((await set('carl', [...PUMP, 'poll'], '8s')).body.changes[0]?.words).toContain('8s')
  })

  it('is not changed by a window that has not seen its last change', async () => {
    const { etag } = await set('carl', [...PUMP, 'poll'], '5s')
    await set('carl', [...PUMP, 'poll'], '6s')
    const late = await set('carl', [...PUMP, 'poll'], '7s', { 'If-Match': etag ?? '' })
    expect(late).toMatchObject({ status: 412, body: { code: 'DRAFT_CHANGED' } })
    expect((await draftOf('carl'))?.changes[0]?.words).toContain('6s')
  })
})

describe('two editors at once', () => {
  it('are told what the other changed and where both changed the same, and nothing of either is lost', async () => {
    await set('carl', [...PUMP, 'poll'], '5s')
    await set('carl', ['sources', 'line', 'timeout'], '2s')
    await set('cora', [...PUMP, 'poll'], '9s')
    await set('cora', [...PUMP, 'name'], 'Feed pump')
    expect((await apply('cora', 'slower')).status).toBe(200)
    const refused = await apply('carl')
    expect(refused.status).toBe(409)
    expect(refused.body).toMatchObject({
      code: 'CONFIGURATION_CHANGED',
      detail: expect.stringContaining('cora'),
      conflict: {
        version: { id: 2, comment: 'slower' },
        changes: [expect.stringContaining('"9s"'), expect.stringContaining('Feed pump')],
        clashes: [{ mine: expect.stringContaining('"5s"'), theirs: expect.stringContaining('"9s"') }],
      },
    })
    const rebased = await ask<DraftAnswer>('carl', 'POST', '/draft/rebase', { winner: 'mine' })
    expect(rebased.body).toMatchObject({ basedOn: 2, behind: null, changes: [{}, {}] })
    expect((await apply('carl')).status).toBe(200)
    expect((await document()).sources[0]).toMatchObject({
      timeout: '2s',
      devices: [{ poll: '5s', name: 'Feed pump' }, {}],
    })
  })

  it('apply at once only what was made of the version that holds', async () => {
    const tag = { key: 'speed', type: 'UInt16', address: 'holding:5' }
    const path = '/sources/line/devices/pump/tags'
    expect(await ask('carl', 'POST', path, tag, { 'If-Match': '"v1"' })).toMatchObject({ status: 200, etag: '"v2"' })
    const late = await ask('cora', 'DELETE', `${path}/level`, undefined, { 'If-Match': '"v1"' })
    expect(late).toMatchObject({ status: 412, body: { code: 'CONFIGURATION_CHANGED' } })
    expect((await document()).sources[0].devices[0].tags.map(({ key }: { key: string }) => key)).toEqual([
      'level',
      'flow',
      'speed',
    ])
  })
})

describe('the plant thing by thing', () => {
  it('gets sources, devices and tags, which keep what they are not told of', async () => {
    expect((await ask('carl', 'POST', '/sources', { key: 'cpu', kind: 's7', host: 'plc' })).status).toBe(200)
    await ask('carl', 'POST', '/sources/cpu/devices', { key: 'plc', name: '<img src=x>' })
    await ask('carl', 'PUT', '/sources/line/devices/pump', { key: 'pump', unitId: 3, poll: '1s' })
    await ask('carl', 'DELETE', '/sources/line/devices/pump/tags/flow')
    const { body } = await ask<{ sources: object[]; inDraft: boolean }>('carl', 'GET', '/sources')
    expect(body).toMatchObject({
      inDraft: true,
      sources: [
        { key: 'line', devices: [{ key: 'pump', tags: 1 }, { key: 'fan' }] },
        { key: 'cpu', kind: 's7', devices: [{ key: 'plc', name: '<img src=x>', tags: 0 }] },
      ],
    })
    const pump = await ask<{ value: object }>('carl', 'GET', '/sources/line/devices/pump')
    expect(pump.body.value).toEqual({
      key: 'pump',
      unitId: 3,
      poll: '1s',
      tags: [{ key: 'level', type: 'UInt16', address: 'holding:0' }],
    })
    expect((await draftOf('carl'))?.problems).toEqual([])
  })

  it('refuses a key that is taken, a key that changes, and what is not there', async () => {
    const taken = await ask<Problem>('carl', 'POST', '/sources/line/devices', { key: 'pump', unitId: 9 })
    expect(taken).toMatchObject({
      status: 400,
      body: { errors: [{ field: 'key', message: expect.stringContaining('pump') }] },
    })
    expect((await ask('carl', 'PUT', '/sources/line', { key: 'other', kind: 'modbus' })).status).toBe(400)
    expect((await ask('carl', 'DELETE', '/sources/ghost')).status).toBe(404)
    expect((await ask('carl', 'POST', '/sources/__proto__/devices', { key: 'a' })).status).toBe(404)
    expect(await draftOf('carl')).toBeNull()
  })

  it('changes the same of many tags', async () => {
    const tags = ['pump/level', 'pump/flow']
    const changed = await ask<{ draft: DraftAnswer }>('carl', 'POST', '/tags', {
      tags,
      set: { history: 'change', 'transform/scale': 10 },
    })
    expect(changed.body.draft).toMatchObject({ problems: [], changes: [{}, {}, {}, {}] })
    expect(
      (await ask<Problem>('carl', 'POST', '/tags', { tags: ['pump/none'], set: { unit: 'l' } })).body.errors,
    ).toHaveLength(1)
    await ask('carl', 'POST', '/tags', { tags, delete: true })
    expect((await ask<{ value: object }>('carl', 'GET', '/sources/line/devices/pump')).body.value).toMatchObject({
      tags: [],
    })
  })

  it('says first what a change of many tags would do, and puts a prefix before their names', async () => {
    const tags = ['pump/level', 'pump/flow']
    const seen = await ask<ChangedOrSeenAnswer>('carl', 'POST', '/tags', {
      tags,
      set: { poll: '5s', deadband: -1 },
      namePrefix: 'Hall 1 ',
      preview: true,
    })
    expect(seen.body.preview).toMatchObject({
      count: 6,
      changes: expect.arrayContaining(['sources/line/devices/pump/tags/level/name: added "Hall 1 level"']),
      problems: [{ at: 'sources/line/devices/pump/tags/level/deadband' }, {}],
    })
    expect(await draftOf('carl')).toBeNull()
    await ask('carl', 'POST', '/tags', { tags, set: { poll: '5s' }, namePrefix: 'Hall 1 ' })
    const again = await ask<ChangedAnswer>('carl', 'POST', '/tags', { tags, set: { unit: 'm' }, namePrefix: 'Hall 1 ' })
    expect(again.body.draft?.changes).toHaveLength(6)
  })

  it('gets commands, which are changed and removed by themselves', async () => {
    const list = '/sources/line/devices/pump/commands'
    const fill = { key: 'fill', parameters: [{ key: 'to', type: 'UInt16' }], writes: [{ tag: 'level', value: '$to' }] }
    await set('carl', [...PUMP, 'tags', 'level', 'access'], 'readWrite')
    const added = await ask<ChangedAnswer>('carl', 'POST', list, fill)
    expect(added.body.draft).toMatchObject({ problems: [] })
    expect((await ask<Problem>('carl', 'POST', list, fill)).body.detail).toContain('mistake')
    const changed = await ask<ChangedAnswer>('carl', 'PUT', `${list}/fill`, {
      ...fill,
      writes: [{ tag: 'flow', value: 1 }],
    })
    expect(changed.body.draft?.problems).toMatchObject([{ at: expect.stringContaining('commands/fill') }])
    await ask('carl', 'DELETE', `${list}/fill`)
    expect((await ask('carl', 'GET', `${list}/fill`)).status).toBe(404)
  })

  it('moves folders with what stands in them', async () => {
    await ask('carl', 'PUT', '/folders/Hall 1', { name: 'Hall A' })
    expect((await ask('carl', 'GET', '/folders')).body).toEqual({
      folders: [
        { name: 'Hall A', devices: ['fan'] },
        { name: 'Hall A/Line 2', devices: ['pump'] },
      ],
    })
    await ask('carl', 'DELETE', '/folders/Hall A%2FLine 2')
    await ask('carl', 'POST', '/folders', { name: 'Yard', devices: ['fan'] })
    expect((await ask('carl', 'GET', '/folders')).body).toEqual({ folders: [{ name: 'Yard', devices: ['fan'] }] })
  })
})

describe('a setting that the environment decides', () => {
  it('is shown as such, and is not changed by anybody', async () => {
    const env = { PENSTOCK_OPCUA_PORT: '4999' }
    const other = await WebServer.start({ plant: web.plant, configuration: TEXT, env })
    try {
      const { origins } = await other.json<{ origins: Record<string, object> }>(CONFIGURATION, 'carl')
      expect(origins['opcua.port']).toEqual({ from: 'environment', variable: 'PENSTOCK_OPCUA_PORT' })
      const body = JSON.stringify({ edits: [{ set: ['opcua', 'port'], value: 4_850 }] })
      const headers = { 'Content-Type': 'application/json' }
      const refused = await other.ask(`${CONFIGURATION}/draft/edits`, 'carl', { method: 'POST', headers, body })
      expect(refused.status).toBe(422)
      expect(await refused.json()).toMatchObject({
        problems: [{ path: 'opcua.port', message: expect.stringContaining('PENSTOCK_OPCUA_PORT') }],
      })
      expect(await other.json(`${CONFIGURATION}/draft`, 'carl')).toMatchObject({ draft: null })
    } finally {
      await other.stop()
    }
  })
})

describe('tags as a table', () => {
  const CSV = 'device;key;type;address;unit\r\npump;level;UInt16;holding:9;%\r\nfan;speed;UInt33;holding:3;\r\n'
  const load = (body: object) => ask<TagImportAnswer>('carl', 'POST', '/tags/import', body)

  it('go out for a spreadsheet and come back into the draft, after a look at what that changes', async () => {
    const file = await web.ask(`${CONFIGURATION}/tags.csv?device=pump`, 'carl')
    expect(file.headers.get('Content-Type')).toBe('text/csv; charset=utf-8')
    const csv = Buffer.from(await file.arrayBuffer()).toString('utf8')
    expect(csv.startsWith('\uFEFFsource,device,key')).toBe(true)
    expect((await load({ csv, mode: 'replace' })).body).toMatchObject({
      rows: 2,
      changes: [],
      problems: [],
      taken: false,
    })
    const preview = await load({ csv: CSV, preview: true })
    expect(preview.body).toMatchObject({
      taken: false,
      count: 3,
      changes: expect.arrayContaining(['sources/line/devices/pump/tags/level/unit: added "%"']),
      problems: [{ line: 3, column: 'type', message: expect.stringContaining('UInt32') }],
    })
    expect(await draftOf('carl')).toBeNull()
    expect((await load({ csv: CSV })).body).toMatchObject({ taken: true, draft: { problems: [{}] } })
    expect((await load({ csv: CSV.replace('UInt33', 'UInt32') })).body.draft).toMatchObject({ problems: [] })
    expect((await apply('carl')).status).toBe(200)
  })

  it('are refused with every line that is wrong, and nothing is taken over', async () => {
    const { body } = await load({ csv: 'device,key\nghost,a\npump,\n' })
    expect(body).toMatchObject({
      taken: false,
      problems: [
        { line: 2, column: 'device' },
        { line: 3, column: 'key' },
      ],
    })
    expect(await draftOf('carl')).toBeNull()
  })
})

describe('versions', () => {
  it('are compared and restored', async () => {
    await set('carl', [...PUMP, 'poll'], '5s')
    await apply('carl')
    expect((await ask('carl', 'GET', '/versions/2')).body).toMatchObject({
      id: 2,
      changes: [expect.stringContaining('"5s"')],
    })
    expect((await ask('carl', 'GET', '/versions/1/differences')).body).toEqual({
      changes: [expect.stringContaining('"5s"')],
    })
    expect((await ask('carl', 'POST', '/versions/1/restore', {})).body).toMatchObject({ version: 3 })
    expect((await ask('carl', 'GET', '/versions')).body).toMatchObject({
      versions: [{ comment: 'version 1 restored' }, {}, {}],
    })
    expect((await document()).sources[0].devices[0].poll).toBe('1s')
    expect((await ask('carl', 'GET', '/versions/99')).status).toBe(404)
    const file = await web.ask(`${CONFIGURATION}.yaml?version=1`, 'carl')
    expect([file.headers.get('Content-Type'), await file.text()]).toEqual(['application/yaml', TEXT])
  })
})

describe('a plant of another product', () => {
  const tag = (name: string, address: string) => ({
    'common.ALLTYPES_NAME': name,
    'servermain.TAG_ADDRESS': address,
    'servermain.TAG_DATA_TYPE': 5,
  })
  const meter = {
    'common.ALLTYPES_NAME': 'Meter',
    'servermain.MULTIPLE_TYPES_DEVICE_DRIVER': 'Modbus TCP/IP Ethernet',
    'servermain.DEVICE_ID_STRING': '<10.0.0.5>.1',
    tags: [tag('Level', '400001'), tag('Odd', 'nowhere')],
  }
  const begin = (file: string, more: object = {}) =>
    ask<PlantImportAnswer & Problem>('carl', 'POST', '/import', { format: 'kepware-json', file, ...more })
  const state = async () => (await ask<PlantImportAnswer>('carl', 'GET', '/import')).body
  const settled = async () => {
    await expect.poll(async () => (await state()).state, { timeout: 10_000 }).not.toBe('running')
    return state()
  }
  const take = () => ask<DraftAnswer & Problem>('carl', 'POST', '/import/take')

  it('is read beside everything else, shown with what it leaves out, and taken over into the draft', async () => {
    expect(await state()).toEqual({ state: 'none' })
    expect((await begin(JSON.stringify(meter))).body).toMatchObject({ state: 'running', step: 'reading' })
    expect(await settled()).toMatchObject({
      state: 'ready',
      counts: { sources: 1, devices: 1, tags: 1 },
      changes: ['sources/meter: added'],
      noteCounts: { leftOut: 1, note: 1 },
      notes: [{ kind: 'leftOut', at: 'Meter.Odd' }, { kind: 'note' }],
    })
    expect(await draftOf('carl')).toBeNull()
    expect((await take()).body).toMatchObject({ changes: [{ at: 'sources/meter', kind: 'added' }], problems: [] })
    expect(await state()).toEqual({ state: 'none' })
    expect((await take()).status).toBe(404)
    expect((await apply('carl')).status).toBe(200)
    // Into the device that is there, by its key.
    const csv = 'Tag Name,Address,Data Type\nFlow,400005,Float\nBad,7,Word\n'
    await begin(csv, { format: 'kepware-csv', device: 'meter' })
    expect(await settled()).toMatchObject({ counts: { tags: 1 }, notes: [{ kind: 'leftOut', line: 3, at: 'Bad' }] })
  })

  it('is not taken over into a draft that changed meanwhile, is refused with the reason, and can be cancelled', async () => {
    await begin(JSON.stringify(meter))
    await settled()
    await set('carl', [...PUMP, 'poll'], '2s')
    expect((await take()).body).toMatchObject({ status: 412, code: 'DRAFT_CHANGED' })
    await begin('[chirpstack]\nserver_address = ', { format: 'opcgw' })
    expect(await settled()).toMatchObject({ state: 'refused', line: 2, message: expect.stringContaining('TOML') })
    await begin(JSON.stringify(meter))
    expect((await ask('carl', 'DELETE', '/import')).status).toBe(204)
    expect(await state()).toEqual({ state: 'none' })
  })
})

describe('who may', () => {
  it('see or change anything of it is only who configures: every route', async () => {
    const document = await web.json<{ paths: Record<string, Record<string, object>> }>('/api/v1/openapi.json', 'olga')
    const routes = Object.entries(document.paths)
      .filter(([path]) => path.startsWith(CONFIGURATION))
      .flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => ({ method, path: path.replace(/\{\w+\}/g, '1') })),
      )
    expect(routes.length).toBeGreaterThan(30)
    for (const { method, path } of routes) {
      const asked = (as?: UserName) => web.ask(path, as, { method: method.toUpperCase() }).then(({ status }) => status)
      expect([method, path, await asked(), await asked('erik')]).toEqual([method, path, 401, 403])
    }
    for (const path of ['', '.yaml', '/schema', '/versions', '/draft', '/draft/text', '/sources', '/folders']) {
      expect((await web.ask(`${CONFIGURATION}${path}`, 'carl')).status).toBe(200)
    }
  })

  it('give rights is only who administers security', async () => {
    await set('carl', ['opcua', 'users'], [{ name: 'carl', role: 'SecurityAdmin' }])
    const refused = await apply('carl')
    expect(refused.status).toBe(403)
    expect(refused.body.detail).toContain('opcua')
    const users = [{ name: 'mallory', role: 'SecurityAdmin' }]
    await ask('cora', 'PUT', '/draft', { text: `${TEXT}opcua: { users: ${JSON.stringify(users)} }\n` })
    expect([403, 422]).toContain((await apply('cora')).status)
    expect((await document()).opcua).toBeUndefined()
  })
})

describe('setting up', () => {
  const lora = {
    key: 'lora',
    kind: 'chirpstack',
    url: 'http://c:8080',
    tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
  }
  const variable = 'PENSTOCK_LORA_API_KEY'
  const keep = (as: UserName, name = variable) =>
    ask<Problem>(as, 'PUT', `/secrets/${name}`, { value: 'a typed key' }).then(({ status }) => status)

  it('tries a source for whoever may configure, and says when too many are tried', async () => {
    const report = { ok: true, steps: [{ step: 'connect', ok: true, text: 'It answers.', ms: 1 }] } as const
    const tried: unknown[] = []
    web.tested = (wanted) => {
      tried.push(wanted)
      return report
    }
    const body = { source: lora, apiKey: 'a typed key' }
    expect((await ask('oscar', 'POST', '/test', body)).status).toBe(403)
    expect(await ask('carl', 'POST', '/test', body)).toMatchObject({ status: 200, body: report })
    expect(tried).toEqual([body])
    web.tested = () => undefined
    expect(await ask('carl', 'POST', '/test', body)).toMatchObject({ status: 429, body: { code: 'TEST_BUSY' } })
  })

  it('takes the API key of a source that the draft names, shows it to nobody, and takes no other secret', async () => {
    expect(await keep('carl')).toBe(404)
    await ask('carl', 'POST', '/sources', lora)
    expect((await draftOf('carl'))?.problems).toHaveLength(1)
    expect(await keep('sam')).toBe(403)
    expect(await keep('cora')).toBe(404)
    expect(await keep('carl')).toBe(204)
    expect(await keep('carl', 'PENSTOCK_SAM_PASSWORD')).toBe(404)
    const { body } = await ask('carl', 'GET', '/secrets')
    expect(body).toEqual({ secrets: [{ variable, source: 'lora', from: 'kept' }] })
    expect(JSON.stringify(web.commands.audit)).toContain(variable)
    expect(JSON.stringify([web.commands.audit, (await ask('carl', 'GET', '/draft/text')).body])).not.toContain(
      'typed key',
    )
    expect((await ask('carl', 'DELETE', `/secrets/${variable}`)).status).toBe(204)
    expect((await ask('carl', 'DELETE', `/secrets/${variable}`)).status).toBe(404)
  })
})
