import { X509Certificate } from 'node:crypto'
import { request as requestPlain } from 'node:http'
import { type RequestOptions, request as requestEncrypted } from 'node:https'
import { checkServerIdentity, getCACertificates } from 'node:tls'
import { describeError } from '../../core/errors.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import type { GatewayAddress } from './address.ts'

export interface Asked {
  readonly method: string
  /** From the root, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: object | undefined
  readonly withinMs: number
}

export interface Answered {
  readonly status: number
  readonly ok: boolean
  readonly body: Buffer
  /** Where it is to be asked instead. */
  readonly location: string | undefined
}

/**
 * Asks a running gateway. Throws ClientFailure (unreachable) where nothing answers, or something that is not the gateway
 * whose certificate is known.
 */
export async function requestGateway({ url, certificate }: GatewayAddress, asked: Asked): Promise<Answered> {
  const text = asked.body === undefined ? undefined : JSON.stringify(asked.body)
  const headers = { ...asked.headers, ...(text === undefined ? {} : { 'Content-Type': 'application/json' }) }
  const { method } = asked
  const options = { method, headers, agent: false, signal: AbortSignal.timeout(asked.withinMs) }
  const target = new URL(asked.path, url)
  const answered = await answerOf(target, options, certificate, text)
  if (answered.location?.startsWith('https:')) {
    throw new ClientFailure(ExitCode.usage, `The gateway at ${url.origin} speaks TLS: give --url https://${url.host}`)
  }
  return answered
}

async function answerOf(
  target: URL,
  options: RequestOptions,
  certificate: string | undefined,
  text: string | undefined,
): Promise<Answered> {
  try {
    return await new Promise<Answered>((resolve, reject) => {
      const request =
        target.protocol === 'https:'
          ? requestEncrypted(target, { ...options, ...trusting(certificate) })
          : requestPlain(target, options)
      request.on('error', reject)
      request.on('response', (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const status = response.statusCode ?? 0
          resolve({
            status,
            ok: status >= 200 && status < 300,
            body: Buffer.concat(chunks),
            location: response.headers.location,
          })
        })
      })
      request.end(text)
    })
  } catch (cause) {
    const message = `No gateway answers at ${target.origin} (${describeError(cause)}): start it, or give the address of its HTTP port with --url`
    throw new ClientFailure(ExitCode.unreachable, message)
  }
}

/** What was answered as JSON; undefined: it is none. */
export function jsonOf({ body }: Answered): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** The very certificate that the data folder has, by whatever name it is asked; any other as the system says. */
function trusting(known: string | undefined): RequestOptions {
  if (known === undefined) return {}
  const { raw } = new X509Certificate(known)
  return {
    ca: [known, ...getCACertificates('default')],
    allowPartialTrustChain: true,
    checkServerIdentity: (host, shown) => (raw.equals(shown.raw) ? undefined : checkServerIdentity(host, shown)),
  }
}
