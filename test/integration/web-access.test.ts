import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hashPassword } from '../../src/core/password.ts'
import { type Right, rights, rightsOf, type UserRole } from '../../src/core/user.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { basic, USERS, type UserName, WebServer } from '../support/web-server.ts'

/** Who may do what over the API, for people, programs and strangers; over the gateway's own TLS. */
let web: WebServer
let agent: Agent
beforeAll(async () => {
  web = await WebServer.start({ plant: aPlant([aModbusDevice('pump', [aTag('level')])]), http: { tls: {} } })
  agent = new Agent({ keepAlive: true, ca: readFileSync(join(web.folder, 'web-certificate.pem')) })
})
afterAll(async () => {
  agent.destroy()
  await web.stop()
})

interface Answer {
  readonly status: number
  readonly cookie: string
  readonly body: Record<string, unknown>
}

function ask(method: string, path: string, headers: Record<string, string> = {}, body?: object): Promise<Answer> {
  const text = body && JSON.stringify(body)
  const all = { ...headers, ...(text === undefined ? {} : { 'Content-Type': 'application/json' }) }
  return new Promise((resolve, reject) => {
    const asked = request(`${web.origin}${path}`, { method, headers: all, agent }, (response) => {
      const status = response.statusCode ?? 0
      const cookie = (response.headers['set-cookie'] ?? []).join('; ')
      // Live values never end.
      if (!response.headers['content-type']?.includes('json')) {
        if (status === 204) response.resume()
        else response.destroy()
        resolve({ status, cookie, body: {} })
        return
      }
      let said = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
      })
      response.on('end', () => resolve({ status, cookie, body: JSON.parse(said) as Record<string, unknown> }))
    })
    asked.on('error', reject)
    asked.end(text)
  })
}

const as = (name: UserName) => ({ Authorization: basic(name, USERS[name].password) })
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })
async function tokenOf(name: UserName, scope: readonly Right[], more: object = {}) {
  const { body } = await ask('POST', '/api/v1/tokens', as(name), { name: scope.join(), rights: scope, ...more })
  return body as unknown as { readonly id: string; readonly token: string }
}

interface Operation {
  readonly 'x-penstock-right': Right | 'anyone'
  readonly 'x-penstock-personal'?: true
  readonly responses: Readonly<Record<string, object>>
}

describe('every route of the API', () => {
  const makers = [
    ['olga', 'read'],
    ['oscar', 'command'],
    ['erik', 'updateHistory'],
    ['carl', 'configure'],
    ['sam', 'administerSecurity'],
  ] as const
  const askers: { who: string; headers: Record<string, string>; may: readonly Right[]; isToken: boolean }[] = []
  beforeAll(async () => {
    for (const [name, right] of makers) {
      const role: UserRole = USERS[name].role
      askers.push({ who: role, headers: as(name), may: rightsOf([role]), isToken: false })
      const { token } = await tokenOf(name, [right])
      askers.push({ who: `a token that may ${right}`, headers: bearer(token), may: [right], isToken: true })
    }
    expect(makers.map(([, right]) => right).toSorted()).toEqual(rights.toSorted())
  })

  it('lets in whom its document says, by each role and by tokens of each scope, and nobody else', async () => {
    const { paths } = (await ask('GET', '/api/v1/openapi.json', as('olga'))).body as {
      paths: Record<string, Record<string, Operation>>
    }
    const wrong: string[] = []
    let asked = 0
    for (const [path, operations] of Object.entries(paths)) {
      const at = path.replaceAll(/\{\w+\}/g, 'none')
      for (const [name, operation] of Object.entries(operations)) {
        const { 'x-penstock-right': right, 'x-penstock-personal': isPersonal, responses } = operation
        const method = name.toUpperCase()
        const body = method === 'POST' || method === 'PUT' ? {} : undefined
        const check = (who: string, status: number, expected: 'let in' | 401 | 403) => {
          asked++
          const isRight = expected === 'let in' ? status !== 401 && status !== 403 && status < 500 : status === expected
          const isSaid = expected === 'let in' || String(expected) in responses
          if (!isRight || !isSaid) wrong.push(`${method} ${path} by ${who}: ${status} in place of ${expected}`)
        }
        const stranger = await ask(method, at, {}, body)
        check('nobody', stranger.status, right === 'anyone' ? 'let in' : 401)
        for (const { who, headers, may, isToken } of askers) {
          const { status } = await ask(method, at, headers, body)
          const isKept = isPersonal && isToken && !may.includes('administerSecurity')
          const mayAsk = right === 'anyone' || (may.includes(right) && !isKept)
          check(who, status, mayAsk ? 'let in' : 403)
        }
      }
    }
    expect(wrong).toEqual([])
    expect(asked).toBeGreaterThan(400)
  })
})

describe('API tokens', () => {
  it('are made by people, shown once, listed for their owner, and refused once revoked', async () => {
    const { id, token } = await tokenOf('oscar', ['read', 'command'], { name: 'grafana', days: 7 })
    expect((await ask('GET', '/api/v1/session', bearer(token))).body).toMatchObject({
      user: { name: 'oscar', by: 'token', rights: ['read', 'command'] },
    })
    const sent = await ask(
      'POST',
      '/api/v1/commands',
      { ...bearer(token), 'User-Agent': 'script' },
      {
        device: 'pump',
        tag: 'level',
        value: 7,
      },
    )
    expect(sent.status).toBe(202)
    expect(web.commands.asked.at(-1)?.by).toMatchObject({ user: 'oscar', client: 'script (token grafana)' })
    const own = await ask('GET', '/api/v1/tokens', as('oscar'))
    expect(JSON.stringify(own.body)).not.toContain(token.slice(-43))
    expect(own.body).toMatchObject({
      tokens: expect.arrayContaining([expect.objectContaining({ id, name: 'grafana' })]),
    })
    expect((await ask('GET', '/api/v1/tokens', as('olga'))).body).not.toMatchObject({
      tokens: expect.arrayContaining([expect.objectContaining({ id })]),
    })
    expect((await ask('GET', '/api/v1/tokens?all=true', as('olga'))).status).toBe(403)
    expect((await ask('GET', '/api/v1/tokens?all=true', as('sam'))).body).toMatchObject({
      tokens: expect.arrayContaining([expect.objectContaining({ id })]),
    })
    expect((await ask('DELETE', `/api/v1/tokens/${id}`, as('olga'))).status).toBe(404)
    expect((await ask('DELETE', `/api/v1/tokens/${id}`, as('sam'))).status).toBe(204)
    const after = await ask('GET', '/api/v1/values', bearer(token))
    expect(after).toMatchObject({ status: 401, body: { code: 'TOKEN_REFUSED' } })
  })

  it('are refused with every mistake in what is asked for, and beyond the rights of who asks', async () => {
    const asked = (body: object) => ask('POST', '/api/v1/tokens', as('olga'), body)
    expect((await asked({ name: 'x', rights: ['fly'], days: 0 })).body).toMatchObject({
      code: 'REQUEST_INVALID',
      errors: [{ field: 'rights[0]' }, { field: 'days' }],
    })
    expect(await asked({ name: 'x', rights: ['command'] })).toMatchObject({
      status: 409,
      body: { code: 'TOKEN_NOT_MADE' },
    })
  })
})

describe('my access', () => {
  it('shows where I am logged in, ends my other sessions, and changes my password', async () => {
    const [first, second] = ['correct horse battery', 'staple horse correct']
    const by = { user: 'root', origin: 'cli' } as const
    const passwordHash = await hashPassword(first as string)
    web.accounts.change({ action: 'add', name: 'nora', roles: ['Observer'], passwordHash }, by)
    const logIn = async (password: string | undefined) => {
      const { cookie } = await ask('POST', '/api/v1/session', {}, { name: 'nora', password })
      expect(cookie).toMatch(/^__Host-penstock=[\w-]{43}; path=\/; samesite=strict; secure; httponly$/)
      return { Cookie: cookie.split(';')[0] as string, 'Sec-Fetch-Site': 'same-origin' }
    }
    const here = await logIn(first)
    const there = await logIn(first)
    const access = await ask('GET', '/api/v1/access', here)
    expect(access.body).toMatchObject({ name: 'nora', password: 'gateway', tokens: [] })
    const sessions = access.body.sessions as { isThis: boolean; address: string }[]
    expect(sessions.map(({ isThis, address }) => [isThis, address]).toSorted()).toEqual([
      [false, '127.0.0.1'],
      [true, '127.0.0.1'],
    ])
    expect((await ask('DELETE', '/api/v1/access/sessions', here)).status).toBe(204)
    expect((await ask('GET', '/api/v1/access', there)).status).toBe(401)

    const change = (current: string | undefined, password: string | undefined) =>
      ask('PUT', '/api/v1/access/password', here, { current, password })
    expect(await change('wrong', second)).toMatchObject({ status: 401, body: { code: 'LOGIN_WRONG' } })
    expect(await change(first, 'short')).toMatchObject({ status: 422, body: { code: 'PASSWORD_REFUSED' } })
    const changed = await change(first, second)
    expect(changed.status).toBe(204)
    expect((await ask('GET', '/api/v1/access', here)).status).toBe(401)
    const renewed = { ...here, Cookie: changed.cookie.split(';')[0] as string }
    expect((await ask('GET', '/api/v1/access', renewed)).body).toMatchObject({ sessions: [{ isThis: true }] })
    await logIn(second)
  })

  it('leaves a password of the environment to the environment', async () => {
    const { password } = USERS.olga
    const asked = { current: password, password: 'another long password' }
    const refused = await ask('PUT', '/api/v1/access/password', as('olga'), asked)
    expect(refused).toMatchObject({ status: 409, body: { detail: expect.stringContaining('environment') } })
  })
})
