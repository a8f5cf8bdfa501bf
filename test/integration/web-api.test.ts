import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../src/core/logger.ts'
import { StatusCode } from '../../src/core/status-code.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { basic, USERS, type UserName, WebServer } from '../support/web-server.ts'

const HOSTILE = '<img src=x onerror=alert(1)>'
const tags = [
  aTag('level', { name: 'Level', unit: '%', history: 'change', transform: { scale: 0.1 }, encoding: 'uint16' }),
  aTag('energy', { type: 'UInt64', address: 'input:100' }),
  aTag('running', { type: 'Boolean', address: 'coil:0' }),
  aTag('note', { type: 'ByteString', length: 4 }),
]
const plant = aPlant([aModbusDevice('pump', tags), aModbusDevice('meter', [aTag('power')], { name: HOSTILE })])
const begin = 1_760_000_000_000

let web: WebServer
beforeAll(async () => {
  web = await WebServer.start({ plant })
  const { engine } = web
  engine?.pipeline.polled(engine.tag('pump/level'), 425)
  engine?.pipeline.polled(engine.tag('pump/energy'), 9_007_199_254_740_993n)
  engine?.pipeline.failed(engine.tag('pump/running'), StatusCode.BadNoCommunication)
})
afterAll(() => web.stop())

/** A request with a `Host` of its own, which fetch does not allow. */
function rawGet(path: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    httpRequest(`${web.origin}${path}`, { headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
      .on('error', reject)
      .end()
  })
}

const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json', ...headers },
})

it('the support bundle is for who administers security, and is a file', async () => {
  const response = await web.ask('/api/v1/support-bundle', 'sam')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/gzip')
  expect(response.headers.get('content-disposition')).toMatch(
    /^attachment; filename="penstock-support-\d{8}T\d{6}Z\.tar\.gz"$/,
  )
  expect(await response.text()).toBe('a bundle')
  for (const other of ['olga', 'oscar', 'erik'] as const) {
    expect((await web.ask('/api/v1/support-bundle', other)).status).toBe(403)
  }
  expect((await web.ask('/api/v1/support-bundle')).status).toBe(401)
  expect((await web.ask('/support-bundle', 'sam')).status).toBe(401)
  expect((await web.ask('/safe-mode', 'sam', { method: 'DELETE' })).status).toBe(401)
})

describe('who may ask what', () => {
  const looks = [
    '/health',
    '/plant',
    '/devices/pump',
    '/tags',
    '/tags/pump/level',
    '/values',
    '/history?tag=pump/level&from=1&to=2',
    '/diagnostics',
    '/diagnostics/line',
    '/diagnostics/line/frames',
    '/commands',
    '/devices/pump/commands',
    '/findings',
    '/openapi.json',
  ]
  const everybody: readonly UserName[] = ['olga', 'oscar', 'erik']

  it.each(looks)('%s is for whoever may look, and for nobody else', async (path) => {
    expect((await web.ask(`/api/v1${path}`)).status).toBe(401)
    for (const name of everybody) expect((await web.ask(`/api/v1${path}`, name)).status).toBe(200)
  })

  it('lets only who may operate read a device', async () => {
    const read = (as?: UserName) => web.ask('/api/v1/diagnostics/line/read', as, post({ address: 'holding:1' }))
    expect((await read()).status).toBe(401)
    const refused = await read('olga')
    expect(refused.status).toBe(403)
    expect(await refused.json()).toMatchObject({ code: 'RIGHT_NEEDED', detail: expect.stringContaining('command') })
    for (const name of ['oscar', 'erik'] as const) {
      expect(await (await read(name)).json()).toMatchObject({ value: 7, status: 'Good' })
    }
  })

  it('lets only who may operate command a device, in his own name', async () => {
    const send = (as?: UserName) => web.ask('/api/v1/commands', as, post({ device: 'pump', tag: 'level', value: 7 }))
    expect((await send()).status).toBe(401)
    expect((await send('olga')).status).toBe(403)
    expect(web.commands.asked).toEqual([])
    const response = await send('oscar')
    expect(response.status).toBe(202)
    const { id } = (await response.json()) as { id: number }
    expect(web.commands.asked).toMatchObject([
      { device: 'pump', order: { kind: 'write', tag: 'level', value: 7 }, by: { user: 'oscar', origin: 'http' } },
    ])
    expect(await web.json(`/api/v1/commands/${id}`, 'olga')).toMatchObject({ state: 'queued', values: { value: 7 } })
    const cancel = (as: UserName) => web.ask(`/api/v1/commands/${id}`, as, { method: 'DELETE' })
    expect((await cancel('olga')).status).toBe(403)
    expect(await (await cancel('oscar')).json()).toMatchObject({ state: 'cancelled', isFinal: true })
  })

  it('says why a command is refused, by its StatusCode and in words', async () => {
    const refused = await web.ask('/api/v1/commands', 'oscar', post({ device: 'ghost', command: 'open' }))
    expect(refused.status).toBe(404)
    expect(await refused.json()).toMatchObject({ code: 'BadNodeIdUnknown', detail: expect.stringContaining('ghost') })
    const mistaken = await web.ask('/api/v1/commands', 'oscar', post({ device: 'pump', command: '', colour: 'red' }))
    expect(mistaken.status).toBe(400)
    const { errors } = (await mistaken.json()) as { errors: { field: string }[] }
    expect(errors.map(({ field }) => field).toSorted()).toEqual(['colour', 'command'])
  })

  it('shows who did what only to administrators of security', async () => {
    web.commands.audit.push({
      id: 1,
      at: begin,
      by: { user: 'oscar', origin: 'http' },
      action: 'command.accept',
      subject: 'pump/level',
      outcome: 'done',
    })
    expect((await web.ask('/api/v1/audit')).status).toBe(401)
    for (const name of everybody) expect((await web.ask('/api/v1/audit', name)).status).toBe(403)
    expect(await web.json('/api/v1/audit', 'sam')).toMatchObject({ rows: [{ action: 'command.accept' }] })
  })

  it('tests every route that there is', async () => {
    const { paths } = await web.json<{ paths: Record<string, Record<string, object>> }>('/api/v1/openapi.json', 'olga')
    // Tested in web-configuration.test.ts and web-administration.test.ts, all of them.
    const elsewhere = /^\/api\/v1\/(configuration|users|certificates|opcua|events|system|settings|backups)\b/
    const described = Object.entries(paths)
      .filter(([path]) => !elsewhere.test(path))
      .flatMap(([path, methods]) => Object.keys(methods).map((m) => `${m} ${path}`))
    expect(described.toSorted()).toEqual(
      [
        'delete /api/v1/commands/{id}',
        'delete /api/v1/access/sessions',
        'delete /api/v1/access/sessions/{id}',
        'delete /api/v1/log-levels',
        'get /api/v1/log-levels',
        'put /api/v1/log-levels',
        'delete /api/v1/session',
        'delete /api/v1/tokens/{id}',
        'get /api/v1/access',
        'get /api/v1/audit',
        'get /api/v1/commands',
        'get /api/v1/commands/{id}',
        'get /api/v1/devices/{device}/commands',
        'post /api/v1/commands',
        'get /api/v1/devices/{device}',
        'get /api/v1/diagnostics',
        'get /api/v1/diagnostics/{source}',
        'get /api/v1/diagnostics/{source}/frames',
        'get /api/v1/diagnostics/{source}/calibration',
        'post /api/v1/diagnostics/{source}/calibration',
        'delete /api/v1/diagnostics/{source}/calibration',
        'post /api/v1/diagnostics/{source}/calibration/draft',
        'get /api/v1/findings',
        'get /api/v1/health',
        'get /api/v1/history',
        'get /api/v1/live',
        'get /api/v1/openapi.json',
        'get /api/v1/plant',
        'get /api/v1/session',
        'get /api/v1/setup/clients',
        'get /api/v1/support-bundle',
        'get /api/v1/tags',
        'get /api/v1/tags/{device}/{tag}',
        'get /api/v1/tags/{device}/{tag}/watchers',
        'get /api/v1/tokens',
        'get /api/v1/values',
        'post /api/v1/diagnostics/{source}/identify',
        'post /api/v1/diagnostics/{source}/read',
        'post /api/v1/session',
        'post /api/v1/tokens',
        'put /api/v1/access/password',
      ].toSorted(),
    )
  })

  it('lets who configures log more of something for a while, and let it return', async () => {
    const put = (body: object, as: 'carl' | 'olga' = 'carl') =>
      web.ask('/api/v1/log-levels', as, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      })
    expect((await put({ target: 'line/meter', level: 'debug' }, 'olga')).status).toBe(403)
    expect(await (await put({ target: 'line/meter', level: 'debug', forMs: 60_000 })).json()).toMatchObject({
      target: 'line/meter',
      level: 'debug',
      by: { user: 'carl', origin: 'http' },
    })
    expect(await (await put({ target: 'lime', level: 'debug' })).json()).toMatchObject({ code: 'LOG_LEVEL_REFUSED' })
    expect((await put({ target: 'line', level: 'loud' })).status).toBe(400)
    const list = () => web.json<{ levels: { target: string }[] }>('/api/v1/log-levels', 'carl')
    expect((await list()).levels.map(({ target }) => target)).toEqual(['line/meter'])
    const remove = () => web.ask('/api/v1/log-levels?target=line/meter', 'carl', { method: 'DELETE' })
    expect((await remove()).status).toBe(204)
    expect((await remove()).status).toBe(404)
    expect((await list()).levels).toEqual([])
  })

  it('asks a script for credentials, but opens no dialogue over a page', async () => {
    const script = await web.ask('/api/v1/health')
    expect(script.headers.get('WWW-Authenticate')).toMatch(/^Basic/)
    const page = await web.ask('/api/v1/health', undefined, { headers: { 'Sec-Fetch-Site': 'same-origin' } })
    expect(page.status).toBe(401)
    expect(page.headers.get('WWW-Authenticate')).toBeNull()
  })

  it('makes guessing a password slow, and lets others in meanwhile', async () => {
    const other = await WebServer.start({ plant })
    try {
      const guess = (password: string) =>
        other.ask('/api/v1/health', undefined, { headers: { Authorization: basic('erik', password) } })
      for (let turn = 0; turn < 4; turn++) expect((await guess(`guess ${turn}`)).status).toBe(401)
      const locked = await guess('guess 5')
      expect(locked.status).toBe(429)
      expect(Number(locked.headers.get('Retry-After'))).toBeGreaterThan(0)
      expect((await other.ask('/api/v1/health', 'erik')).status).toBe(429)
      expect((await other.ask('/api/v1/health', 'olga')).status).toBe(200)
    } finally {
      await other.stop()
    }
  })
})

describe('a person at a browser', () => {
  const login = { name: 'olga', password: USERS.olga.password }
  const cookieOf = (response: Response): string => (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''

  it('logs in, is known by a cookie that no script reads, and logs out', async () => {
    const response = await web.ask('/api/v1/session', undefined, post(login))
    expect(await response.json()).toMatchObject({ user: { name: 'olga', roles: ['Observer'] } })
    expect(response.headers.getSetCookie()[0]).toMatch(/httponly/i)
    expect(response.headers.getSetCookie()[0]).toMatch(/samesite=strict/i)
    const headers = { Cookie: cookieOf(response) }
    expect((await web.ask('/api/v1/health', undefined, { headers })).status).toBe(200)
    expect((await web.ask('/api/v1/session', undefined, { method: 'DELETE', headers })).status).toBe(204)
    expect((await web.ask('/api/v1/health', undefined, { headers })).status).toBe(401)
  })

  it('is told that the password is wrong, and gets no cookie', async () => {
    const response = await web.ask('/api/v1/session', undefined, post({ ...login, password: 'no' }))
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ code: 'LOGIN_WRONG' })
    expect(response.headers.getSetCookie()).toEqual([])
  })

  it('stays logged in over a restart; what is kept opens nothing', async () => {
    const response = await web.ask('/api/v1/session', undefined, post(login))
    const token = cookieOf(response).split('=')[1] ?? ''
    const kept = join(web.folder, 'web-sessions.json')
    expect(statSync(kept).mode & 0o777).toBe(0o600)
    expect(readFileSync(kept, 'utf8')).not.toContain(token)
    expect(readFileSync(kept, 'utf8')).not.toContain(login.password)
  })

  it.each([
    ['another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a sibling site', { 'Sec-Fetch-Site': 'same-site' }],
    ['another origin, of an older browser', { Origin: 'https://evil.example' }],
  ])('is not logged in by a page of %s', async (_where, headers) => {
    const response = await web.ask('/api/v1/session', undefined, post(login, headers))
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'FOREIGN_PAGE' })
  })

  it('sends JSON and nothing that a form could', async () => {
    const body = new URLSearchParams(login)
    expect((await web.ask('/api/v1/session', undefined, { method: 'POST', body })).status).toBe(415)
  })
})

describe('a machine that is not this one', () => {
  it('is answered only what supervisors ask, without encryption', async () => {
    const headers = { Host: 'gateway.plant.example', Authorization: basic('olga', USERS.olga.password) }
    const refused = await rawGet('/api/v1/health', headers)
    expect(refused.status).toBe(403)
    expect(refused.body).toMatch(/ENCRYPTION_NEEDED/)
    expect((await rawGet('/livez', headers)).status).toBe(200)
  })

  it('does not read the plain answers without a user, by whatever name it calls the gateway', async () => {
    const headers = { 'X-Forwarded-For': '203.0.113.7' }
    for (const path of ['/', '/findings', '/diagnostics']) {
      expect((await rawGet(path, headers)).status).toBe(403)
      expect((await web.ask(path)).status).toBe(200)
    }
  })
})

describe('what is asked wrongly', () => {
  it('is answered with every mistake, the allowed and a request id', async () => {
    const response = await web.ask('/api/v1/history?tag=pump/level&from=x&parts=0&colour=red', 'olga', {
      headers: { 'X-Request-Id': 'my-request.7' },
    })
    expect(response.status).toBe(400)
    expect(response.headers.get('Content-Type')).toMatch('application/problem+json')
    const problem = (await response.json()) as { requestId: string; errors: { field: string }[] }
    expect(problem.requestId).toBe('my-request.7')
    expect(problem.errors.map(({ field }) => field).toSorted()).toEqual(['colour', 'from', 'parts', 'to'])
  })

  it.each([
    ['/api/v1/nothing', 404],
    ['/api/v1/devices/nothing', 404],
    ['/api/v1/tags/pump/nothing', 404],
    ['/api/v1/values?tag=pump/nothing', 400],
    ['/api/v1/history?tag=pump/nothing&from=1&to=2', 404],
    ['/api/v1/history?tag=pump/note&from=1&to=2', 400],
    ['/api/v1/history?tag=pump/level&from=2&to=1', 400],
    ['/api/v1/diagnostics/nothing', 404],
    ['/api/v1/diagnostics/other/frames', 404],
    ['/api/v1/tags/%E0%A4%A/level', 404],
    ['/nothing', 404],
  ])('%s: %i', async (path, status) => {
    const response = await web.ask(path, 'olga')
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({ status, detail: expect.stringMatching(/\w/) })
  })

  it('names the methods that there are', async () => {
    const response = await web.ask('/api/v1/health', 'olga', { method: 'POST' })
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toBe('GET, HEAD')
  })

  it('is cut off where it is endless, and refused where it is no JSON', async () => {
    const endless = { ...post(null), body: `"${'x'.repeat(70_000)}"` }
    expect((await web.ask('/api/v1/session', undefined, endless)).status).toBe(413)
    expect((await web.ask('/api/v1/session', undefined, { ...post(null), body: '{' })).status).toBe(400)
  })
})

describe('the plant over the API', () => {
  it('is its sources and devices, by the names that they have', async () => {
    const response = await web.ask('/api/v1/plant', 'olga')
    const { sources, tags: count } = (await response.json()) as { tags: number; sources: { devices: object[] }[] }
    expect(count).toBe(5)
    expect(sources[0]?.devices).toMatchObject([
      { key: 'pump', address: 'unit 1', tags: 4 },
      { key: 'meter', name: HOSTILE },
    ])
    const etag = response.headers.get('ETag') ?? ''
    const again = await web.ask('/api/v1/plant', 'olga', { headers: { 'If-None-Match': etag } })
    expect(again.status).toBe(304)
  })

  it('has tags page by page, and those that are looked for', async () => {
    const first = await web.json<{ total: number; next: string; tags: { id: string }[] }>(
      '/api/v1/tags?limit=3',
      'olga',
    )
    expect(first).toMatchObject({ total: 5, next: 'pump/running' })
    const rest = await web.json<{ next?: string; tags: { id: string }[] }>(`/api/v1/tags?after=${first.next}`, 'olga')
    expect([...first.tags, ...rest.tags].map(({ id }) => id)).toEqual(
      ['level', 'energy', 'running', 'note'].map((key) => `pump/${key}`).concat('meter/power'),
    )
    expect(rest.next).toBeUndefined()
    expect(await web.json('/api/v1/tags?search=ONERROR', 'olga')).toMatchObject({ total: 1 })
    expect(await web.json('/api/v1/tags?quality=good&device=pump', 'olga')).toMatchObject({ total: 2 })
  })

  it('says of a value which way it comes', async () => {
    const { way, nodeId } = await web.json<{ nodeId: string; way: { step: string; settings: object[] }[] }>(
      '/api/v1/tags/pump/level',
      'olga',
    )
    expect(nodeId).toBe('nsu=urn:penstock:plant;s=pump/level')
    expect(way.map(({ step }) => step)).toEqual(['device', 'decoding', 'transform', 'quality', 'node', 'history'])
    expect(way[0]?.settings).toContainEqual({ name: 'poll', value: '1s' })
    expect(way[2]?.settings).toContainEqual({ name: 'scale', value: '0.1' })
  })

  it('has values with all of their digits, their status and their times', async () => {
    const { values, heard } = await web.json<{ heard: boolean; values: Record<string, unknown>[] }>(
      '/api/v1/values?device=pump',
      'olga',
    )
    expect(heard).toBe(true)
    expect(values).toMatchObject([
      { id: 'pump/level', value: 42.5, status: 'Good', quality: 'good', sourceTime: expect.any(Number) },
      { id: 'pump/energy', value: '9007199254740993', status: 'Good' },
      { id: 'pump/running', value: null, status: 'BadNoCommunication', quality: 'bad' },
      { id: 'pump/note', value: null, status: 'BadWaitingForInitialData', sourceTime: null },
    ])
  })

  it('counts how many tags are of which quality', async () => {
    expect(await web.json('/api/v1/health', 'olga')).toMatchObject({
      name: 'Plant of tests',
      version: '9.9.9',
      tags: { good: 2, uncertain: 0, bad: 3 },
    })
  })

  it('has the past of a tag as a line', async () => {
    for (let n = 0; n < 100; n++) web.recorder.record('pump/level', begin + n * 1_000, n)
    await web.recorder.commit()
    const line = await web.json<{ samples: object[]; reduced: boolean }>(
      `/api/v1/history?tag=pump/level&from=${begin}&to=${begin + 100_000}`,
      'olga',
    )
    expect(line.reduced).toBe(false)
    expect(line.samples).toHaveLength(100)
    expect(line.samples[7]).toEqual({ time: begin + 7_000, value: 7, quality: 'good', status: 'Good' })
  })

  it('says that the engine does not answer, where only it knows', async () => {
    web.findings = null
    const response = await web.ask('/api/v1/findings', 'olga')
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    web.findings = []
  })
})

describe('the document of the API', () => {
  it('says of each operation who may ask, what with and what is answered', async () => {
    const document = await web.json<{ openapi: string; info: object; paths: Record<string, Record<string, unknown>> }>(
      '/api/v1/openapi.json',
      'olga',
    )
    expect(document.openapi).toBe('3.1.0')
    expect(document.paths['/api/v1/history']?.get).toMatchObject({
      operationId: 'getHistory',
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'tag', in: 'query', required: true })]),
      security: [{ token: [] }, { basic: [] }, { session: [] }],
      responses: { 200: { content: { 'application/json': { schema: { type: 'object' } } } } },
    })
    const names = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => (operation as { operationId: string }).operationId),
    )
    expect(new Set(names).size).toBe(names.length)
  })
})

describe('the pages', () => {
  let folder: string
  let pages: WebServer
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'penstock-pages-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<meta name="csp-nonce" content="__NONCE__">')
    writeFileSync(join(folder, 'assets/app-1a2b.js'), 'console.log(1)')
    writeFileSync(join(folder, 'assets/app-1a2b.js.gz'), gzipSync('console.log(1)'))
    writeFileSync(join(folder, '..', 'penstock-secret.json'), '{}')
    pages = await WebServer.start({ plant, webFolder: folder })
  })
  afterAll(async () => {
    await pages.stop()
    rmSync(folder, { recursive: true })
    rmSync(join(folder, '..', 'penstock-secret.json'))
  })
  const html = { headers: { Accept: 'text/html' } }

  it('are the same document at every address that a person may open, with a nonce of its own each time', async () => {
    const [one, other] = [await pages.ask('/', undefined, html), await pages.ask('/devices/pump', undefined, html)]
    const nonceOf = (text: string) => /content="([^"]+)"/.exec(text)?.[1]
    const [first, second] = [nonceOf(await one.text()), nonceOf(await other.text())]
    expect(first).toMatch(/^.{20,}$/)
    expect(second).not.toBe(first)
    const policy = one.headers.get('Content-Security-Policy') ?? ''
    expect(policy).toContain(`'nonce-${first}'`)
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/unsafe/)
  })

  it('leave the plain answers to programs', async () => {
    expect(await pages.json('/')).toMatchObject({ version: '9.9.9' })
    expect((await pages.ask('/readyz', undefined, html)).headers.get('Content-Type')).toMatch(/json/)
  })

  it('come packed where the browser takes that, and are kept for ever by names that change', async () => {
    const response = await pages.ask('/assets/app-1a2b.js', undefined, { headers: { 'Accept-Encoding': 'gzip' } })
    expect(response.headers.get('Content-Encoding')).toBe('gzip')
    expect(response.headers.get('Cache-Control')).toMatch(/immutable/)
    expect(await response.text()).toBe('console.log(1)')
  })

  it.each(['/../penstock-secret.json', '/%2e%2e/penstock-secret.json', '/assets/../../penstock-secret.json'])(
    'give no file beside them: %s',
    async (path) => {
      const { status } = await new Promise<{ status: number }>((resolve, reject) => {
        const { hostname, port } = new URL(pages.origin)
        httpRequest({ hostname, port, path }, (response) => {
          response.resume()
          resolve({ status: response.statusCode ?? 0 })
        })
          .on('error', reject)
          .end()
      })
      expect(status).toBe(404)
    },
  )
})

describe('a gateway without users', () => {
  it('is opened from its own machine by the code in its log, once, and only to look', async () => {
    const codes: string[] = []
    const log = {
      ...silentLogger,
      warn: (fields: Record<string, unknown>) => void codes.push(String(fields.setupCode)),
    }
    const open = await WebServer.start({ plant, users: [], log })
    try {
      expect(await open.json('/api/v1/session')).toEqual({ gateway: 'Plant of tests', user: null, needsCode: true })
      await vi.waitFor(() => expect(codes).toHaveLength(1))
      expect((await open.ask('/api/v1/session', undefined, post({ code: 'AAAA-BBBB-CCCC' }))).status).toBe(401)
      const response = await open.ask('/api/v1/session', undefined, post({ code: codes[0]?.toLowerCase() }))
      expect(response.status).toBe(200)
      const headers = { Cookie: (response.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '' }
      expect((await open.ask('/api/v1/health', undefined, { headers })).status).toBe(200)
      const read = post({ address: 'holding:1' }, headers)
      expect((await open.ask('/api/v1/diagnostics/line/read', undefined, read)).status).toBe(403)
      expect((await open.ask('/api/v1/session', undefined, post({ code: codes[0] }))).status).toBe(401)
    } finally {
      await open.stop()
    }
  })
})
