import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js'
import type { Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'

/** How soon a connection that carries nothing any more is noticed; ChirpStack itself sends no keepalive. */
export interface Keepalive {
  readonly everyMs: Milliseconds
  readonly timeoutMs: Milliseconds
}

export const defaultKeepalive: Keepalive = { everyMs: 30_000, timeoutMs: 10_000 }

const MOST_RECONNECT_BACKOFF: Milliseconds = 15_000

/** A ChirpStack server as gRPC needs it. */
export interface Endpoint {
  /** `host:port`, with `[]` around an IPv6 address. */
  readonly target: string
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
}

/**
 * Reads `http://host:port` (plain HTTP/2, all that ChirpStack itself offers) or `https://host:port` (TLS by a proxy
 * before it, proved against the system's certificate authorities). Throws CONFIG_INVALID for any other text.
 */
export function endpointOf(url: string, keepalive: Keepalive = defaultKeepalive): Endpoint {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const secure = parsed?.protocol === 'https:'
  if (!parsed || !(secure || parsed.protocol === 'http:') || parsed.hostname === '' || hasMore(parsed)) {
    throw new PenstockError(
      'CONFIG_INVALID',
      'The address of a ChirpStack server is http://host:port or https://host:port',
    )
  }
  return {
    target: `${parsed.hostname}:${parsed.port || (secure ? 443 : 80)}`,
    credentials: secure ? credentials.createSsl() : credentials.createInsecure(),
    options: {
      'grpc.keepalive_time_ms': keepalive.everyMs,
      'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_reconnect_backoff_ms': MOST_RECONNECT_BACKOFF,
      // Channels to one address share connections otherwise, and streams at a proxy's limit would starve the calls.
      'grpc.use_local_subchannel_pool': 1,
    },
  }
}

const hasMore = ({ pathname, search, hash, username, password }: URL): boolean =>
  pathname !== '/' || `${search}${hash}${username}${password}` !== ''

/** The metadata that carries the API key. Throws CONFIG_INVALID, without the key, where it cannot be a key. */
export function authorization(apiKey: string, apiKeyEnv: string): Metadata {
  const key = apiKey.trim()
  if (!/^[\x21-\x7e]+$/.test(key)) {
    const message = `The API key in ${apiKeyEnv} is empty or has characters that no key has; copy it from ChirpStack again`
    throw new PenstockError('CONFIG_INVALID', message)
  }
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${key}`)
  return metadata
}
