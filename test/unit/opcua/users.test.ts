import { WellKnownRoles } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { Users } from '../../../src/opcua/users.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

function make() {
  const { log, logged } = recordingLogger()
  const users = new Users([{ name: 'olga', password: 'pässword', role: 'Operator' }], new ManualClock(), log)
  return { users, logged }
}

describe('a user', () => {
  it('is accepted with the password and with nothing else', () => {
    const { users } = make()

    expect(users.isValid('olga', 'pässword', '10.0.0.1')).toBe(true)
    for (const wrong of ['', 'passwor', 'pässword ', 'PÄSSWORD']) {
      expect(users.isValid('olga', wrong, '10.0.0.1')).toBe(false)
    }
  })

  it('who does not exist is refused, whatever the password', () => {
    const { users } = make()

    expect(users.isValid('emil', 'pässword', '10.0.0.1')).toBe(false)
    expect(users.isValid('', '', '10.0.0.1')).toBe(false)
    expect(users.isValid('__proto__', '', '10.0.0.1')).toBe(false)
  })

  it('has the configured role, as one array that node-opcua does not add to', () => {
    const { users } = make()
    const roles = users.rolesOf('olga')

    expect(roles.map(({ value }) => value)).toEqual([WellKnownRoles.Operator, WellKnownRoles.AuthenticatedUser])
    expect(users.rolesOf('olga')).toBe(roles)
  })

  it('who is locked is refused even with the right password, and the log says why without it', () => {
    const { users, logged } = make()
    for (let guess = 0; guess < 5; guess++) users.isValid('olga', `guess-${guess}`, '10.0.0.1')

    expect(users.isValid('olga', 'pässword', '10.0.0.1')).toBe(false)

    expect(logged.at(-1)).toMatchObject({
      level: 'warn',
      fields: { user: 'olga', address: '10.0.0.1', lockedMs: 2_000 },
    })
    expect(JSON.stringify(logged)).not.toMatch(/pässword|guess-/)
  })
})
