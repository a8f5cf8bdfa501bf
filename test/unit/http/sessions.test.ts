import { describe, expect, it } from 'vitest'
import { PenstockError } from '../../../src/core/errors.ts'
import { answerSessions, type OpcuaSessions } from '../../../src/http/sessions.ts'
import type { OpcuaSession } from '../../../src/link/contract.ts'

const by = { user: 'local', origin: 'cli' } as const
const one = { id: 'ns=1;g=A/B' } as OpcuaSession

function server(fails?: PenstockError) {
  const closed: string[] = []
  const opcua: OpcuaSessions = {
    async sessions() {
      if (fails) throw fails
      return [one]
    },
    async closeSession(id, by) {
      if (fails) throw fails
      closed.push(`${id} by ${by.user}`)
      return id === one.id
    },
  }
  return { opcua, closed }
}

describe('the sessions of the OPC UA server over HTTP', () => {
  it('are listed, and ended one by one', async () => {
    const { opcua, closed } = server()

    expect(await answerSessions('GET', '/sessions', opcua, by)).toEqual({ status: 200, body: { sessions: [one] } })
    const path = `/sessions/${encodeURIComponent(one.id)}`
    expect(await answerSessions('DELETE', path, opcua, by)).toEqual({ status: 200, body: { closed: one.id } })
    expect(closed).toEqual([`${one.id} by local`])
  })

  it('name one that is not there, also where its name is no text', async () => {
    const { opcua } = server()
    expect(await answerSessions('DELETE', '/sessions/other', opcua, by)).toMatchObject({
      status: 404,
      body: { error: expect.stringMatching(/"other"/) },
    })
    expect(await answerSessions('DELETE', '/sessions/%ff', opcua, by)).toMatchObject({ status: 404 })
  })

  it.each([
    ['POST', '/sessions'],
    ['DELETE', '/sessions'],
    ['GET', '/sessions/one'],
  ])('do not answer %s %s', async (method, path) => {
    const { opcua, closed } = server()
    expect(await answerSessions(method, path, opcua, by)).toMatchObject({ status: 405 })
    expect(closed).toEqual([])
  })

  it('leave other paths to others', async () => {
    for (const path of ['/', '/session', '/sessionsx']) {
      expect(await answerSessions('GET', path, server().opcua, by)).toBeUndefined()
    }
  })

  it('say while there is no OPC UA server that it does not answer', async () => {
    const { opcua } = server(new PenstockError('ROOM_UNAVAILABLE', 'gone'))
    expect(await answerSessions('GET', '/sessions', opcua, by)).toMatchObject({ status: 503 })
    expect(await answerSessions('DELETE', '/sessions/one', opcua, by)).toMatchObject({ status: 503 })
  })
})
