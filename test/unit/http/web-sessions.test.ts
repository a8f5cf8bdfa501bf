import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../../../src/core/logger.ts'
import { UserDirectory } from '../../../src/core/user-directory.ts'
import { SessionFile } from '../../../src/http/access/session-file.ts'
import { Sessions } from '../../../src/http/access/sessions.ts'
import { type Accounts, WebUsers } from '../../../src/http/access/web-users.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { noTokens } from '../../support/no-tokens.ts'

const HOUR = 3_600_000
const FROM = { address: '192.0.2.7', client: 'Firefox' }
let folder: string
let path: string
let clock: ManualClock
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-sessions-'))
  path = join(folder, 'web-sessions.json')
  clock = new ManualClock()
})
afterEach(() => rmSync(folder, { recursive: true }))

/** The sessions as a gateway finds them at its start, with a user of this password. */
function start(password: string | undefined): Sessions {
  const file = new SessionFile(path, silentLogger)
  const known = password === undefined ? [] : [{ name: 'olga', role: 'Observer' as const, password }]
  const accounts: Accounts = {
    tokens: noTokens,
    directory: new UserDirectory({ configured: known, log: silentLogger }),
    login: async () => undefined,
    lockedFor: () => 0,
    list: () => [],
    change: () => ({ refused: '' }),
  }
  return new Sessions({ clock, file, users: new WebUsers(accounts, known, file.salt) })
}

describe('a session', () => {
  it('outlasts a restart of the gateway', async () => {
    const token = (await start('secret').begin('olga', FROM)) ?? ''
    expect(await start('secret').userOf(token)).toEqual({ name: 'olga', roles: ['Observer'] })
  })

  it('ends when the password is another one, and when the user is gone', async () => {
    const token = (await start('secret').begin('olga', FROM)) ?? ''
    expect(await start('another').userOf(token)).toBeUndefined()
    const again = (await start('secret').begin('olga', FROM)) ?? ''
    expect(await start(undefined).userOf(again)).toBeUndefined()
  })

  it('ends when nobody uses it for half a day, and goes on while somebody does', async () => {
    const sessions = start('secret')
    const used = (await sessions.begin('olga', FROM)) ?? ''
    const left = (await sessions.begin('olga', FROM)) ?? ''
    await clock.advance(11 * HOUR)
    expect(await sessions.userOf(used)).toMatchObject({ name: 'olga' })
    await clock.advance(2 * HOUR)
    expect(await sessions.userOf(left)).toBeUndefined()
    expect(await sessions.userOf(used)).toMatchObject({ name: 'olga' })
  })

  it('ends after a week in any case', async () => {
    const sessions = start('secret')
    const token = (await sessions.begin('olga', FROM)) ?? ''
    for (let day = 0; day < 14; day++) {
      await clock.advance(11.9 * HOUR)
      await sessions.userOf(token)
    }
    await clock.advance(11.9 * HOUR)
    expect(await sessions.userOf(token)).toBeUndefined()
  })

  it('is none of a name that nobody has', async () => {
    expect(await start('secret').begin('nobody', FROM)).toBeUndefined()
  })

  it('is kept without what would open another one; a damaged file only costs a login', async () => {
    const token = (await start('secret').begin('olga', FROM)) ?? ''
    expect(readFileSync(path, 'utf8')).not.toContain(token)
    writeFileSync(path, '{"salt":')
    expect(await start('secret').userOf(token)).toBeUndefined()
    expect(await start('secret').begin('olga', FROM)).toMatch(/.{40}/)
  })

  it('is shown to its user with where it was begun, and ended alone or with all the others', async () => {
    const sessions = start('secret')
    const here = (await sessions.begin('olga', FROM)) ?? ''
    await clock.advance(1_000)
    const phone = (await sessions.begin('olga', { address: '192.0.2.8', client: 'Phone' })) ?? ''
    const third = (await sessions.begin('olga', FROM)) ?? ''
    const shown = await sessions.of('olga', here)
    expect(shown.map(({ address, isThis }) => [address, isThis]).toSorted()).toEqual([
      ['192.0.2.7', false],
      ['192.0.2.7', true],
      ['192.0.2.8', false],
    ])
    const ofPhone = shown.find(({ client }) => client === 'Phone')?.id ?? ''
    expect(sessions.endOf('sam', { id: ofPhone })).toBe(0)
    expect(sessions.endOf('olga', { id: ofPhone })).toBe(1)
    expect(await sessions.userOf(phone)).toBeUndefined()
    expect(sessions.endOf('olga', { butThatOf: here })).toBe(1)
    expect(await sessions.userOf(third)).toBeUndefined()
    expect(await sessions.userOf(here)).toMatchObject({ name: 'olga' })
    expect(await start('secret').of('olga', here)).toMatchObject([{ address: '192.0.2.7', isThis: true }])
  })
  it('ends for a user who begins fifty more, whose others stay, and for nobody else', async () => {
    const sessions = start('secret')
    const first = (await sessions.begin('olga', FROM)) ?? ''
    for (let more = 0; more < 50; more++) await sessions.begin('olga', FROM)
    expect(await sessions.userOf(first)).toBeUndefined()
    expect(await sessions.of('olga', undefined)).toHaveLength(50)
  })
})
