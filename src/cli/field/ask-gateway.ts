import { describeError } from '../../core/errors.ts'
import { version } from '../../version.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'

const ANSWER_WITHIN_MS = 5_000

const exitCodes: Readonly<Record<number, number>> = {
  400: ExitCode.usage,
  404: ExitCode.unknownNode,
  503: ExitCode.unreachable,
  504: ExitCode.unreachable,
}

/**
 * What a running gateway answers at `path` of its HTTP port. Throws ClientFailure: as the answer's status says, or unreachable,
 * where nothing answers.
 */
export async function askGateway<Answer>(url: string, path: string, withinMs = ANSWER_WITHIN_MS): Promise<Answer> {
  const base = baseOf(url)
  let response: Response
  try {
    const headers = { 'User-Agent': `penstock-cli ${version}` }
    response = await fetch(new URL(path, base), { headers, signal: AbortSignal.timeout(withinMs) })
  } catch (cause) {
    const message = `No gateway answers at ${base.origin} (${describeError(cause)}): start it, or give the address of its HTTP port with --url`
    throw new ClientFailure(ExitCode.unreachable, message)
  }
  const body: unknown = await response.json().catch(() => undefined)
  if (response.ok && body !== undefined) return body as Answer
  const { error } = (body ?? {}) as { error?: unknown }
  if (typeof error === 'string') throw new ClientFailure(exitCodes[response.status] ?? ExitCode.refused, error)
  const message = `${base.origin} answers ${response.status} to ${path}: is it the HTTP port of Penstock?`
  throw new ClientFailure(ExitCode.refused, message)
}

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined
  if (base && ['http:', 'https:'].includes(base.protocol)) return base
  throw new ClientFailure(ExitCode.usage, `--url ${url} is no address such as http://127.0.0.1:8080`)
}
