import { isDeepStrictEqual } from 'node:util'
import { apiKeyEnvOf } from '../../config/names.ts'
import type { SecretUse } from '../../config/secrets.ts'
import type { ChirpStackSourceConfig, SourceConfig } from '../../core/plant.ts'

/** Why a key is not sent. */
export type Withheld = { readonly withheld: string }

/**
 * Whether a test may send what the variable of the API key holds to where the tried definition points: a key that the
 * running configuration names goes only where that sends it, on the same way; another one only where it is
 * the variable that is meant for this source, so that a test shows no other secret of the environment to anybody.
 */
export function mayCarry(
  tried: ChirpStackSourceConfig,
  running: readonly SourceConfig[],
  secrets: readonly SecretUse[],
): true | Withheld {
  const { apiKeyEnv } = tried
  const isUsed = secrets.some(({ variable }) => variable === apiKeyEnv)
  const owners = running.filter((source) => source.kind === 'chirpstack' && source.apiKeyEnv === apiKeyEnv)
  if (owners.some((owner) => owner.kind === 'chirpstack' && isDeepStrictEqual(wayOf(owner), wayOf(tried)))) return true
  if (isUsed) {
    return {
      withheld:
        `The running configuration sends ${apiKeyEnv} somewhere else, so a test does not send it to ${tried.url}. ` +
        'Type the API key for this test, or apply the change first.',
    }
  }
  if (apiKeyEnv === apiKeyEnvOf(tried.key)) return true
  return {
    withheld:
      `A test sends only ${apiKeyEnvOf(tried.key)}, the variable that is meant for the source "${tried.key}", and not ` +
      `${apiKeyEnv}. Type the API key for this test.`,
  }
}

/** Everything that decides who sees what is sent. */
const wayOf = ({ url, proxy = 'environment', tls }: ChirpStackSourceConfig) => ({
  url,
  proxy,
  caFile: tls?.caFile,
  serverName: tls?.serverName,
})
