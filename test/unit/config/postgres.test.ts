import { describe, expect, it } from 'vitest'
import { configOf, linesOf, load } from './loading.ts'

const plant = 'sources: []'
const withSink = (settings: string) => `{ sinks: { postgres: { host: db, ${settings} } }, sources: [] }`
const password = { PENSTOCK_POSTGRES_PASSWORD: 'x' }

describe('PostgreSQL in the configuration', () => {
  it('is off unless somebody names a server', () => {
    expect(configOf(plant).sinks.postgres).toBeUndefined()
    expect(configOf(plant, { env: password }).sinks.postgres).toBeUndefined()
  })

  it('is on with nothing but a server, be it from the environment', () => {
    const expected = {
      host: 'db',
      port: 5_432,
      database: 'penstock',
      user: 'penstock',
      passwordEnv: 'PENSTOCK_POSTGRES_PASSWORD',
      schema: 'penstock',
      timeoutMs: 30_000,
      maxSize: 1_000_000_000,
    }
    expect(configOf(withSink('')).sinks.postgres).toMatchObject(expected)
    const env = { ...password, PENSTOCK_POSTGRES_HOST: 'db', PENSTOCK_POSTGRES_PORT: '5433' }
    const loaded = load(plant, { env, requireSecrets: true })
    expect(loaded).toMatchObject({
      ok: true,
      config: { sinks: { postgres: { ...expected, port: 5_433 } } },
      secrets: password,
    })
  })

  it('needs its password, which is not a part of it', () => {
    const [line] = linesOf(withSink('passwordEnv: DB_PASSWORD'), { requireSecrets: true })
    expect(line).toContain('DB_PASSWORD, which holds the password of PostgreSQL, is not set')
    expect(linesOf(withSink('password: hunter2'))[0]).not.toContain('hunter2')
  })

  it('takes no schema that needs quotes, and no half of a client certificate', () => {
    expect(linesOf(withSink("schema: 'a\"; DROP'"))).toHaveLength(1)
    expect(linesOf(withSink('schema: pg_catalog'))).toHaveLength(1)
    expect(linesOf(withSink('tls: { certificateFile: a.pem }'))[0]).toContain('belong together')
    expect(linesOf(withSink('tls: { certificateFile: a.pem, keyFile: a.key, keyEnv: KEY }'))).toHaveLength(1)
    expect(linesOf(withSink('tls: {}'))).toEqual([])
  })
})
