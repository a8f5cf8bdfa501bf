import { AttributeIds, type ClientSession, StatusCodes } from 'node-opcua'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { sessions as showSessions } from '../../src/cli/sessions.ts'
import { nodeId, type RoomUnderTest, startRoom, users, watch } from '../support/opcua-room.ts'
import { aPlant } from '../support/small-plant.ts'
import { WebServer } from '../support/web-server.ts'

const by = { user: 'local', origin: 'cli' } as const
let room: RoomUnderTest
let session: ClientSession
let web: WebServer
let begun: number
beforeAll(async () => {
  begun = Date.now()
  room = await startRoom()
  session = await room.session()
  await watch(session, nodeId('boiler/temperature'))
  await watch(session, nodeId('boiler/level'))
  web = await WebServer.start({
    plant: aPlant([]),
    opcua: {
      sessions: async () => room.room.sessions(),
      closeSession: async (id, by) => room.room.closeSession(id, by),
    },
  })
})
afterAll(async () => {
  await web.stop()
  await room.end()
})

const ask = async (options: { close?: string; json?: boolean }) => {
  const lines: string[] = []
  const out = { line: (text: string) => void lines.push(text), notice: () => undefined }
  await showSessions({ url: web.origin, config: '', data: web.folder, ...options }, {}, out)
  return lines
}

it('whoever cannot read the data folder sees no session and ends none', async () => {
  const [seen] = room.room.sessions()
  for (const [method, path] of [
    ['GET', '/sessions'],
    ['DELETE', `/sessions/${encodeURIComponent(seen?.id ?? '')}`],
  ] as const) {
    const answer = await fetch(new URL(path, web.origin), { method, headers: { Authorization: 'Bearer guessed' } })
    expect(answer.status).toBe(401)
  }
  expect(room.room.sessions()).toHaveLength(1)
})

it('tells of a tag which clients it is told to, and how often', () => {
  expect(room.room.watchers('boiler/level')).toEqual([
    { client: 'Test', user: users[0].name, samplingMs: expect.any(Number), publishingMs: 50, publishing: true },
  ])
  expect(room.room.watchers('boiler/nobody')).toEqual([])
})

it('a page shows everybody that a client is connected, and who that is only to who configures or administers', async () => {
  const path = '/api/v1/setup/clients'
  const known = { client: 'Test', items: 2, security: 'Basic256Sha256, SignAndEncrypt', since: expect.any(Number) }
  expect(await web.json(path, 'olga')).toMatchObject({ users: [], rejected: [], clients: [known] })
  expect(((await web.json(path, 'olga')) as { clients: object[] }).clients[0]).toEqual(known)
  const ofSam = (await web.json(path, 'sam')) as { clients: object[]; users: object[] }
  expect(ofSam.clients[0]).toEqual({ ...known, user: users[0].name, address: '127.0.0.1' })
  expect(ofSam.users).toContainEqual({ name: 'sam', roles: ['SecurityAdmin'] })
})

it('an administrator sees who is connected, how, since when, and what it costs', async () => {
  const [seen, ...more] = room.room.sessions()

  expect(more).toEqual([])
  expect(seen).toMatchObject({
    id: session.sessionId.toString(),
    user: users[0].name,
    client: 'Test',
    address: '127.0.0.1',
    securityPolicy: 'Basic256Sha256',
    securityMode: 'SignAndEncrypt',
    active: true,
  })
  expect(seen?.subscriptions).toEqual([
    expect.objectContaining({ publishingIntervalMs: 50, publishing: true, items: 1 }),
    expect.objectContaining({ publishingIntervalMs: 50, publishing: true, items: 1 }),
  ])
  expect(seen?.since).toBeGreaterThanOrEqual(begun)
  expect(seen?.lastContactAt).toBeGreaterThanOrEqual(seen?.since ?? Number.POSITIVE_INFINITY)
  expect(seen?.requests).toBeGreaterThan(3)
  expect(seen?.bytesReceived).toBeGreaterThan(0)
})

it('the command line shows the sessions of a running gateway', async () => {
  const [heading, line, ...more] = await ask({})

  expect(more).toEqual([])
  expect(heading).toMatch(/^session +user +client +address/)
  expect(line).toContain(users[0].name)
  expect(line).toMatch(/Test +127\.0\.0\.1 +Basic256Sha256 SignAndEncrypt .* 2 +2$/)
  expect(JSON.parse((await ask({ json: true })).join(''))).toHaveLength(1)
})

it('a session that is not there cannot be closed', async () => {
  await expect(ask({ close: 'ns=1;i=4711' })).rejects.toThrow(/no session "ns=1;i=4711"/)
  expect(room.room.closeSession('ns=1;i=4711', by)).toBe(false)
})

it('a session that is closed loses its subscriptions, and no other session notices', async () => {
  const other = await room.session()
  const kept = await watch(other, nodeId('boiler/temperature'))
  await vi.waitFor(() => expect(kept.values).toHaveLength(1))

  expect(await ask({ close: session.sessionId.toString() })).toEqual([
    `The session ${session.sessionId.toString()} is closed.`,
  ])

  expect(room.room.sessions().map(({ id }) => id)).toEqual([other.sessionId.toString()])
  expect(room.room.health()).toMatchObject({ sessions: 1, subscriptions: 1, monitoredItems: 1 })
  room.engine.pipeline.polled(room.engine.tag('boiler/temperature'), 20)
  await vi.waitFor(() => expect(kept.values.at(-1)?.value.value).toBe(20))
  const read = await other.read({ nodeId: nodeId('boiler/temperature'), attributeId: AttributeIds.Value })
  expect(read.statusCode).toBe(StatusCodes.Good)
  expect(room.logged).toContainEqual(
    expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ user: users[0].name }) }),
  )
})
