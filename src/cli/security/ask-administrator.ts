import type { Config } from '../../config/schema.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { addressOf, type GatewayAddress } from '../gateway/address.ts'
import { jsonOf, requestGateway } from '../gateway/request.ts'
import { askPassword, type PasswordInput } from './typed-password.ts'

const ANSWER_WITHIN_MS = 20_000

/** Whoever asks a running gateway: in the environment as for the client commands, or asked for. */
export interface AdministratorFlags {
  readonly as?: string | undefined
  readonly url?: string | undefined
}

/** An operation of the gateway's API; `path` is below `/api/v1`. */
export interface AdministratorCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: object
}

/**
 * Asks a running gateway as one of its users, mostly an administrator, one call after the other; answers what the last one
 * did. Throws ClientFailure: usage without a user, refused, or unreachable.
 */
export async function askAdministrator<Answer>(
  config: Config,
  calls: readonly [...AdministratorCall[], AdministratorCall],
  flags: AdministratorFlags,
  input: PasswordInput,
): Promise<Answer> {
  const user = flags.as ?? input.env.PENSTOCK_USER
  if (user === undefined) {
    const message =
      'The gateway runs, so it is asked: name a user who may do this with --as or PENSTOCK_USER. Where there is none yet, ' +
      'stop the gateway: then this command needs none'
    throw new ClientFailure(ExitCode.usage, message)
  }
  const password = await askPassword(
    { variable: 'PENSTOCK_PASSWORD', prompt: `Password of ${user}`, isNew: false },
    input,
  )
  const gateway = addressOf(flags.url, config.http.port, config.gateway.data)
  const authorization = `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
  let answer: unknown
  for (const call of calls) answer = await asked(gateway, call, authorization)
  return answer as Answer
}

async function asked(
  gateway: GatewayAddress,
  { method, path, body }: AdministratorCall,
  authorization: string,
): Promise<unknown> {
  const answered = await requestGateway(gateway, {
    method,
    path: `/api/v1${path}`,
    headers: { Authorization: authorization, 'User-Agent': 'penstock' },
    body,
    withinMs: ANSWER_WITHIN_MS,
  })
  if (answered.status === 204) return undefined
  const answer = jsonOf(answered)
  if (answered.ok && answer !== undefined) return answer
  const { detail, errors = [] } = (answer ?? {}) as { detail?: unknown; errors?: { field: string; message: string }[] }
  const fields = errors
    .map(({ field, message }) => `${field}: ${message}`)
    .filter((each) => !each.endsWith(`: ${detail}`))
  throw new ClientFailure(
    ExitCode.refused,
    typeof detail === 'string'
      ? [detail, ...fields].join(' ')
      : `${gateway.url.origin} answers ${answered.status}: is it the HTTP port of Penstock?`,
  )
}
