import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { UserAnswered } from '../../src/http/api/schemas/administration.ts'
import { EventBook } from '../../src/store/event-book.ts'
import { aPlant } from '../support/small-plant.ts'
import { basic, type UserName, WebServer } from '../support/web-server.ts'

const PASSWORD = 'a long way to the sea'
const zeros = '0'.repeat(40)
const print = 'ab'.repeat(20)
const begin = 1_760_000_000_000

const closed: string[] = []
let web: WebServer
beforeAll(async () => {
  web = await WebServer.start({
    plant: aPlant([]),
    configuration: 'sources: []\nhttp: { port: 8123 }\nlog: { level: warn }\n',
    env: { PENSTOCK_LOG_LEVEL: 'error' },
    opcua: {
      sessions: async () => [],
      closeSession: async (id, by) => {
        closed.push(`${id} by ${by.user}`)
        return id === 'ns=1;g=A/B'
      },
    },
  })
})
afterAll(() => web.stop())

const call = (method: string, path: string, as?: UserName, body?: unknown, headers: Record<string, string> = {}) =>
  web.ask(`/api/v1${path}`, as, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
const olive = { name: 'olive', roles: ['Operator'], password: PASSWORD }

/** Each with a body that is right, so that nothing but the right decides. */
const routes: readonly (readonly [method: string, path: string, right: string, body?: unknown])[] = [
  ['GET', '/users', 'administerSecurity'],
  ['POST', '/users', 'administerSecurity', olive],
  ['PUT', '/users/{name}/roles', 'administerSecurity', { roles: ['Observer'] }],
  ['PUT', '/users/{name}/password', 'administerSecurity', { password: PASSWORD }],
  ['PUT', '/users/{name}/disabled', 'administerSecurity', { disabled: true }],
  ['PUT', '/users/{name}/certificates/{thumbprint}', 'administerSecurity'],
  ['DELETE', '/users/{name}/certificates/{thumbprint}', 'administerSecurity'],
  ['DELETE', '/users/{name}', 'administerSecurity'],
  ['GET', '/certificates', 'administerSecurity'],
  ['POST', '/certificates', 'administerSecurity', { store: 'users', certificate: 'x' }],
  ['POST', '/certificates/lists', 'administerSecurity', { store: 'users', list: 'x' }],
  ['PUT', '/certificates/{store}/{thumbprint}', 'administerSecurity', { place: 'trusted' }],
  ['GET', '/certificates/{store}/{thumbprint}/certificate.pem', 'administerSecurity'],
  ['GET', '/opcua/sessions', 'administerSecurity'],
  ['DELETE', '/opcua/sessions/{id}', 'administerSecurity'],
  ['GET', '/events', 'read'],
  ['GET', '/system', 'read'],
  ['GET', '/settings', 'configure'],
  ['GET', '/backups', 'administerSecurity'],
  ['POST', '/backups', 'administerSecurity'],
  ['POST', '/backups/{name}/verify', 'administerSecurity'],
]
const asked = (path: string): string =>
  path.replace('{name}', 'nobody').replace('{thumbprint}', print).replace('{store}', 'application').replace('{id}', 'x')

it('every route of administration is for those who have its right, and for nobody else', async () => {
  const { paths } = await web.json<{ paths: Record<string, Record<string, object>> }>('/api/v1/openapi.json', 'olga')
  const ours = /^\/api\/v1\/(users|certificates|opcua|events|system|settings|backups)\b/
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    ours.test(path) ? Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(7)}`) : [],
  )
  expect(routes.map(([method, path]) => `${method} ${path}`).toSorted()).toEqual(described.toSorted())
  for (const [method, path, right, body] of routes) {
    const statusFor = async (as?: UserName) => (await call(method, asked(path), as, body)).status
    expect([method, path, await statusFor()]).toEqual([method, path, 401])
    if (right === 'read') expect(await statusFor('olga')).toBe(200)
    else for (const as of ['olga', 'erik'] as const) expect([path, await statusFor(as)]).toEqual([path, 403])
    if (right === 'administerSecurity') expect([path, await statusFor('carl')]).toEqual([path, 403])
    if (right === 'configure') expect([path, await statusFor('sam')]).toEqual([path, 403])
  }
  expect(web.certificates.told).toEqual([])
})

describe('users', () => {
  it('are added, changed, kept out and removed, each in the name of whoever asks', async () => {
    const added = await call('POST', '/users', 'sam', olive)
    expect(added.status).toBe(201)
    const { etag } = (await added.json()) as UserAnswered
    const login = () => web.ask('/api/v1/health', undefined, { headers: { Authorization: basic('olive', PASSWORD) } })
    expect((await login()).status).toBe(200)
    const roles = await call('PUT', '/users/olive/roles', 'sam', { roles: ['Engineer'] }, { 'If-Match': etag })
    expect(await roles.json()).toMatchObject({ roles: ['Engineer'], origin: 'database' })
    const late = await call('PUT', '/users/olive/roles', 'sam', { roles: ['Observer'] }, { 'If-Match': '"u1"' })
    expect(late.status).toBe(412)
    expect(await late.json()).toMatchObject({ code: 'USER_CHANGED' })
    expect(await (await call('PUT', `/users/olive/certificates/${print.toUpperCase()}`, 'sam')).json()).toMatchObject({
      certificates: [print],
    })
    expect((await call('PUT', '/users/olive/disabled', 'sam', { disabled: true })).status).toBe(200)
    expect((await login()).status).toBe(401)
    expect((await call('DELETE', '/users/olive', 'sam')).status).toBe(204)
    expect((await call('DELETE', '/users/olive', 'sam')).status).toBe(404)
  })

  it('of the configuration are shown as such, with what is weak about their passwords, and are not changed', async () => {
    const { users } = await web.json<{ users: UserAnswered[] }>('/api/v1/users', 'sam')
    expect(users.find(({ name }) => name === 'olga')).toMatchObject({
      origin: 'environment',
      weakness: expect.stringContaining('12 or more'),
    })
    expect(JSON.stringify(users)).not.toContain('olga looks')
    const refused = await call('DELETE', '/users/olga', 'sam')
    expect(refused.status).toBe(409)
    expect(await refused.json()).toMatchObject({ detail: expect.stringContaining('opcua.users') })
  })

  it.each<[string, string, string, unknown, number, object]>([
    ['a short password', 'POST', '/users', { ...olive, password: 'short' }, 422, { code: 'PASSWORD_REFUSED' }],
    ['a name that is none', 'POST', '/users', { ...olive, name: '<img>' }, 409, { code: 'USER_REFUSED' }],
    ['a role that is none', 'POST', '/users', { ...olive, roles: ['Root'] }, 400, { code: 'REQUEST_INVALID' }],
    ['somebody who is not there', 'PUT', '/users/nobody/roles', { roles: ['Observer'] }, 404, { code: 'NOT_FOUND' }],
  ])('%s is refused in words', async (_what, method, path, body, status, problem) => {
    const answer = await call(method, path, 'sam', body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject(problem)
  })
})

it('certificates are decided about in the name of whoever asks, and downloaded as files', async () => {
  const seen = await web.json('/api/v1/certificates', 'sam')
  expect(seen).toMatchObject({ certificates: [{ thumbprint: print, applicationUri: 'urn:scada' }], lists: [] })
  expect((await call('PUT', `/certificates/application/${print}`, 'sam', { place: 'revoked' })).status).toBe(200)
  expect((await call('PUT', `/certificates/application/${zeros}`, 'sam', { place: 'trusted' })).status).toBe(409)
  expect((await call('PUT', '/certificates/application/..%2fkey', 'sam', { place: 'trusted' })).status).toBe(400)
  expect(web.certificates.told.map(([{ action }, { user }]) => `${action} by ${user}`)).toEqual([
    'revoke by sam',
    'trust by sam',
  ])
  const file = await call('GET', `/certificates/application/${print}/certificate.pem`, 'sam')
  expect(file.headers.get('Content-Disposition')).toBe(`attachment; filename="${print}.pem"`)
  expect(await file.text()).toMatch(/^-----BEGIN CERTIFICATE/)
  expect((await call('GET', `/certificates/users/${zeros}/certificate.pem`, 'sam')).status).toBe(404)
})

it('a session is ended in the name of whoever asks; one that is gone is said to be', async () => {
  expect((await call('DELETE', `/opcua/sessions/${encodeURIComponent('ns=1;g=A/B')}`, 'sam')).status).toBe(204)
  expect((await call('DELETE', '/opcua/sessions/gone', 'sam')).status).toBe(404)
  expect(closed).toEqual(['ns=1;g=A/B by sam', 'gone by sam'])
})

it('a backup is made now, listed and verified; a name that could be a path is none', async () => {
  const made = await call('POST', '/backups', 'sam')
  expect(made.status).toBe(201)
  const { backup } = (await made.json()) as { backup: string }
  const name = backup.split('/').at(-1) ?? ''
  expect(await web.json('/api/v1/backups', 'sam')).toMatchObject({ schedule: null, keep: 7, backups: [{ name }] })
  expect(await (await call('POST', `/backups/${name}/verify`, 'sam')).json()).toMatchObject({
    files: expect.any(Number),
  })
  for (const strange of ['..', '..%2F..', 'penstock-20200101T000000Z']) {
    expect((await call('POST', `/backups/${strange}/verify`, 'sam')).status).toBe(404)
  }
  expect(await web.json('/api/v1/system', 'olga')).toMatchObject({
    licence: 'Apache-2.0',
    files: { configuration: expect.any(Number) },
  })
})

it('settings are shown with where each comes from, and what the environment decides', async () => {
  const { settings } = await web.json<{ settings: { path: string }[] }>('/api/v1/settings', 'carl')
  const setting = (path: string) => settings.find((each) => each.path === path)
  expect(setting('http.port')).toMatchObject({ value: 8123, origin: 'file', line: 2 })
  expect(setting('log.level')).toMatchObject({ origin: 'environment', variable: 'PENSTOCK_LOG_LEVEL' })
  expect(setting('backup.keep')).toMatchObject({ value: 7, origin: 'default' })
  expect(setting('backup.schedule')).toMatchObject({ value: null, otherwise: expect.stringContaining('no backups') })
  expect(settings.some(({ path }) => path.startsWith('sources'))).toBe(false)
})

it('events are found by state, kind, severity and words, page by page', async () => {
  const book = new EventBook(web.database)
  const line = { kind: 'source', subject: 'line', severity: 600, text: 'Nothing answers', since: begin } as const
  book.happened({ ...line, kind: 'gateway', subject: 'start', severity: 100 })
  book.show([line], () => true, begin)
  expect(await web.json('/api/v1/events?state=lasting', 'olga')).toMatchObject({ events: [{ subject: 'line' }] })
  const first = await web.json<{ next: string }>('/api/v1/events?limit=1', 'olga')
  expect(first).toMatchObject({ events: [{ subject: 'line', until: null }], next: expect.any(String) })
  const rest = await web.json(`/api/v1/events?limit=1&before=${first.next}`, 'olga')
  expect(rest).toMatchObject({ events: [{ subject: 'start', until: begin }] })
  expect(rest).not.toHaveProperty('next')
  for (const query of ['kind=alarm&kind=device', 'minSeverity=700', 'search=%25', 'state=over&kind=source']) {
    expect(await web.json(`/api/v1/events?${query}`, 'olga')).toEqual({ events: [] })
  }
})
