import { expect, it } from 'vitest'
import type { CommandAnswer, CommandRecord, CommandRequest } from '../../../src/core/command.ts'
import { PenstockError } from '../../../src/core/errors.ts'
import { StatusCode } from '../../../src/core/status-code.ts'
import { answerCommands, type CommandCall, type CommandDesk } from '../../../src/http/command-routes.ts'

const record: CommandRecord = {
  id: 7,
  device: 'boiler',
  order: { kind: 'write', tag: 'total', value: 9_007_199_254_740_993n },
  by: { user: 'local', origin: 'cli' },
  state: 'failed',
  reason: 'It did not take the value.',
  status: StatusCode.BadDeviceFailure,
  priority: 0,
  acceptedAt: 0,
  changedAt: 1_000,
  deadline: 60_000,
}

function aDesk(answer: CommandAnswer = { accepted: record }) {
  const asked: CommandRequest[] = []
  const cancelled: unknown[] = []
  const desk: CommandDesk = {
    command: async (request) => {
      asked.push(request)
      return answer
    },
    cancelCommand: async (of) => {
      cancelled.push(of)
      return answer
    },
    commands: async () => [record],
    commandSteps: async (id) =>
      id === 7 ? { command: record, steps: [{ at: 0, state: 'queued', reason: '' }] } : null,
    audit: async () => [],
  }
  return { desk, asked, cancelled }
}

interface Asked {
  readonly body?: unknown
  readonly query?: string
  readonly asker?: Partial<CommandCall['asker']>
}

const call = (method: string, path: string, { body, query = '', asker = {} }: Asked = {}): CommandCall => ({
  method,
  path,
  query: new URLSearchParams(query),
  asker: {
    address: '127.0.0.1',
    host: 'localhost:8080',
    client: 'penstock-cli 1',
    contentType: 'application/json',
    ...asker,
  },
  body: async () => (typeof body === 'string' ? body : JSON.stringify(body)),
})

it('a command is asked for, and answered as it was accepted', async () => {
  const { desk, asked } = aDesk()
  const body = {
    device: 'boiler',
    tag: 'total',
    value: '9007199254740993',
    idempotencyKey: 'k',
    deadline: '2026-07-23T10:00:00Z',
  }
  const answer = await answerCommands(call('POST', '/commands', { body }), desk)
  expect(asked).toMatchObject([
    {
      device: 'boiler',
      order: { kind: 'write', tag: 'total', value: '9007199254740993' },
      by: { user: 'local', origin: 'cli', address: '127.0.0.1' },
      idempotencyKey: 'k',
      deadline: Date.UTC(2026, 6, 23, 10),
    },
  ])
  expect(answer?.status).toBe(202)
  expect(JSON.parse(JSON.stringify(answer?.body))).toMatchObject({
    id: 7,
    tag: 'total',
    value: '9007199254740993',
    status: 'BadDeviceFailure',
    acceptedAt: '1970-01-01T00:00:00.000Z',
  })
})

it.each([
  [{ deadline: 0 }, '"deadline" is 0'],
  [{ deadline: '2026-07-23 10:00' }, '"deadline" is "2026-07-23 10:00"'],
  [{ priority: 'high' }, '"priority" is "high"'],
  [{ confirmed: 'yes' }, '"confirmed" is "yes"'],
  [{ value: null }, '"value" is null'],
  [{ value: { a: 1 } }, '"value" is {"a":1}'],
])('a request with %j is refused, and told which of its settings is wrong', async (more, expected) => {
  const { desk, asked } = aDesk()
  const answer = await answerCommands(
    call('POST', '/commands', { body: { device: 'a', tag: 'b', value: 1, ...more } }),
    desk,
  )
  expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining(expected) } })
  expect(asked).toEqual([])
})

it.each([
  [StatusCode.BadOutOfRange, 422],
  [StatusCode.BadNodeIdUnknown, 404],
  [StatusCode.BadTooManyOperations, 429],
  [StatusCode.BadResourceUnavailable, 503],
  [StatusCode.BadInvalidState, 409],
])('a refusal says its StatusCode and the reason (%i)', async (status, expected) => {
  const { desk } = aDesk({ refused: { status, reason: 'Because.' } })
  const answer = await answerCommands(call('DELETE', '/commands/7'), desk)
  expect(answer).toMatchObject({ status: expected, body: { error: 'Because.', status: expect.stringMatching(/^Bad/) } })
})

it('commands are listed, one is told with its history, and one is taken back', async () => {
  const { desk, cancelled } = aDesk()
  expect(
    await answerCommands(call('GET', '/commands', { query: 'device=boiler&state=failed&limit=5' }), desk),
  ).toMatchObject({
    status: 200,
    body: { commands: [{ id: 7 }] },
  })
  expect(await answerCommands(call('GET', '/commands/7'), desk)).toMatchObject({
    body: { history: [{ state: 'queued' }] },
  })
  expect(await answerCommands(call('GET', '/commands/8'), desk)).toMatchObject({ status: 404 })
  expect(await answerCommands(call('DELETE', '/commands/7'), desk)).toMatchObject({ status: 200 })
  expect(cancelled).toMatchObject([{ id: 7, by: { user: 'local' } }])
  expect(await answerCommands(call('GET', '/audit'), desk)).toMatchObject({ status: 200, body: { rows: [] } })
})

it.each<[string, CommandCall, number]>([
  ['from another machine', call('POST', '/commands', { asker: { address: '192.168.1.5' } }), 403],
  ['from a page of another site', call('POST', '/commands', { asker: { fetchSite: 'cross-site' } }), 403],
  [
    'under a name that was made to mean this machine',
    call('GET', '/commands', { asker: { host: 'evil.example' } }),
    403,
  ],
  ['as a form', call('POST', '/commands', { asker: { contentType: 'text/plain' } }), 415],
  ['that is no JSON', call('POST', '/commands', { body: '{' }), 400],
  ['without a device', call('POST', '/commands', { body: { tag: 'a', value: 1 } }), 400],
  [
    'with a tag and a command',
    call('POST', '/commands', { body: { device: 'a', tag: 'b', value: 1, command: 'c' } }),
    400,
  ],
  ['without a value', call('POST', '/commands', { body: { device: 'a', tag: 'b' } }), 400],
  [
    'with a setting that is not there',
    call('POST', '/commands', { body: { device: 'a', tag: 'b', value: 1, to: 2 } }),
    400,
  ],
  ['with a nested value', call('POST', '/commands', { body: { device: 'a', tag: 'b', value: { a: 1 } } }), 400],
  ['of an unknown state', call('GET', '/commands', { query: 'state=gone' }), 400],
  ['of too many', call('GET', '/commands', { query: 'limit=5000' }), 400],
  ['by a wrong method', call('PUT', '/commands'), 405],
])('a request %s is refused, and nothing is asked of the engine', async (_what, asked, status) => {
  const { desk, asked: orders } = aDesk()
  const answer = await answerCommands(asked, desk)
  expect(answer).toMatchObject({ status, body: { error: expect.any(String) } })
  expect(orders).toEqual([])
})

it('an engine that does not answer may have accepted the command, and that is said', async () => {
  const { desk } = aDesk()
  const gone = async () => {
    throw new PenstockError('ROOM_UNAVAILABLE', 'gone')
  }
  const body = { device: 'a', tag: 'b', value: 1 }
  const answer = await answerCommands(call('POST', '/commands', { body }), { ...desk, command: gone })
  expect(answer).toMatchObject({ status: 503, body: { error: expect.stringContaining('not known') } })
  expect(await answerCommands(call('GET', '/elsewhere'), desk)).toBeUndefined()
})
