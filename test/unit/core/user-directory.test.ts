import { beforeAll, describe, expect, it, vi } from 'vitest'
import { hashPassword } from '../../../src/core/password.ts'
import type { UserRecord } from '../../../src/core/user.ts'
import { UserDirectory } from '../../../src/core/user-directory.ts'
import { recordingLogger } from '../../support/opcua-room.ts'

const PASSWORD = 'a password for tests'
const THUMBPRINT = 'ab'.repeat(20)
let passwordHash: string
beforeAll(async () => {
  passwordHash = await hashPassword(PASSWORD)
})

const record = (more: Partial<UserRecord> = {}): UserRecord => ({
  name: 'emil',
  roles: ['Engineer'],
  passwordHash,
  certificates: [THUMBPRINT],
  disabled: false,
  createdAt: 0,
  changedAt: 0,
  ...more,
})

function make(...records: UserRecord[]) {
  const { log, logged } = recordingLogger()
  const configured = [{ name: 'olga', password: 'from the environment', role: 'Observer' as const }]
  const directory = new UserDirectory({ configured, log })
  directory.show(records)
  return { directory, logged }
}

describe('who may log in', () => {
  it('are the users of the configuration and those of the database, each with their own password', async () => {
    const { directory } = make(record())

    expect(await directory.verify('olga', 'from the environment')).toMatchObject({ name: 'olga', roles: ['Observer'] })
    expect(await directory.verify('emil', PASSWORD)).toMatchObject({ name: 'emil', roles: ['Engineer'] })
    expect(await directory.verify('olga', PASSWORD)).toBeUndefined()
    expect(await directory.verify('nobody', PASSWORD)).toBeUndefined()
  })

  it('is decided by the environment where both have a user of the same name', async () => {
    const { directory } = make(record({ name: 'olga', roles: ['SecurityAdmin'] }))

    expect(await directory.verify('olga', PASSWORD)).toBeUndefined()
    expect(directory.find('olga')?.roles).toEqual(['Observer'])
    expect(directory.findByCertificate(THUMBPRINT)).toBeUndefined()
  })

  it('is nobody who is disabled, by password or certificate', async () => {
    const { directory } = make(record({ disabled: true }))

    expect(await directory.verify('emil', PASSWORD)).toBeUndefined()
    expect(directory.findByCertificate(THUMBPRINT)).toBeUndefined()
  })

  it('is nobody by password who has only a certificate', async () => {
    const { directory } = make(record({ passwordHash: null }))

    expect(await directory.verify('emil', '')).toBeUndefined()
    expect(directory.findByCertificate(THUMBPRINT)?.name).toBe('emil')
  })
})

describe('a password that was right', () => {
  it('is so no more as soon as the user has another one, also where it was right a moment ago', async () => {
    const { directory } = make(record())
    expect(await directory.verify('emil', PASSWORD)).toBeDefined()
    const stamp = directory.find('emil')?.stamp

    directory.show([record({ passwordHash: await hashPassword('another one of emil') })])

    expect(await directory.verify('emil', PASSWORD)).toBeUndefined()
    expect(directory.find('emil')?.stamp).not.toBe(stamp)
  })

  it('lets nobody in who was removed while it was checked', async () => {
    const { directory } = make(record())
    const checking = directory.verify('emil', PASSWORD)

    directory.show([])

    expect(await checking).toBeUndefined()
  })
})

it('a flood of passwords is refused beyond what can wait, and said once', async () => {
  const { log, logged } = recordingLogger()
  const checked: string[] = []
  const { promise: slow, resolve: end } = Promise.withResolvers<boolean>()
  const isRight = (password: string) => {
    checked.push(password)
    return slow
  }
  const directory = new UserDirectory({ configured: [], log, isRight })
  const guesses = Array.from({ length: 300 }, (_none, guess) => directory.verify('emil', `guess ${guess}`))

  expect(await Promise.race(guesses)).toBeUndefined()
  await vi.waitFor(() => expect(checked).toHaveLength(2))
  end(false)
  expect(await Promise.all(guesses)).toEqual(guesses.map(() => undefined))
  expect(checked).toHaveLength(202)
  expect(logged.filter(({ message }) => message.startsWith('Logins are refused'))).toHaveLength(1)
})
