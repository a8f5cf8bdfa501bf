import { Secrets } from '../../config/secrets.ts'
import type { Environment } from '../configuration.ts'
import { ConfigurationRefused } from '../configuration-refused.ts'
import { readSecretFile } from '../secret-file.ts'

export const ADMIN_USER = 'PENSTOCK_ADMIN_USER'
const ADMIN_PASSWORD = 'PENSTOCK_ADMIN_PASSWORD'
const DEFAULT_NAME = 'admin'

/**
 * The first administrator as the environment names it; undefined where it names none. Throws ConfigurationRefused for a
 * name without a password, or a password that cannot be read.
 */
export function firstAdministrator(env: Environment): { name: string; password: string } | undefined {
  const isGiven = [ADMIN_USER, ADMIN_PASSWORD, `${ADMIN_PASSWORD}_FILE`].some((name) => env[name] !== undefined)
  if (!isGiven) return undefined
  const secrets = new Secrets({ env, readFile: readSecretFile })
  const what = 'the password of the first administrator'
  const answer = secrets.read({ variable: ADMIN_PASSWORD, what, path: ADMIN_PASSWORD, needed: true })
  if (!answer.ok) throw new ConfigurationRefused('the environment', [answer.problem])
  return { name: env[ADMIN_USER] ?? DEFAULT_NAME, password: answer.value }
}
