import type { Config } from '../../config/schema.ts'
import { describeError } from '../../core/errors.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { askPassword, type PasswordInput } from './typed-password.ts'

const ANSWER_WITHIN_MS = 20_000

/** Whoever asks a running gateway: in the environment as for the client commands, or asked for. */
export interface AdministratorFlags {
  readonly as?: string | undefined
  readonly url?: string | undefined
}

/**
 * Asks a running gateway as its administrator; `body` makes it a change. Throws ClientFailure: usage without a user,
 * refused, or unreachable.
 */
export async function askAdministrator<Answer>(
  config: Config,
  path: string,
  flags: AdministratorFlags,
  input: PasswordInput,
  body?: object,
): Promise<Answer> {
  const user = flags.as ?? input.env.PENSTOCK_USER
  if (user === undefined) {
    const message =
      'The gateway runs, so it is asked: name an administrator with --as or PENSTOCK_USER. Where there is none yet, ' +
      'stop the gateway: then this command needs none'
    throw new ClientFailure(ExitCode.usage, message)
  }
  const password = await askPassword(
    { variable: 'PENSTOCK_PASSWORD', prompt: `Password of ${user}`, isNew: false },
    input,
  )
  const base = flags.url ?? `http://127.0.0.1:${config.http.port}`
  let response: Response
  try {
    response = await fetch(new URL(path, base), {
      method: body ? 'POST' : 'GET',
      headers: {
        Authorization: `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`,
        'User-Agent': 'penstock',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    })
  } catch (cause) {
    const message = `The gateway runs, but does not answer at ${base} (${describeError(cause)}): give the address of its HTTP port with --url`
    throw new ClientFailure(ExitCode.unreachable, message)
  }
  const answer: unknown = await response.json().catch(() => undefined)
  if (response.ok && answer !== undefined) return answer as Answer
  const { error } = (answer ?? {}) as { error?: unknown }
  throw new ClientFailure(
    ExitCode.refused,
    typeof error === 'string' ? error : `${base} answers ${response.status}: is it the HTTP port of Penstock?`,
  )
}
