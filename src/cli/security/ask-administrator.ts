import type { Config } from '../../config/schema.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { addressOf } from '../gateway/address.ts'
import { jsonOf, requestGateway } from '../gateway/request.ts'
import { askPassword, type PasswordInput } from './typed-password.ts'

const ANSWER_WITHIN_MS = 20_000

/** Whoever asks a running gateway: in the environment as for the client commands, or asked for. */
export interface AdministratorFlags {
  readonly as?: string | undefined
  readonly url?: string | undefined
}

/**
 * Asks a running gateway as one of its users, mostly an administrator; a body makes it a change. Throws ClientFailure: usage without a user,
 * refused, or unreachable.
 */
export async function askAdministrator<Answer>(
  config: Config,
  asked: { readonly path: string; readonly method?: string; readonly body?: object | undefined },
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
  const answered = await requestGateway(gateway, {
    method: asked.method ?? (asked.body ? 'POST' : 'GET'),
    path: asked.path,
    headers: {
      Authorization: `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`,
      'User-Agent': 'penstock',
    },
    body: asked.body,
    withinMs: ANSWER_WITHIN_MS,
  })
  if (answered.status === 204) return undefined as Answer
  const answer = jsonOf(answered)
  if (answered.ok && answer !== undefined) return answer as Answer
  const { error, detail } = (answer ?? {}) as { error?: unknown; detail?: unknown }
  const words = error ?? detail
  throw new ClientFailure(
    ExitCode.refused,
    typeof words === 'string'
      ? words
      : `${gateway.url.origin} answers ${answered.status}: is it the HTTP port of Penstock?`,
  )
}
