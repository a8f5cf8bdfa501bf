import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import type { Asker } from '../../../src/http/asker.ts'
import { answerSessions, type OpcuaSessions } from '../../../src/http/sessions.ts'
import type { OpcuaSession } from '../../../src/link/contract.ts'

const here: Asker = { address: '127.0.0.1', host: '127.0.0.1:8080' }
const one = { id: 'ns=1;g=A/B' } as OpcuaSession

function server(fails?: PenstockError) {
  const closed: string[] = []
  const opcua: OpcuaSessions = {
    async sessions() {
      if (fails) throw fails
      return [one]
    },
    async close(id) {
      if (fails) throw fails
      closed.push(id)
      return id === one.id
    },
  }
  return { opcua, closed }
}

describe('the sessions of the OPC UA server over HTTP', () => {
  it('are listed, and ended one by one', async () => {
    const { opcua, closed } = server()

    expect(await answerSessions('GET', '/sessions', here, opcua)).toEqual({ status: 200, body: { sessions: [one] } })
    const path = `/sessions/${encodeURIComponent(one.id)}`
    expect(await answerSessions('DELETE', path, here, opcua)).toEqual({ status: 200, body: { closed: one.id } })
    expect(closed).toEqual([one.id])
  })

  it('name one that is not there, also where its name is no text', async () => {
    const { opcua } = server()
    expect(await answerSessions('DELETE', '/sessions/other', here, opcua)).toMatchObject({
      status: 404,
      body: { error: expect.stringMatching(/"other"/) },
    })
    expect(await answerSessions('DELETE', '/sessions/%ff', here, opcua)).toMatchObject({ status: 404 })
  })

  it.each([
    ['POST', '/sessions'],
    ['DELETE', '/sessions'],
    ['GET', '/sessions/one'],
  ])('do not answer %s %s', async (method, path) => {
    const { opcua, closed } = server()
    expect(await answerSessions(method, path, here, opcua)).toMatchObject({ status: 405 })
    expect(closed).toEqual([])
  })

  it('leave other paths to others', async () => {
    for (const path of ['/', '/session', '/sessionsx']) {
      expect(await answerSessions('GET', path, here, server().opcua)).toBeUndefined()
    }
  })

  it('say while there is no OPC UA server that it does not answer', async () => {
    const { opcua } = server(new PenstockError('ROOM_UNAVAILABLE', 'gone'))
    expect(await answerSessions('GET', '/sessions', here, opcua)).toMatchObject({ status: 503 })
  })

  it.each<[string, Asker]>([
    ['another machine', { address: '192.168.1.20', host: '192.168.1.5:8080' }],
    ['nobody knows whom', { address: undefined }],
    ['a page of another site', { ...here, fetchSite: 'cross-site' }],
    ['a site whose name stands for this machine', { ...here, host: 'plant.example:8080' }],
    ['a site whose name begins like an address', { ...here, host: '127.0.0.1.example' }],
  ])('are neither shown to nor ended by %s', async (_who, asker) => {
    const { opcua, closed } = server()
    expect(await answerSessions('GET', '/sessions', asker, opcua)).toMatchObject({ status: 403 })
    expect(await answerSessions('DELETE', '/sessions/one', asker, opcua)).toMatchObject({ status: 403 })
    expect(closed).toEqual([])
  })

  it.each(['localhost:8080', 'LOCALHOST', '[::1]:8080', '127.0.0.1'])('are for askers of %s', async (host) => {
    const { opcua } = server()
    expect(await answerSessions('GET', '/sessions', { address: '::1', host }, opcua)).toMatchObject({ status: 200 })
  })
})
