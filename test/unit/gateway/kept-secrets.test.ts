import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keptIn, Secrets } from '../../../src/config/secrets.ts'
import type { AuditEntry } from '../../../src/core/audit.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { KeptSecrets } from '../../../src/gateway/kept-secrets.ts'

/** API keys that were typed at a page. */
const by = { user: 'carl', origin: 'http' } as const
const VARIABLE = 'PENSTOCK_LORA_API_KEY'
const readFile = (path: string) => readFileSync(path, 'utf8')

let dataFolder: string
let audited: AuditEntry[]
let told: number

beforeEach(() => {
  dataFolder = mkdtempSync(join(tmpdir(), 'penstock-secrets-'))
  audited = []
  told = 0
})
afterEach(() => rmSync(dataFolder, { recursive: true }))

const desk = (env: Record<string, string> = {}) =>
  new KeptSecrets({
    dataFolder,
    env,
    audit: { append: (entry) => void audited.push(entry) },
    clock: systemClock,
    onChange: async () => {
      told++
    },
  })
const read = (env: Record<string, string>, keepable?: true) =>
  new Secrets({ env, readFile, kept: keptIn(dataFolder, readFile) }).read({
    variable: VARIABLE,
    what: 'the API key',
    path: '',
    needed: true,
    ...(keepable && { keepable }),
  })

it('are in a file that only its owner can read, and in the audit log without what they are', async () => {
  await desk().keep(VARIABLE, 'first key', by)
  await desk().keep(VARIABLE, 'second key', by)
  const file = join(dataFolder, 'secrets', VARIABLE)
  expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
  expect((statSync(join(dataFolder, 'secrets')).mode & 0o777).toString(8)).toBe('700')
  expect(read({}, true)).toEqual({ ok: true, value: 'second key' })
  expect(told).toBe(2)
  expect(audited.map(({ action, subject }) => [action, subject])).toEqual([
    ['secret.keep', VARIABLE],
    ['secret.keep', VARIABLE],
  ])
  expect(JSON.stringify(audited)).not.toContain('second key')
})

it('give way to the environment, and are never the password of a user', async () => {
  await desk().keep(VARIABLE, 'typed', by)
  expect(read({ [VARIABLE]: 'of the environment' }, true)).toEqual({ ok: true, value: 'of the environment' })
  expect(read({}).ok).toBe(false)
  expect(desk({ [VARIABLE]: 'x' }).originOf(VARIABLE)).toBe('environment')
  expect(desk().originOf(VARIABLE)).toBe('kept')
  expect(await desk().forget(VARIABLE, by)).toBe(true)
  expect(await desk().forget(VARIABLE, by)).toBe(false)
  expect(desk().originOf(VARIABLE)).toBe('missing')
})
