import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Database from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { UserChange } from '../../../src/core/user.ts'
import { AuditLog } from '../../../src/store/audit.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { UserAccounts } from '../../../src/store/user-accounts.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

const by = { user: 'root', origin: 'cli' } as const
const hash = `$scrypt$ln=14,r=8,p=5$${'a'.repeat(22)}$${'b'.repeat(43)}`

let folder: string
let database: Database.Database
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-users-'))
  database = openPenstockDatabase(folder)
})
afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true, force: true })
})

function make(configured: ConstructorParameters<typeof UserAccounts>[0]['configured'] = []) {
  const { log, logged } = recordingLogger()
  const told: string[][] = []
  const accounts = new UserAccounts({
    database,
    configured,
    clock: new ManualClock(),
    log,
    onChange: (users) => told.push(users.map(({ name }) => name)),
  })
  const change = (asked: UserChange) => accounts.change(asked, by)
  return { accounts, change, told, logged }
}

const add = (name: string, role: 'Operator' | 'SecurityAdmin' = 'Operator'): UserChange => ({
  action: 'add',
  name,
  roles: [role],
  passwordHash: hash,
})

describe('users in the data folder', () => {
  it('are there again after a restart, and each change was told and is in the audit log without the password', () => {
    const { change, told } = make()
    change(add('olga'))
    change({ action: 'roles', name: 'olga', roles: ['Engineer', 'ConfigureAdmin'] })
    change({ action: 'certificate', name: 'olga', thumbprint: 'ab'.repeat(20), add: true })
    change({ action: 'disable', name: 'olga' })

    expect(told).toEqual([['olga'], ['olga'], ['olga'], ['olga']])
    expect(make().accounts.list()).toMatchObject([
      { name: 'olga', roles: ['Engineer', 'ConfigureAdmin'], certificates: ['ab'.repeat(20)], disabled: true },
    ])
    const rows = new AuditLog(database).page(10)
    expect(rows.map(({ action, subject }) => `${action} ${subject}`)).toEqual([
      'user.disable olga',
      'user.certificate olga',
      'user.roles olga',
      'user.add olga',
    ])
    expect(JSON.stringify([rows, make().accounts.list()])).not.toContain('scrypt')
  })

  it.each<[string, UserChange, string]>([
    ['a second user of a name', add('olga'), 'already'],
    ['a name that is none', add('o l g a'), '1 to 64'],
    ['no role', { action: 'roles', name: 'olga', roles: [] }, 'needs a role'],
    ['a password that is no hash', { action: 'password', name: 'olga', passwordHash: 'plain' }, 'hash'],
    ['a user who is not there', { action: 'disable', name: 'emil' }, 'no user'],
    [
      'a thumbprint that is none',
      { action: 'certificate', name: 'olga', thumbprint: 'x', add: true },
      '40 hexadecimal',
    ],
  ])('%s is refused in words, changes nothing, and is in the audit log', (_case, asked, words) => {
    const { accounts, change, told } = make()
    change(add('olga'))

    expect(change(asked)).toEqual({ refused: expect.stringContaining(words) })

    expect(told).toHaveLength(1)
    expect(accounts.list()).toHaveLength(1)
    expect(new AuditLog(database).page(1)).toMatchObject([{ outcome: 'refused' }])
  })

  it.each(['remove', 'disable'] as const)('the last administrator cannot be lost by %s', (action) => {
    const { change } = make()
    change(add('sam', 'SecurityAdmin'))

    expect(change({ action, name: 'sam' })).toHaveProperty('refused')
    change(add('eve', 'SecurityAdmin'))
    expect(change({ action, name: 'sam' })).toHaveProperty('users')
  })

  it('of the configuration are shown and cannot be changed here', () => {
    const { accounts, change } = make([{ name: 'olga', password: 'secret of olga', role: 'SecurityAdmin' }])

    expect(accounts.list()).toMatchObject([{ name: 'olga', origin: 'environment' }])
    expect(change({ action: 'remove', name: 'olga' })).toEqual({ refused: expect.stringContaining('opcua.users') })
    expect(change(add('olga'))).toHaveProperty('refused')
    expect(JSON.stringify(accounts.list())).not.toContain('secret of olga')
  })
})

describe('the first administrator', () => {
  it('is made of what the environment gives, once, and can log in', async () => {
    const { accounts } = make()
    await accounts.begin({ name: 'admin', password: 'first password of all' })
    await accounts.begin({ name: 'other', password: 'first password of all' })

    expect(accounts.list().map(({ name }) => name)).toEqual(['admin'])
    const user = await accounts.login('admin', 'first password of all', '127.0.0.1')
    expect(user?.roles).toEqual(['Engineer', 'ConfigureAdmin', 'SecurityAdmin'])
  })

  it.each(['', 'admin', 'changeme1234', 'administrator'])('is refused with the password %j', async (password) => {
    const { accounts } = make()

    await expect(accounts.begin({ name: 'admin', password })).rejects.toMatchObject({ code: 'USER_REFUSED' })
    expect(accounts.list()).toEqual([])
  })

  it('is missed in the log where nobody may administer security, and there is no default one', async () => {
    const { accounts, logged } = make()
    await accounts.begin(undefined)

    expect(accounts.haveAdministrator).toBe(false)
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('PENSTOCK_ADMIN') }),
    )
  })
})

it('a login that is refused over HTTP is in the audit log, and many of them are few entries', async () => {
  const { accounts } = make()
  for (let attempt = 0; attempt < 5; attempt++) await accounts.login('nobody', 'always the same', '127.0.0.1')
  accounts.stop()

  const rows = new AuditLog(database).page(10)
  expect(rows).toHaveLength(2)
  expect(rows[0]).toMatchObject({ action: 'http.login', outcome: 'refused', details: { repeated: 4 } })
  expect(JSON.stringify(rows)).not.toContain('always the same')
}, 30_000)
