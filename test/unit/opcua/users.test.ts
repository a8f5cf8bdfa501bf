import { type ServerSession, UserNameIdentityToken, WellKnownRoles, X509IdentityToken } from 'node-opcua'
import { describe, expect, it } from 'vitest'
import { Users } from '../../../src/opcua/users.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

function make() {
  const { log, logged } = recordingLogger()
  const clock = new ManualClock()
  const users = new Users([{ name: 'olga', password: 'pässword', role: 'Operator' }], clock, log)
  const isValid = (name: string, password: string, remoteAddress: string) =>
    users.isValidUser({ channel: { remoteAddress } } as ServerSession, name, password)
  return { users, isValid, logged, clock }
}

// A wrong password costs what checking one costs (scrypt), on purpose.
describe('a user', { timeout: 60_000 }, () => {
  it('is accepted with the password and with nothing else', async () => {
    const { isValid } = make()

    expect(await isValid('olga', 'pässword', '10.0.0.1')).toBe(true)
    for (const wrong of ['pässword ', 'PÄSSWORD']) {
      expect(await isValid('olga', wrong, '10.0.0.1')).toBe(false)
    }
  })

  it('who does not exist is refused, whatever the password', async () => {
    const { isValid } = make()

    expect(await isValid('emil', 'pässword', '10.0.0.1')).toBe(false)
    expect(await isValid('__proto__', '', '10.0.0.1')).toBe(false)
  })

  it('has the configured role, as one array that node-opcua does not add to', () => {
    const { users } = make()
    const token = new UserNameIdentityToken({ userName: 'olga' })
    const roles = users.rolesOf(token)

    expect(roles.map(({ value }) => value)).toEqual([WellKnownRoles.Operator, WellKnownRoles.AuthenticatedUser])
    expect(users.rolesOf(new UserNameIdentityToken({ userName: 'olga' }))).toBe(roles)
  })

  it('has other roles for sessions that are there as soon as the database has others', () => {
    const { users } = make()
    const token = new UserNameIdentityToken({ userName: 'ada' })
    const record = { name: 'ada', passwordHash: null, certificates: [], disabled: false, createdAt: 0, changedAt: 0 }
    const rolesOf = () => users.rolesOf(token).map(({ value }) => value)
    users.directory.show([{ ...record, roles: ['Engineer'] }])
    expect(rolesOf()).toEqual([WellKnownRoles.Engineer, WellKnownRoles.AuthenticatedUser])

    users.directory.show([{ ...record, roles: ['Observer'] }])
    expect(rolesOf()).toEqual([WellKnownRoles.Observer, WellKnownRoles.AuthenticatedUser])

    users.directory.show([])
    expect(rolesOf()).toEqual([WellKnownRoles.AuthenticatedUser])
  })

  it('is not whoever has a certificate that nobody was given, whatever it is called', () => {
    const { users } = make()
    const token = new X509IdentityToken({ certificateData: Buffer.from('olga') })

    expect(users.userOf(token)).toBeUndefined()
    expect(users.rolesOf(token).map(({ value }) => value)).toEqual([WellKnownRoles.AuthenticatedUser])
  })

  it('who is locked is refused even with the right password, and the log says why without it', async () => {
    const { isValid, logged } = make()
    for (let guess = 0; guess < 5; guess++) await isValid('olga', `guess-${guess}`, '10.0.0.1')

    expect(await isValid('olga', 'pässword', '10.0.0.1')).toBe(false)

    expect(logged.at(-1)).toMatchObject({
      level: 'warn',
      fields: { user: 'olga', address: '10.0.0.1', lockedMs: 2_000 },
    })
    expect(JSON.stringify(logged)).not.toMatch(/pässword|guess-/)
  })

  it.each(['old-client', 'olga'])(
    'is never refused because a forgotten client at the same address tries %s with an old password for a day',
    async (name) => {
      const { isValid, clock } = make()
      const logins: boolean[] = []
      for (let minute = 0; minute < 24 * 60; minute++) {
        expect(await isValid(name, 'old', '10.0.0.5')).toBe(false)
        await clock.advance(30_000)
        logins.push(await isValid('olga', 'pässword', '10.0.0.5'))
        await clock.advance(30_000)
      }

      expect(logins.filter((accepted) => !accepted)).toHaveLength(0)
    },
  )

  it('is shown in the log by no more than a name can have', async () => {
    const { isValid, logged } = make()

    await isValid('x'.repeat(100_000), 'pässword', '10.0.0.1')

    expect(logged.at(-1)?.fields.user).toBe('x'.repeat(64))
  })
})
