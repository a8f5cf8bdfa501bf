import { createSecureContext } from 'node:tls'
import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js'
import type { Milliseconds } from '../../core/clock.ts'
import { describeError, PenstockError } from '../../core/errors.ts'
import { type TlsMaterial, trustedAuthorities } from '../tls-material.ts'

/** How soon a connection that carries nothing any more is noticed; ChirpStack itself sends no keepalive. */
export interface Keepalive {
  readonly everyMs: Milliseconds
  readonly timeoutMs: Milliseconds
}

export const defaultKeepalive: Keepalive = { everyMs: 30_000, timeoutMs: 10_000 }

const MOST_RECONNECT_BACKOFF: Milliseconds = 15_000

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** The way to a server. */
export interface Way {
  /** `http://host:port` (plain HTTP/2, all that ChirpStack itself offers) or `https://host:port` (TLS by a proxy before it). */
  readonly url: string
  /** `http://host:port` of an HTTP proxy, `none`, or `environment`: as the environment's `https_proxy` and so on say. */
  readonly proxy?: string | undefined
  /** Only for https; undefined: the system's certificate authorities and no client certificate. */
  readonly tls?: TlsMaterial | undefined
  readonly keepalive?: Keepalive | undefined
}

/** A ChirpStack server as gRPC needs it. */
export interface Endpoint {
  /** Where connections go: `host:port`, with `[]` around an IPv6 address; that of the proxy where there is one. */
  readonly target: string
  readonly credentials: ChannelCredentials
  readonly options: ChannelOptions
  /** The server itself. */
  readonly server: HostPort
  readonly secure: boolean
  /** The HTTP proxy that the configuration names. */
  readonly proxy: HostPort | undefined
}

/** Throws CONFIG_INVALID for an address that is none, and for TLS files that do not fit together. */
export function endpointOf({ url, proxy = 'environment', tls, keepalive = defaultKeepalive }: Way): Endpoint {
  const { secure, ...server } = hostPortOf(
    url,
    'The address of a ChirpStack server is http://host:port or https://host:port',
  )
  const explicit = proxy !== 'none' && proxy !== 'environment'
  const through = explicit ? hostPortOf(proxy, 'The address of an HTTP proxy is http://host:port') : undefined
  const authority = `${server.host}:${server.port}`
  return {
    target: through ? `${through.host}:${through.port}` : authority,
    credentials: secure ? secureCredentials(tls) : credentials.createInsecure(),
    options: {
      'grpc.keepalive_time_ms': keepalive.everyMs,
      'grpc.keepalive_timeout_ms': keepalive.timeoutMs,
      'grpc.keepalive_permit_without_calls': 1,
      'grpc.max_reconnect_backoff_ms': MOST_RECONNECT_BACKOFF,
      // Channels to one address share connections otherwise, and streams at a proxy's limit would starve the calls.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_http_proxy': proxy === 'environment' ? 1 : 0,
      'grpc.default_authority': tls?.serverName === undefined ? authority : `${tls.serverName}:${server.port}`,
      ...(tls?.serverName === undefined ? {} : { 'grpc.ssl_target_name_override': tls.serverName }),
      // What grpc-js itself sets for a proxy of the environment; the only way to have one for this channel alone.
      ...(through ? { 'grpc.http_connect_target': `dns:${authority}` } : {}),
    },
    server,
    secure,
    proxy: through && { host: through.host, port: through.port },
  }
}

function hostPortOf(url: string, refusal: string): HostPort & { readonly secure: boolean } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const secure = parsed?.protocol === 'https:'
  if (!parsed || !(secure || parsed.protocol === 'http:') || parsed.hostname === '' || hasMore(parsed)) {
    throw new PenstockError('CONFIG_INVALID', refusal)
  }
  return { host: parsed.hostname, port: Number(parsed.port || (secure ? 443 : 80)), secure }
}

const hasMore = ({ pathname, search, hash, username, password }: URL): boolean =>
  pathname !== '/' || `${search}${hash}${username}${password}` !== ''

function secureCredentials(tls: TlsMaterial | undefined): ChannelCredentials {
  try {
    const context = createSecureContext({
      ca: [...trustedAuthorities(tls)],
      ...(tls?.client ? { cert: tls.client.certificate, key: tls.client.key } : {}),
      minVersion: 'TLSv1.2',
    })
    return credentials.createFromSecureContext(context)
  } catch (error) {
    const message = `The files of tls do not fit together (${describeError(error)}). Check that each holds what it should`
    throw new PenstockError('CONFIG_INVALID', message)
  }
}

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
