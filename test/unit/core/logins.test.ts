import { expect, it } from 'vitest'
import { Logins } from '../../../src/core/logins.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

function make() {
  const { log, logged } = recordingLogger()
  const clock = new ManualClock()
  const asked: string[] = []
  const users = {
    verify: async (name: string, password: string) => {
      asked.push(password)
      return name === 'olga' && password === 'right' ? { name, roles: ['Operator' as const] } : undefined
    },
  }
  return { logins: new Logins({ users, clock, log, what: 'HTTP' }), logged, clock, asked }
}

it('guesses at one address lock the user there, and do not keep the rightful user out elsewhere', async () => {
  const { logins, clock } = make()
  for (let guess = 0; guess < 6; guess++) await logins.verify('olga', `guess ${guess}`, '10.0.0.66')

  expect(await logins.verify('olga', 'right', '10.0.0.66')).toBeUndefined()
  expect(await logins.verify('olga', 'right', '10.0.0.7')).toMatchObject({ name: 'olga', roles: ['Operator'] })

  await clock.advance(logins.lockedFor('olga', '10.0.0.66'))
  expect(await logins.verify('olga', 'right', '10.0.0.66')).toMatchObject({ name: 'olga' })
})

it('guesses while one is locked cost no work, and the log has the user but no password', async () => {
  const { logins, logged, asked } = make()
  for (let guess = 0; guess < 100; guess++) await logins.verify('olga', `guess ${guess}`, '10.0.0.66')

  expect(asked.length).toBeLessThan(10)
  expect(logged.at(-1)).toMatchObject({ level: 'warn', fields: { user: 'olga', address: '10.0.0.66' } })
  expect(JSON.stringify(logged)).not.toContain('guess')
})
