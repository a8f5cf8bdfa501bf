import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { isLoopback, isLoopbackHost } from '../../core/loopback.ts'

/** Where a request comes from, as far as it can be believed. */
export interface Asker {
  /** Of the connection; behind a proxy that is the proxy's. */
  readonly address: string
  /** From this machine, and to it by name: neither passed on by a proxy, nor by a name that somebody made up. */
  readonly isLocal: boolean
  /** Nobody between can read it. */
  readonly isPrivate: boolean
  /** What a browser says of the page that asks (Fetch Metadata). */
  readonly fetchSite: string | undefined
  readonly isBrowser: boolean
}

/** `behindProxy`: a proxy that ends TLS stands before the gateway, and its word is taken for it. */
export function askerOf(request: IncomingMessage, behindProxy: boolean): Asker {
  const { headers, socket } = request
  const address = socket.remoteAddress ?? 'unknown'
  const onMachine = isLoopback(address)
  const wasPassedOn = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
  const isLocal = onMachine && !wasPassedOn && isLoopbackHost(headers.host ?? '')
  const isEncrypted = (socket as Partial<TLSSocket>).encrypted === true
  const proxied = behindProxy && headers['x-forwarded-proto'] === 'https'
  const fetchSite = headers['sec-fetch-site']
  return {
    address,
    isLocal,
    isPrivate: isEncrypted || proxied || isLocal,
    fetchSite: typeof fetchSite === 'string' ? fetchSite : undefined,
    isBrowser: fetchSite !== undefined || headers.origin !== undefined,
  }
}

/**
 * Whether a request that changes something comes from our own page, or from no page at all: a page of another site
 * could otherwise use what the browser sends by itself.
 */
export function isOwnPage(request: IncomingMessage): boolean {
  const { headers } = request
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin'
  const { origin } = headers
  if (origin === undefined) return true
  return URL.canParse(origin) && new URL(origin).host === headers.host
}
