import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { ExitCode } from '../../../src/cli/client/failure.ts'
import { type TokenTask, token } from '../../../src/cli/security/token.ts'
import { openPenstockDatabase } from '../../../src/store/penstock-database.ts'
import { UserBook } from '../../../src/store/users.ts'

const by = { user: 'root', origin: 'cli' } as const
let folder: string
let lines: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'penstock-token-'))
  lines = []
  writeFileSync(join(folder, 'plant.yaml'), JSON.stringify({ gateway: { data: folder }, sources: [] }))
  const database = openPenstockDatabase(folder)
  const grafana = { action: 'add', name: 'grafana', roles: ['Operator'], passwordHash: null } as const
  new UserBook(database).change(grafana, by, 1, false)
  database.close()
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const run = (task: TokenTask, as: string | undefined = 'grafana') => {
  const out = { line: (text: string) => lines.push(text), notice: () => undefined }
  const stdin = Object.assign(new PassThrough(), { isTTY: false })
  const input = { env: {}, stdin, stderr: new PassThrough() }
  return token(task, { config: join(folder, 'plant.yaml'), as, json: true }, input as never, out as never)
}
const add = (rights: string[], days = 90): TokenTask => ({ action: 'add', name: 'dashboard', rights, days })

it('whoever may write the data folder makes, lists and revokes tokens while the gateway is stopped', async () => {
  expect(await run(add(['Read', 'command']))).toBe(ExitCode.ok)
  const made = JSON.parse(lines[0] ?? '') as { id: string; token: string; rights: string[] }
  expect(made).toMatchObject({ user: 'grafana', rights: ['read', 'command'], token: expect.stringContaining(made.id) })
  await run({ action: 'list', all: false })
  expect(JSON.parse(lines[1] ?? '')).toMatchObject([{ id: made.id, name: 'dashboard' }])
  expect(lines[1]).not.toContain(made.token)
  await run({ action: 'revoke', id: made.id }, undefined)
  await run({ action: 'list', all: true })
  expect(lines[3]).toBe('[]')
})

it.each<[string, TokenTask, string, number]>([
  ['a right that there is not', add(['fly']), 'grafana', ExitCode.usage],
  ['a right that the user has not', add(['configure']), 'grafana', ExitCode.refused],
  ['no end', add(['read'], 0), 'grafana', ExitCode.usage],
  ['a user who is none', add(['read']), 'nobody', ExitCode.refused],
  ['a token that is none', { action: 'revoke', id: 'none' }, 'grafana', ExitCode.refused],
])('%s is refused', async (_what, task, as, exitCode) => {
  await expect(run(task, as)).rejects.toMatchObject({ exitCode })
  expect(lines).toEqual([])
})
