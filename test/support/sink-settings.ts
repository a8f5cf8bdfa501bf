import type { PostgresConfig } from '../../src/core/sink.ts'

export const SINK_USER = { user: 'penstock', password: 'correct horse' }
export const PASSWORD_ENV = 'PENSTOCK_POSTGRES_PASSWORD'

export const sinkSettings = (port: number, settings: Partial<PostgresConfig> = {}): PostgresConfig => ({
  host: '127.0.0.1',
  port,
  database: 'plant',
  user: SINK_USER.user,
  passwordEnv: PASSWORD_ENV,
  schema: 'penstock',
  batchSize: 10_000,
  replayRate: 1_000_000,
  timeoutMs: 10_000,
  maxSize: 100_000_000,
  ...settings,
})
