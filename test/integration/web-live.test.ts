import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashPassword } from '../../src/core/password.ts'
import { EventStream } from '../support/event-stream.ts'
import { aModbusDevice, aPlant, aTag } from '../support/small-plant.ts'
import { basic, USERS, WebServer } from '../support/web-server.ts'

const plant = aPlant([
  aModbusDevice('pump', [aTag('level'), aTag('flow')]),
  aModbusDevice('meter', [aTag('power'), aTag('text', { type: 'String' })]),
])

interface Values {
  readonly values: readonly { readonly id: string; readonly value: unknown; readonly status: string }[]
}

let web: WebServer
let streams: EventStream[] = []
beforeEach(async () => {
  web = await WebServer.start({ plant })
})
afterEach(async () => {
  for (const stream of streams) await stream.close()
  streams = []
  await web.stop()
})

async function follow(query = '', after?: string): Promise<EventStream> {
  const headers: Record<string, string> = { Authorization: basic('olga', USERS.olga.password) }
  if (after !== undefined) headers['Last-Event-ID'] = after
  const stream = await EventStream.open(`${web.origin}/api/v1/live${query}`, headers)
  streams.push(stream)
  return stream
}

const heard = (stream: EventStream) => stream.of<Values>('values').flatMap(({ values }) => values)
const lastOf = (stream: EventStream, id: string) => heard(stream).findLast((value) => value.id === id)
const engine = () => {
  if (!web.engine) throw new Error('no engine')
  return web.engine
}
const say = (id: string, value: number | string) => engine().pipeline.polled(engine().tag(id), value)

describe('live values', () => {
  it('begin with every tag, and go on with those that change', async () => {
    say('pump/level', 1)
    const stream = await follow()
    await vi.waitFor(() => expect(heard(stream)).toHaveLength(4))
    expect(lastOf(stream, 'pump/level')).toMatchObject({ value: 1, status: 'Good' })
    say('pump/level', 2)
    say('meter/text', '<b>not markup</b>')
    await vi.waitFor(() => expect(lastOf(stream, 'meter/text')?.value).toBe('<b>not markup</b>'))
    expect(lastOf(stream, 'pump/level')?.value).toBe(2)
    expect(heard(stream)).toHaveLength(6)
  })

  it('are of the tags that somebody looks at, and of no others', async () => {
    const stream = await follow('?device=meter&tag=pump/flow')
    await vi.waitFor(() => expect(heard(stream)).toHaveLength(3))
    say('pump/level', 5)
    say('pump/flow', 6)
    await vi.waitFor(() => expect(lastOf(stream, 'pump/flow')?.value).toBe(6))
    expect(lastOf(stream, 'pump/level')).toBeUndefined()
  })

  it('tell only how the sources are where nobody looks at values', async () => {
    const stream = await follow('?only=state')
    await vi.waitFor(() => expect(stream.of('sources')).toHaveLength(1))
    expect(heard(stream)).toEqual([])
  })

  it('merge what changes faster than somebody can look', async () => {
    const stream = await follow()
    await vi.waitFor(() => expect(heard(stream)).toHaveLength(4))
    for (let value = 0; value < 1_000; value++) {
      say('pump/level', value)
      if (value % 100 === 0) await new Promise(setImmediate)
    }
    await vi.waitFor(() => expect(lastOf(stream, 'pump/level')?.value).toBe(999))
    expect(heard(stream).length).toBeLessThan(50)
  })

  it('go on where a reader was, who hears only what he missed', async () => {
    const stream = await follow()
    await vi.waitFor(() => expect(heard(stream)).toHaveLength(4))
    const { lastId } = stream
    await stream.close()
    say('pump/flow', 77)
    const again = await follow('', lastId)
    await vi.waitFor(() => expect(lastOf(again, 'pump/flow')?.value).toBe(77))
    expect(heard(again)).toHaveLength(1)
  })

  it('begin anew for a reader who knows another run of the engine', async () => {
    const again = await follow('', 'AAAAAAAA:17')
    await vi.waitFor(() => expect(heard(again)).toHaveLength(4))
  })

  it('stay as last values, Uncertain, while the engine is gone, and come back with it', async () => {
    say('pump/level', 3)
    const stream = await follow()
    await vi.waitFor(() => expect(lastOf(stream, 'pump/level')?.value).toBe(3))
    engine().die()
    await vi.waitFor(() =>
      expect(lastOf(stream, 'pump/level')).toMatchObject({
        value: 3,
        status: 'UncertainNoCommunicationLastUsableValue',
      }),
    )
    expect(stream.of<{ heard: boolean }>('engine').at(-1)).toEqual({ heard: false })
    web.renewEngine()
    say('pump/level', 4)
    await vi.waitFor(() => expect(lastOf(stream, 'pump/level')).toMatchObject({ value: 4, status: 'Good' }), {
      timeout: 5_000,
    })
    expect(stream.of<{ heard: boolean }>('engine').at(-1)).toEqual({ heard: true })
  })

  it('follow the plant as it changes', async () => {
    const stream = await follow('?device=pump')
    await vi.waitFor(() => expect(heard(stream)).toHaveLength(2))
    const wider = aPlant([
      aModbusDevice('pump', [aTag('level'), aTag('flow'), aTag('speed')]),
      aModbusDevice('meter', [aTag('power'), aTag('text', { type: 'String' })]),
    ])
    await engine().changePlant(wider)
    await vi.waitFor(() => expect(stream.of('plant')).toHaveLength(2))
    say('pump/speed', 1_450)
    await vi.waitFor(() => expect(lastOf(stream, 'pump/speed')?.value).toBe(1_450))
    expect(await web.json('/api/v1/plant', 'olga')).toMatchObject({ tags: 5 })
  })

  it('end for whoever logs out', async () => {
    const login = await web.ask('/api/v1/session', undefined, {
      method: 'POST',
      body: JSON.stringify({ name: 'olga', password: USERS.olga.password }),
      headers: { 'Content-Type': 'application/json' },
    })
    const cookie = (login.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
    const stream = await EventStream.open(`${web.origin}/api/v1/live`, { Cookie: cookie })
    streams.push(stream)
    await web.ask('/api/v1/session', undefined, { method: 'DELETE', headers: { Cookie: cookie } })
    await vi.waitFor(() => expect(stream.of('logout')).toHaveLength(1), { timeout: 8_000 })
    await stream.ended
    expect(stream.isOver).toBe(true)
  })
  it('end for a program whose token is revoked, or whose user is removed', async () => {
    const by = { user: 'sam', origin: 'http' } as const
    const { accounts } = web
    accounts.change(
      { action: 'add', name: 'guest', roles: ['Observer'], passwordHash: await hashPassword('guest looks') },
      by,
    )
    const answer = accounts.tokens.make({ name: 'wall', user: 'olga', rights: ['read'], days: 1 }, by)
    if ('refused' in answer) throw new Error(answer.refused)
    const open = (authorization: string) =>
      EventStream.open(`${web.origin}/api/v1/live?only=state`, { Authorization: authorization })
    const followed = await Promise.all([open(`Bearer ${answer.token}`), open(basic('guest', 'guest looks'))])
    streams.push(...followed)
    accounts.tokens.revoke(answer.made.id, by)
    accounts.change({ action: 'remove', name: 'guest' }, by)
    for (const stream of followed) {
      await vi.waitFor(() => expect(stream.of('logout')).toHaveLength(1), { timeout: 8_000 })
      await stream.ended
    }
    expect((await web.ask('/livez', undefined)).status).toBe(200)
  })
  it('are not kept from others by one user who follows them again and again', async () => {
    const open = () => follow('?only=state')
    await Promise.all(Array.from({ length: 32 }, open))
    expect((await web.ask('/api/v1/live?only=state', 'olga')).status).toBe(503)
    const other = await EventStream.open(`${web.origin}/api/v1/live?only=state`, {
      Authorization: basic('oscar', USERS.oscar.password),
    })
    streams.push(other)
    await vi.waitFor(() => expect(other.of('sources')).toHaveLength(1))
  })
})
