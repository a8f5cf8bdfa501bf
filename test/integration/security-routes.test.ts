import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Actor } from '../../src/core/command.ts'
import type { User, UserChange } from '../../src/core/user.ts'
import { userRoutes } from '../../src/http/user-routes.ts'

let server: Server
let url: string
let changes: [UserChange, Actor][]
const people: readonly User[] = [
  { name: 'sam', roles: ['SecurityAdmin'] },
  { name: 'olga', roles: ['Operator'] },
]

beforeEach(async () => {
  changes = []
  const app = new Koa()
  app.use(
    userRoutes({
      login: async (name, password) => people.find((each) => each.name === name && password === 'right'),
      list: () => [],
      change: (change, by) => {
        changes.push([change, by])
        return change.name === 'taken' ? { refused: 'There is one already.' } : { users: [] }
      },
    }),
  )
  const respond = app.callback()
  server = createServer((request, response) => void respond(request, response))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/security/users`
})
afterEach(() => server.close())

const as = (name: string, password = 'right') => ({
  Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})
const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'application/json', ...as('sam'), ...headers } })

it.each<[string, Record<string, string>, number]>([
  ['nobody', {}, 401],
  ['a wrong password', as('sam', 'wrong'), 401],
  ['no Basic authentication', { Authorization: 'Bearer abc' }, 401],
  ['a user who may not administer security', as('olga'), 403],
  ['a page of another site', { ...as('sam'), 'Sec-Fetch-Site': 'cross-site' }, 403],
  ['an administrator', as('sam'), 200],
])('users are shown to %s with %o as %i', async (_case, headers, status) => {
  expect((await fetch(url, { headers })).status).toBe(status)
})

it('an administrator changes a user, under the own name, and the password goes on as a hash alone', async () => {
  const request = { action: 'add', name: 'emil', roles: ['Operator'], password: 'the password of emil' }

  expect((await post(JSON.stringify(request))).status).toBe(200)

  const [[change, by] = []] = changes
  expect(change).toMatchObject({ action: 'add', name: 'emil', passwordHash: expect.stringContaining('$scrypt$') })
  expect(by).toMatchObject({ user: 'sam', origin: 'http' })
  expect(JSON.stringify(changes)).not.toContain('the password of emil')
}, 30_000)

it.each<[string, string, Record<string, string>, number]>([
  ['what is no JSON', '{', {}, 400],
  ['what a form of another site could send', '{}', { 'Content-Type': 'text/plain' }, 415],
  ['an unknown role', '{"action":"roles","name":"emil","roles":["Root"]}', {}, 400],
  ['a setting nobody knows', '{"action":"remove","name":"emil","__proto__x":1}', {}, 400],
  ['a short password', '{"action":"password","name":"emil","password":"short"}', {}, 409],
  ['what the users do not allow', '{"action":"enable","name":"taken"}', {}, 409],
])('%s is refused in words', async (_case, body, headers, status) => {
  const response = await post(body, headers)

  expect(response.status).toBe(status)
  expect(await response.json()).toHaveProperty('error')
})
