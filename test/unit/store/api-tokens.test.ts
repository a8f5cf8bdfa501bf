import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Right, UserRole } from '../../../src/core/user.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { UserAccounts } from '../../../src/store/user-accounts.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

const by = { user: 'olga', origin: 'http' } as const
const passwordHash = `$scrypt$ln=14,r=8,p=5$${'a'.repeat(22)}$${'b'.repeat(43)}`
const HOUR = 3_600_000
const DAY = 24 * HOUR
const FROM = '192.0.2.7'

let folder: string
let database: Database.Database
let clock: ManualClock
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-tokens-'))
  database = openPenstockDatabase(folder)
  clock = new ManualClock()
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true })
})

function gateway(...roles: UserRole[]) {
  const { log } = recordingLogger()
  const accounts = new UserAccounts({ database, configured: [], clock, log, onChange: () => undefined })
  if (roles.length > 0) accounts.change({ action: 'add', name: 'olga', roles, passwordHash }, by)
  const { tokens } = accounts
  const make = (rights: readonly Right[], more: object = {}) => {
    const answer = tokens.make({ name: 'dashboard', user: 'olga', rights, days: 90, ...more }, by)
    if ('refused' in answer) throw new Error(answer.refused)
    return answer
  }
  const use = (token: string) => tokens.recognise(token, FROM, 'http')
  return { accounts, tokens, make, use }
}

const actions = () => new AuditLog(database).page(20).map(({ action, outcome }) => `${action} ${outcome}`)

describe('an API token', () => {
  it('stands for its user with its scope, also after a restart, and is nowhere on disk', async () => {
    const { token, made } = gateway('Operator').make(['read', 'command'])
    expect(token).toMatch(/^pst_[0-9a-f]{16}_[\w-]{43}$/)
    expect(made).toMatchObject({ user: 'olga', rights: ['read', 'command'], expiresAt: clock.now() + 90 * DAY })
    expect(gateway().use(token)).toMatchObject({
      user: {
        name: 'olga',
        rights: ['read', 'command'],
        roles: ['Observer', 'Operator'],
        token: { name: 'dashboard' },
      },
    })
    const secret = token.split('_').at(-1) as string
    for (const file of ['penstock.db', 'penstock.db-wal']) {
      expect(readFileSync(join(folder, file)).includes(secret)).toBe(false)
    }
    expect(new AuditLog(database).page(20)).toMatchObject([
      { action: 'token.add', subject: `olga/${made.id}`, outcome: 'done', details: { rights: ['read', 'command'] } },
      { action: 'user.add' },
    ])
  })

  it('gives no more than its maker has, when it is made and each time that it is used', () => {
    const { accounts, tokens, make, use } = gateway('Operator')
    const asked = { name: 'all', user: 'olga', rights: ['read', 'configure'], days: 1 } as const
    expect(tokens.make(asked, by)).toMatchObject({ refused: expect.stringContaining('not configure') })
    const { token } = make(['read', 'command'])
    accounts.change({ action: 'roles', name: 'olga', roles: ['ConfigureAdmin'] }, by)
    expect(use(token)).toMatchObject({ user: { rights: ['read'], roles: ['Observer'] } })
    accounts.change({ action: 'roles', name: 'olga', roles: ['Engineer'] }, by)
    expect(use(token)).toMatchObject({ user: { rights: ['read', 'command'] } })
  })

  it('is refused at once when its user is disabled, and gone for good when the user is removed', () => {
    const { accounts, tokens, make, use } = gateway('Operator', 'SecurityAdmin')
    accounts.change({ action: 'add', name: 'sam', roles: ['SecurityAdmin'], passwordHash }, by)
    const { token, made } = make(['read'])
    accounts.change({ action: 'disable', name: 'olga' }, by)
    expect(use(token)).toEqual({ refused: 'user' })
    expect(tokens.current(made.id)).toBeUndefined()
    accounts.change({ action: 'enable', name: 'olga' }, by)
    expect(tokens.current(made.id)).toMatchObject({ name: 'olga' })
    accounts.change({ action: 'remove', name: 'olga' }, by)
    accounts.change({ action: 'add', name: 'olga', roles: ['Operator'], passwordHash }, by)
    expect(use(token)).toEqual({ refused: 'unknown' })
    expect(tokens.list()).toEqual([])
  })

  it('of a user that the configuration has no more is revoked at the start', async () => {
    const configured = [{ name: 'conrad', password: 'conrad configured', role: 'Observer' }] as const
    const { log } = recordingLogger()
    const start = async (users: typeof configured | []) => {
      const accounts = new UserAccounts({ database, configured: users, clock, log, onChange: () => undefined })
      await accounts.begin(undefined)
      return accounts.tokens
    }
    const asked = { name: 'scripts', user: 'conrad', rights: ['read'], days: 1 } as const
    const answer = (await start(configured)).make(asked, by)
    expect((await start(configured)).list('conrad')).toHaveLength(1)
    expect((await start([])).list()).toEqual([])
    expect((await start(configured)).recognise('token' in answer ? answer.token : '', FROM, 'http')).toEqual({
      refused: 'unknown',
    })
    expect(actions()).toContain('token.revoke done')
  })

  it('ends at its day, and says so for a month', async () => {
    const { tokens, make, use } = gateway('Observer')
    const { token } = make(['read'], { days: 2 })
    await clock.advance(2 * DAY - 1)
    expect(use(token)).toHaveProperty('user')
    await clock.advance(1)
    expect(use(token)).toEqual({ refused: 'expired' })
    await clock.advance(31 * DAY)
    make(['read'], { name: 'next' })
    expect(tokens.list('olga').map(({ name }) => name)).toEqual(['next'])
  })

  it('is refused once it is revoked, with a row of the audit log for either', () => {
    const { tokens, make, use } = gateway('Observer')
    const { token, made } = make(['read'])
    expect(tokens.revoke(made.id, by)).toBe(true)
    expect(tokens.revoke(made.id, by)).toBe(false)
    expect(use(token)).toEqual({ refused: 'unknown' })
    expect(use(token)).toEqual({ refused: 'unknown' })
    expect(actions()).toEqual(['http.token refused', 'token.revoke done', 'token.add done', 'user.add done'])
  })

  it('is slow to guess, and taken where others guess: whoever has it did not', async () => {
    const { tokens, make, use } = gateway('Observer')
    const { token, made } = make(['read'])
    const guess = (at: number) => `pst_${made.id}_${String(at).padStart(43, 'x')}`
    for (let at = 0; at < 6; at++) use(guess(at))
    expect(use(guess(7))).toMatchObject({ lockedMs: expect.any(Number) })
    expect(use(token)).toHaveProperty('user')
    for (let at = 0; at < 30; at++) use(`pst_${String(at).padStart(16, '0')}_${'x'.repeat(43)}`)
    expect(use('pst_another')).toMatchObject({ lockedMs: expect.any(Number) })
    expect(use(token)).toHaveProperty('user')
    expect(tokens.recognise(guess(8), '192.0.2.99', 'http')).toEqual({ refused: 'unknown' })
    await clock.advance(120_000)
    expect(use('eyJhbGciOi')).toEqual({ refused: 'unknown' })
  })

  it('says when it was last used, and writes that once an hour at most', async () => {
    const { tokens, make, use } = gateway('Observer')
    const { token } = make(['read'])
    const begun = clock.now()
    use(token)
    const changes = () => database.prepare<[], number>('SELECT total_changes()').pluck().get()
    const before = changes()
    await clock.advance(HOUR - 1)
    for (let times = 0; times < 100; times++) use(token)
    expect(changes()).toBe(before)
    expect(tokens.list('olga')).toMatchObject([{ lastUsedAt: begun }])
    await clock.advance(1)
    use(token)
    expect(gateway().tokens.list('olga')).toMatchObject([{ lastUsedAt: begun + HOUR }])
  })

  it.each<[string, object, string]>([
    ['no name', { name: ' ' }, 'name'],
    ['a name that a terminal would obey', { name: 'a\u001b[2J' }, 'name'],
    ['no right', { rights: [] }, 'needs a right'],
    ['no end', { days: 10_000 }, '730 days'],
    ['another of the same name', { name: 'dashboard' }, 'already'],
    ['a user who is none', { user: 'nobody' }, 'no user'],
  ])('with %s is not made', (_what, wrong, words) => {
    const { tokens, make } = gateway('Observer')
    make(['read'])
    const asked = { name: 'second', user: 'olga', rights: ['read'] as const, days: 1, ...wrong }
    expect(tokens.make(asked, by)).toEqual({ refused: expect.stringContaining(words) })
    expect(tokens.list()).toHaveLength(1)
  })

  it('that makes another one gives no more and no longer than it has', () => {
    const { tokens, make, use } = gateway('Operator', 'SecurityAdmin')
    const first = use(make(['read', 'administerSecurity'], { days: 10 }).token)
    if (!('user' in first)) throw new Error('refused')
    const within = { rights: first.user.rights, expiresAt: first.user.token.expiresAt }
    const ask = (more: object) =>
      tokens.make({ name: 'second', user: 'olga', rights: ['read'], days: 5, ...more }, by, within)
    expect(ask({ rights: ['command'] })).toMatchObject({ refused: expect.stringContaining('not command') })
    expect(ask({ days: 11 })).toMatchObject({ refused: expect.stringContaining('outlast') })
    expect(ask({})).toHaveProperty('token')
  })
})
