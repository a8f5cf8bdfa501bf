import { type StatusObject, status } from '@grpc/grpc-js'
import type { ErrorCode } from '../../core/errors.ts'

/** How a call or a stream ended. */
export type Ended = Pick<StatusObject, 'code' | 'details'>

/** What the operator's mending is about. */
export interface Subject {
  readonly url: string
  readonly tenantId: string
  readonly apiKeyEnv: string
}

/** One way in which ChirpStack, or what stands before it, does not do what it was asked. */
export interface Trouble {
  readonly name: string
  readonly code: ErrorCode
  /** What was seen; follows the name of the call and the server. */
  readonly said: string
  /** What to do. */
  readonly mend: (subject: Subject) => string
  /** The text that came along is of no use to an operator. */
  readonly silent?: true
}

interface Row extends Trouble {
  readonly statuses?: readonly status[]
  readonly details?: RegExp
  /** True: only of event streams, which unlike the calls of the gateway need ChirpStack's Redis. */
  readonly stream?: true
}

const ownCa = ({ url }: Subject) =>
  `If ${url} has a certificate of an authority of your own, name that authority's certificate in tls.caFile; ` +
  'otherwise let the server send its whole chain.'
const reach = ({ url }: Subject) =>
  `Check that ChirpStack runs and can be reached at ${url}; it is tried again by itself.`
const look = () => "Look into ChirpStack's log; it is tried again by itself."
const newKey = ({ tenantId, apiKeyEnv }: Subject) =>
  `Make one under API keys of the tenant ${tenantId} and put it into ${apiKeyEnv}.`
const route = ({ url }: Subject) =>
  `Let the proxy at ${url} pass gRPC (HTTP/2 with trailers) on to ChirpStack, or give ChirpStack's own address.`
const clientCertificate = () =>
  'Check tls.certificateFile and its key: the server must know the authority that issued the certificate.'

/**
 * What each end of a call means, the first row that fits. The rules come from ChirpStack (`api/error.rs`, `api/auth`),
 * from gRPC's mapping of HTTP codes, and from the words of grpc-js, Node and OpenSSL for connections that fail.
 *
 * UNAUTHENTICATED with an empty text is ChirpStack's answer to a deleted key, a key of another tenant, a tenant that
 * does not exist and a device that does not exist alike.
 */
const rows: readonly Row[] = [
  // What HTTP says in gRPC's place: never ChirpStack, always something before it.
  {
    name: 'proxy login',
    code: 'ACCESS_DENIED',
    details: /HTTP status code (401|407)/,
    said: 'was refused by a proxy that wants a login',
    mend: ({ url }) =>
      `Let the proxy at ${url} pass the authorization header on to ChirpStack and ask for no login of its own.`,
  },
  {
    name: 'proxy forbids',
    code: 'ACCESS_DENIED',
    details: /HTTP status code 403/,
    said: 'was forbidden by a proxy',
    mend: ({ url }) => `Allow this gateway's address, and gRPC, at the proxy or firewall before ${url}.`,
  },
  {
    name: 'proxy throttles',
    code: 'CONNECTION_LOST',
    details: /HTTP status code 429/,
    said: 'was turned away by a proxy that limits requests',
    mend: ({ url }) => `Raise the limit of the proxy at ${url} for this gateway; it is tried again by itself.`,
  },
  {
    name: 'proxy alone',
    code: 'CONNECTION_LOST',
    details: /HTTP status code 50[234]/,
    said: 'reached a proxy that does not reach ChirpStack',
    mend: () => 'Check that ChirpStack runs, and where the proxy before it looks for it; it is tried again by itself.',
  },
  {
    name: 'no gRPC',
    code: 'PROTOCOL_VIOLATION',
    details: /HTTP status code \d+|content-type|trailers/i,
    said: 'was answered by a web server or a proxy, not by ChirpStack v4',
    mend: route,
  },
  // The API key.
  {
    name: 'key stripped',
    code: 'ACCESS_DENIED',
    statuses: [status.UNAUTHENTICATED],
    details: /no authorization provided|authorization metadata/i,
    said: 'reached ChirpStack without the API key',
    mend: ({ url }) =>
      `A proxy before ChirpStack removes or changes the authorization header: let the one at ${url} pass it on as it is.`,
  },
  {
    name: 'key foreign',
    code: 'ACCESS_DENIED',
    statuses: [status.UNAUTHENTICATED],
    details: /signature/i,
    said: 'was refused: the API key was signed by another ChirpStack server, or its api.secret was changed',
    mend: newKey,
  },
  {
    name: 'no key',
    code: 'ACCESS_DENIED',
    statuses: [status.UNAUTHENTICATED],
    details: /./,
    said: 'was refused: what was sent is no API key of ChirpStack',
    mend: newKey,
  },
  {
    name: 'key refused',
    code: 'ACCESS_DENIED',
    statuses: [status.UNAUTHENTICATED],
    said: 'was refused',
    mend: (subject) =>
      `The API key in ${subject.apiKeyEnv} is not valid for the tenant ${subject.tenantId}: it was deleted, it belongs to another tenant, or the tenant id is wrong. ${newKey(subject)}`,
  },
  {
    name: 'forbidden',
    code: 'ACCESS_DENIED',
    statuses: [status.PERMISSION_DENIED],
    said: 'was forbidden by something before ChirpStack, which itself never says so',
    mend: route,
  },
  {
    name: 'tenant',
    code: 'REQUEST_REFUSED',
    statuses: [status.INVALID_ARGUMENT, status.NOT_FOUND, status.FAILED_PRECONDITION, status.OUT_OF_RANGE],
    said: 'was not accepted',
    mend: ({ tenantId }) =>
      `Check the tenant id ${tenantId}: it is the UUID in the address of the tenant's page in ChirpStack.`,
  },
  {
    name: 'not ChirpStack',
    code: 'PROTOCOL_VIOLATION',
    statuses: [status.UNIMPLEMENTED],
    said: 'is unknown to the server, which so is no ChirpStack v4',
    mend: ({ url }) =>
      `Check that ${url} is ChirpStack's own port (8080 unless set otherwise), and ChirpStack version 4.`,
  },
  // TLS.
  {
    name: 'certificate expired',
    code: 'CONNECTION_LOST',
    silent: true,
    details: /certificate has expired|CERT_HAS_EXPIRED/,
    said: "has no connection: the server's certificate has expired",
    mend: ({ url }) => `Renew the certificate of ${url}, or correct the clock of this machine.`,
  },
  {
    name: 'certificate not yet valid',
    code: 'CONNECTION_LOST',
    silent: true,
    details: /certificate is not yet valid/,
    said: "has no connection: the server's certificate is not valid yet",
    mend: ({ url }) => `Check the clock of this machine, and the certificate of ${url}.`,
  },
  {
    name: 'certificate name',
    code: 'CONNECTION_LOST',
    details: /altname|does not match certificate/i,
    said: "has no connection: the server's certificate is for another name",
    mend: ({ url }) => `Write a name of the certificate in place of the host in ${url}, or set tls.serverName to one.`,
  },
  {
    name: 'certificate not trusted',
    code: 'CONNECTION_LOST',
    details:
      /self-signed certificate|unable to (?:verify|get)[\w ]*(?:certificate|issuer)|invalid CA|certificate chain|certificate signature|untrusted/i,
    said: "has no connection: the server's certificate is not trusted",
    mend: ownCa,
  },
  {
    name: 'client certificate demanded',
    code: 'ACCESS_DENIED',
    silent: true,
    details: /alert (?:certificate required|number 116)|alert number 116/,
    said: 'was refused: the server demands a client certificate',
    mend: () => 'Set tls.certificateFile, and tls.keyFile or tls.keyEnv, to a certificate that the server knows.',
  },
  {
    name: 'client certificate refused',
    code: 'ACCESS_DENIED',
    silent: true,
    details:
      /alert (?:handshake failure|bad certificate|unknown ca|unsupported certificate|certificate (?:revoked|expired|unknown)|access denied|decrypt error)/i,
    said: 'was refused in the TLS handshake, as it is when the server demands a client certificate or does not accept the one it gets',
    mend: clientCertificate,
  },
  {
    name: 'no HTTP/2',
    code: 'PROTOCOL_VIOLATION',
    silent: true,
    details: /no application protocol/,
    said: 'found a server that speaks TLS but not HTTP/2, which gRPC needs',
    mend: ({ url }) => `Switch HTTP/2 on at the server or proxy at ${url} (nginx: "http2 on" and grpc_pass).`,
  },
  {
    name: 'no TLS',
    code: 'PROTOCOL_VIOLATION',
    silent: true,
    details: /wrong version number|packet length too long|http request|tls_validate_record_header/,
    said: 'found a server that does not speak TLS',
    mend: ({ url }) => `Write http:// in place of https:// in ${url}, or give the port on which the proxy serves TLS.`,
  },
  {
    name: 'TLS',
    code: 'PROTOCOL_VIOLATION',
    silent: true,
    details: /speaks TLS/,
    said: 'found a server that speaks TLS, on an http address',
    mend: ({ url }) => `Write https:// in place of http:// in ${url}.`,
  },
  {
    name: 'TLS cut',
    code: 'CONNECTION_LOST',
    silent: true,
    details: /before secure TLS connection|SSL routines/,
    said: 'has no connection: the server broke the TLS handshake off',
    mend: ({ url }) =>
      `Check that ${url} serves TLS 1.2 or later, and whether it demands a client certificate (tls.certificateFile).`,
  },
  // The forward proxy.
  {
    name: 'forward proxy refuses',
    code: 'CONNECTION_LOST',
    details: /^the HTTP proxy/,
    said: 'has no connection',
    mend: ({ url }) =>
      `Let the HTTP proxy connect to the host and port of ${url}, or set proxy to none; it is tried again by itself.`,
  },
  // The way.
  {
    name: 'unknown host',
    code: 'CONNECTION_LOST',
    details: /name resolution failed|ENOTFOUND|EAI_AGAIN/i,
    said: 'has no connection: its host name is not known',
    mend: ({ url }) => `Check the name in ${url} and the DNS of this machine; it is tried again by itself.`,
  },
  {
    name: 'nothing listens',
    code: 'CONNECTION_LOST',
    details: /ECONNREFUSED/,
    said: 'has no connection: the host is there, but nothing listens on that port',
    mend: reach,
  },
  {
    name: 'unreachable',
    code: 'CONNECTION_LOST',
    details: /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN|ENETDOWN/,
    said: 'has no connection: the host cannot be reached',
    mend: ({ url }) => `Check the network, the firewalls and the address ${url}; it is tried again by itself.`,
  },
  {
    name: 'no HTTP/2',
    code: 'PROTOCOL_VIOLATION',
    silent: true,
    details: /Protocol error/i,
    said: 'found a server that does not speak HTTP/2, so no ChirpStack',
    mend: route,
  },
  {
    name: 'keepalive',
    code: 'CONNECTION_LOST',
    details: /keepalive/i,
    said: 'lost its connection: nothing came through any more',
    mend: reach,
  },
  {
    name: 'throttled',
    code: 'CONNECTION_LOST',
    statuses: [status.RESOURCE_EXHAUSTED],
    details: /bandwidth|calm|ping/i,
    said: 'was throttled by the server or a proxy',
    mend: ({ url }) => `Raise the limits of the proxy at ${url}; it is tried again by itself.`,
  },
  {
    name: 'too large',
    code: 'PROTOCOL_VIOLATION',
    statuses: [status.RESOURCE_EXHAUSTED],
    details: /larger than max/i,
    said: 'got an answer that is too large',
    mend: look,
  },
  {
    name: 'closed',
    code: 'CONNECTION_LOST',
    silent: true,
    details: /closed before HTTP\/2 began/,
    said: 'has no connection: the server closed it at once',
    mend: ({ url }) =>
      url.startsWith('https:')
        ? `The server at ${url} may not accept the client certificate (tls.certificateFile), or may not speak HTTP/2.`
        : `Check that ${url} is ChirpStack's own port (8080 unless set otherwise).`,
  },
  // How streams are cut.
  {
    name: 'cut',
    code: 'CONNECTION_LOST',
    details: /RST_STREAM|connection dropped|ECONNRESET|EPIPE|socket hang up|GOAWAY/i,
    said: 'was cut by the server or a proxy',
    mend: reach,
  },
  { name: 'cut', code: 'CONNECTION_LOST', statuses: [status.OK], said: 'was ended by the server', mend: reach },
  { name: 'cut', code: 'CONNECTION_LOST', statuses: [status.CANCELLED], said: 'has no connection', mend: reach },
  // ChirpStack's own parts.
  {
    name: 'Redis',
    code: 'PROTOCOL_VIOLATION',
    stream: true,
    statuses: [status.INTERNAL],
    said: 'was ended by an error inside ChirpStack, as it is while its Redis or its database is down',
    mend: () => "Check ChirpStack's Redis and database; it is tried again by itself.",
  },
  {
    name: 'Redis',
    code: 'PROTOCOL_VIOLATION',
    statuses: [status.INTERNAL],
    details: /redis/i,
    said: 'failed inside ChirpStack: its Redis is down',
    mend: () => 'Check the Redis server of ChirpStack; it is tried again by itself.',
  },
  {
    name: 'database',
    code: 'PROTOCOL_VIOLATION',
    statuses: [status.INTERNAL],
    details: /^$/,
    said: 'failed inside ChirpStack, as it does while its database is down',
    mend: () => "Check ChirpStack's database (PostgreSQL or SQLite) and its log; it is tried again by itself.",
  },
  {
    name: 'inside',
    code: 'PROTOCOL_VIOLATION',
    statuses: [status.INTERNAL],
    said: 'failed inside ChirpStack',
    mend: look,
  },
  {
    name: 'deadline',
    code: 'TIMEOUT',
    statuses: [status.DEADLINE_EXCEEDED],
    said: 'was not answered in time',
    mend: reach,
  },
  {
    name: 'away',
    code: 'CONNECTION_LOST',
    statuses: [status.UNAVAILABLE, status.RESOURCE_EXHAUSTED, status.ABORTED],
    said: 'has no connection',
    mend: reach,
  },
]

/** The words for how a call ended. */
export function troubleOf({ code, details }: Ended, of: 'call' | 'stream' = 'call'): Trouble {
  const row = rows.find(
    ({ statuses, details: words, stream }) =>
      (stream === undefined || of === 'stream') && (statuses?.includes(code) ?? true) && (words?.test(details) ?? true),
  )
  if (row) return row
  return {
    name: 'other',
    code: 'PROTOCOL_VIOLATION',
    said: `ended with ${status[code] ?? `status ${String(code)}`}`,
    mend: look,
  }
}
