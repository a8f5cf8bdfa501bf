import { describe, expect, it } from 'vitest'
import { OpenSecretError, Secrets } from '../../../src/config/secrets.ts'
import { configOf, linesOf } from './loading.ts'

const plant = `
opcua: { users: [{ name: operator, role: Observer }] }
sources:
  - { key: lora, kind: chirpstack, url: 'http://c', tenantId: 52f14cd4-c6f1-4fbd-8f87-4025e1d49242 }
`
const withPassword = { PENSTOCK_OPERATOR_PASSWORD: 'pa55' }
const use = { variable: 'NAME', what: 'the password', path: 'opcua.users[0].passwordEnv', needed: true }

const read = (env: Record<string, string>, content: string | Error = '') =>
  new Secrets({
    env,
    readFile: () => {
      if (content instanceof Error) throw content
      return content
    },
  }).read(use)

describe('a secret', () => {
  it('is the value of its variable, as it is', () => {
    expect(read({ NAME: ' s3cret\n' })).toEqual({ ok: true, value: ' s3cret\n' })
  })

  it.each(['s3cret', 's3cret\n', 's3cret\r\n'])(
    'is the content of its file without the newline at the end: %j',
    (content) => {
      expect(read({ NAME_FILE: '/run/secrets/name' }, content)).toEqual({ ok: true, value: 's3cret' })
    },
  )

  it.each(['changeme', 'CHANGE-ME', '<api key>', 'your api key', 'xxxx', 'password', ' TODO '])(
    'is refused where it is a placeholder: %j',
    (value) => {
      const answer = read({ NAME: value }, '')
      expect(answer).toMatchObject({ ok: false, problem: { message: expect.stringContaining('placeholder') } })
      expect(read({ NAME_FILE: '/run/secrets/name' }, `${value}\n`).ok).toBe(false)
    },
  )

  it.each([
    ['is not set', {}, '', 'The environment variable NAME, which holds the password, is not set.'],
    ['is empty', { NAME: '' }, '', 'The environment variable NAME, which holds the password, is empty.'],
    ['is given twice', { NAME: 's3cret', NAME_FILE: '/s3cret' }, '', 'both NAME and NAME_FILE are set'],
    [
      'is in an empty file',
      { NAME_FILE: '/s3cret' },
      '\n',
      'The file that NAME_FILE names, which holds the password, is empty.',
    ],
    [
      'is in a file that cannot be read',
      { NAME_FILE: 's3cret' },
      Object.assign(new Error("ENOENT: no such file, open 's3cret'"), { code: 'ENOENT' }),
      'The file that NAME_FILE names, which holds the password, cannot be read (ENOENT).',
    ],
    [
      'is in a file that everybody can read',
      { NAME_FILE: '/s3cret' },
      new OpenSecretError(),
      'Everybody on this machine can read the file that NAME_FILE names, which holds the password.',
    ],
  ])('is refused in words that do not show it when it %s', (_, env, content, words) => {
    const answer = read(env, content)
    const problem = answer.ok ? undefined : answer.problem
    expect(problem?.message).toContain(words)
    expect(problem?.path).toBe('opcua.users[0].passwordEnv')
    expect(JSON.stringify(problem)).not.toContain('s3cret')
  })
})

describe('the secrets that a configuration names', () => {
  it('must all be there to run, and are said where the file names them', () => {
    expect(linesOf(plant, { requireSecrets: true })).toEqual([
      expect.stringContaining(
        'line 2: opcua.users[0].passwordEnv: The environment variable PENSTOCK_OPERATOR_PASSWORD',
      ),
      expect.stringContaining('line 4: sources[0].apiKeyEnv: The environment variable PENSTOCK_LORA_API_KEY'),
    ])
    expect(linesOf(plant)).toEqual([])
  })

  it('are said to be missing also while other settings are wrong', () => {
    const lines = linesOf(`${plant}\nhtpp: {}`, { requireSecrets: true })
    expect(lines).toHaveLength(3)
    expect(lines.join('\n')).toMatch(/PENSTOCK_OPERATOR_PASSWORD[\s\S]*PENSTOCK_LORA_API_KEY[\s\S]*htpp/)
  })

  it('are read from wherever each is', () => {
    const env = { ...withPassword, PENSTOCK_LORA_API_KEY_FILE: '/run/secrets/lora' }
    const readFile = (path: string) => (path === '/run/secrets/lora' ? 'k3y\n' : '')
    const config = configOf(plant, { env, readFile, requireSecrets: true })
    expect(new Secrets({ env, readFile }).collect({ users: config.opcua.users, sources: config.sources })).toEqual({
      ok: true,
      secrets: { PENSTOCK_OPERATOR_PASSWORD: 'pa55', PENSTOCK_LORA_API_KEY: 'k3y' },
    })
  })

  it('include the key of a client certificate', () => {
    const tls = plant.replace(
      "url: 'http://c'",
      "url: 'https://c', tls: { certificateFile: /c.pem, keyEnv: PENSTOCK_C_KEY }",
    )
    const env = { ...withPassword, PENSTOCK_LORA_API_KEY: 'k3y' }
    expect(linesOf(tls, { env, requireSecrets: true })).toEqual([
      expect.stringContaining('sources[0].tls.keyEnv: The environment variable PENSTOCK_C_KEY'),
    ])
    expect(linesOf(tls, { env: { ...env, PENSTOCK_C_KEY: 'pem' }, requireSecrets: true })).toEqual([])
  })

  it('need not be there for a source that is disabled', () => {
    const disabled = plant.replace('kind:', 'disabled: true, kind:')
    expect(linesOf(disabled, { env: withPassword, requireSecrets: true })).toEqual([])
  })
})

describe('a secret in the file itself', () => {
  it.each([
    ['opcua: { users: [{ name: operator, role: Observer, password: hunter2 }] }', 'PENSTOCK_OPERATOR_PASSWORD'],
    ['sources: [{ key: lora, kind: chirpstack, apiKey: hunter2 }]', 'PENSTOCK_LORA_API_KEY'],
    ['sources: [{ key: lora, kind: chirpstack, api_token: hunter2 }]', 'PENSTOCK_LORA_API_KEY'],
  ])('is refused with the variable that it belongs into: %s', (text, variable) => {
    const lines = linesOf(text).filter((line) => line.includes('A secret must not stand in the configuration file.'))
    expect(lines).toEqual([expect.stringContaining(`${variable} or a file named by ${variable}_FILE`)])
  })

  it.each([
    'opcua: { users: [{ name: operator, role: Observer, password: hunter2 }] }',
    'opcua: { users: [{ name: operator, role: Observer, passwordEnv: hunter2 }] }',
    'opcua: { users: [{ name: operator, role: Observer, passwrd: { is: hunter2 } }] }',
    'opcua: { users: [hunter2] }',
    'opcua: { users: hunter2 }',
    'opcua: { users: [{ name: [hunter2], role: { password: hunter2 } }] }',
    'sources: [{ key: plc, kind: s7, host: h, password: hunter2 }]',
    'sources: [{ key: lora, kind: chirpstack, url: "http://user:hunter2@host" }]',
    'sources: [{ key: lora, kind: chirpstack, apiKeyEnv: "hunter2" }]',
    'sources: [{ key: lora, kind: chirpstack, proxy: "http://user:hunter2@host" }]',
    'sources: [{ key: lora, kind: chirpstack, tls: { keyEnv: hunter2 } }]',
    'sources: [{ key: lora, kind: chirpstack, tls: { privateKey: hunter2 } }]',
    'sources: [{ key: lora, kind: chirpstack, tls: { key: hunter2 } }]',
    'sources: [{ key: lora, kind: chirpstack, tls: hunter2 }]',
    'password: hunter2',
    'password: "hunter2',
    'password: @hunter2',
    'password: "\\hunter2"',
    'password: !hunter2 x',
    'password: *hunter2',
    'password: hunter2: hunter2',
  ])('is never shown: %s', (text) => {
    const lines = linesOf(text)
    expect(lines).not.toEqual([])
    expect(lines.join('\n')).not.toContain('hunter2')
  })
})
