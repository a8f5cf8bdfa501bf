import { version } from '../../version.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { GatewayAddress } from '../gateway/address.ts'
import { jsonOf, requestGateway } from '../gateway/request.ts'

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
export async function askGateway<Answer>(
  gateway: GatewayAddress,
  path: string,
  withinMs = ANSWER_WITHIN_MS,
): Promise<Answer> {
  const headers = { 'User-Agent': `penstock-cli ${version}` }
  const answered = await requestGateway(gateway, { method: 'GET', path, headers, withinMs })
  const body = jsonOf(answered)
  if (answered.ok && body !== undefined) return body as Answer
  const { error, detail } = (body ?? {}) as { error?: unknown; detail?: unknown }
  const words = error ?? detail
  if (typeof words === 'string') throw new ClientFailure(exitCodes[answered.status] ?? ExitCode.refused, words)
  const message = `${gateway.url.origin} answers ${answered.status} to ${path}: is it the HTTP port of Penstock?`
  throw new ClientFailure(ExitCode.refused, message)
}
