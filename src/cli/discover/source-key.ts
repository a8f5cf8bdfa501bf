import { readFileSync } from 'node:fs'
import { keptIn, Secrets } from '../../config/secrets.ts'
import { PenstockError } from '../../core/errors.ts'
import type { ChirpStackSourceConfig } from '../../core/plant.ts'
import type { Environment } from '../configuration.ts'

/** The API key of this one source, from where `run` takes it; throws SECRET_MISSING. */
export const sourceKey = ({ key, apiKeyEnv }: ChirpStackSourceConfig, env: Environment, dataFolder: string): string =>
  secretIn(env, apiKeyEnv, `the API key of the source "${key}"`, dataFolder)

/** The secret `variable`, which is `what`, from where `run` takes it; throws SECRET_MISSING. */
export function secretIn(env: Environment, variable: string, what: string, dataFolder?: string): string {
  const readFile = (path: string) => readFileSync(path, 'utf8')
  const kept = dataFolder === undefined ? undefined : keptIn(dataFolder, readFile)
  const secrets = new Secrets({ env, readFile, kept })
  const answer = secrets.read({ variable, what, path: variable, needed: true, keepable: true })
  if (answer.ok) return answer.value
  throw new PenstockError('SECRET_MISSING', `${answer.problem.message} ${answer.problem.mend}`)
}
