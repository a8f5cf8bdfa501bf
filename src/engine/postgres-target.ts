import type { Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { PostgresConfig } from '../core/sink.ts'
import type { PostgresTarget } from '../sinks/postgres/connection.ts'
import { readTlsMaterial, trustedAuthorities } from '../sources/tls-material.ts'

/**
 * What a connection needs, with the files and secrets that the settings name. Rejects with CONFIG_INVALID or
 * SECRET_MISSING, naming what is wrong and what to do.
 */
export async function postgresTargetOf(
  settings: PostgresConfig,
  secret: (name: string) => string | undefined,
  now: Milliseconds,
): Promise<PostgresTarget> {
  const { host, port, database, user, passwordEnv, timeoutMs } = settings
  const password = secret(passwordEnv)
  if (password === undefined) {
    throw new PenstockError('SECRET_MISSING', `The variable ${passwordEnv} with the password of PostgreSQL is not set`)
  }
  const target = { host, port, database, user, password, timeoutMs }
  if (!settings.tls) return { ...target, tls: undefined }
  const material = await readTlsMaterial(settings.tls, secret, now)
  const { client, serverName } = material
  return { ...target, tls: { ca: trustedAuthorities(material), client, serverName } }
}
