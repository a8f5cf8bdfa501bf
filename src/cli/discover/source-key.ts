import { readFileSync } from 'node:fs'
import { Secrets } from '../../config/secrets.ts'
import { PenstockError } from '../../core/errors.ts'
import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import type { Environment } from '../configuration.ts'

/** The API key of this one source, from where `run` takes it; throws SECRET_MISSING. */
export const sourceKey = ({ key, apiKeyEnv }: ChirpStackSourceConfig, env: Environment): string =>
  secretIn(env, apiKeyEnv, `the API key of the source "${key}"`)

/** The secret `variable`, which is `what`, from where `run` takes it; throws SECRET_MISSING. */
export function secretIn(env: Environment, variable: string, what: string): string {
  const secrets = new Secrets({ env, readFile: (path) => readFileSync(path, 'utf8') })
  const answer = secrets.read({ variable, what, path: variable, needed: true })
  if (answer.ok) return answer.value
  throw new PenstockError('SECRET_MISSING', `${answer.problem.message} ${answer.problem.mend}`)
}
