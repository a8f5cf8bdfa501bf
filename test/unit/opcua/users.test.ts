import { WellKnownRoles } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { Users } from '../../../src/opcua/users.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

function make() {
  const { log, logged } = recordingLogger()
  const clock = new ManualClock()
  const users = new Users([{ name: 'olga', password: 'pässword', role: 'Operator' }], clock, log)
  return { users, logged, clock }
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

  it.each(['old-client', 'olga'])(
    'is never refused because a forgotten client at the same address tries %s with an old password for a day',
    async (name) => {
      const { users, clock } = make()
      const logins: boolean[] = []
      for (let minute = 0; minute < 24 * 60; minute++) {
        expect(users.isValid(name, 'old', '10.0.0.5')).toBe(false)
        await clock.advance(30_000)
        logins.push(users.isValid('olga', 'pässword', '10.0.0.5'))
        await clock.advance(30_000)
      }

      expect(logins.filter((accepted) => !accepted)).toHaveLength(0)
    },
  )

  it('is shown in the log by no more than a name can have', () => {
    const { users, logged } = make()

    users.isValid('x'.repeat(100_000), 'pässword', '10.0.0.1')

    expect(logged.at(-1)?.fields.user).toBe('x'.repeat(64))
  })
})
