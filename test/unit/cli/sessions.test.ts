import { expect, it } from 'vitest'
import { describeSessions } from '../../../src/cli/sessions.ts'
import type { OpcuaSession } from '../../../src/link/contract.ts'

const session: OpcuaSession = {
  id: 'ns=1;g=1',
  name: 'Session1',
  user: null,
  login: null,
  client: 'HMI',
  clientUri: 'urn:hmi',
  address: null,
  securityPolicy: null,
  securityMode: null,
  active: true,
  since: 0,
  lastContactAt: 1_000,
  timeoutMs: 60_000,
  requests: null,
  bytesReceived: null,
  bytesSent: null,
  subscriptions: [],
}

it('a client without user and connection is shown as that', () => {
  const [, line] = describeSessions([session])
  expect(line).toMatch(/^ns=1;g=1 +\(anonymous\) +HMI +\(no connection\) +- +1970-01-01T00:00:00.000Z/)
  expect(describeSessions([{ ...session, active: false }])[1]).toContain('(not logged in)')
})

it('a name with control characters does not reach the terminal as such', () => {
  const [, line] = describeSessions([{ ...session, client: 'H\u001b[2J\nMI', user: 'a\u0007b' }])
  expect(line).toContain('H [2J MI')
  expect(line).toContain('a b')
})

it('a server without clients says so', () => {
  expect(describeSessions([])).toEqual(['Nobody is connected.'])
})
