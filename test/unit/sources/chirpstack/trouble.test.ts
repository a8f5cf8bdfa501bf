import { status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { rpcError } from '../../../../src/sources/chirpstack/rpc-error.ts'

const subject = {
  url: 'https://lora.plant:443',
  tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
  apiKeyEnv: 'PENSTOCK_LORA_API_KEY',
}
const none = (error: string) => `No connection established. Last error: ${error}. Resolution note: `
const http = (code: number) => `Received HTTP status code ${code}`
const NODE_HINT = '; if the root CA is installed locally, try running Node.js with --use-system-ca'
const openssl = (words: string, alert = '') =>
  none(`Error: 409D84D34F7F0000:error:0A000410:SSL routines:f:${words}:../deps/openssl/x.c:918:${alert}\n`)

/** What came, as grpc-js 1.14 and Node 24 say it; what it is; what is said of it; what is to be done. */
const cases: readonly (readonly [status, string, string, string, RegExp, RegExp])[] = [
  [16, http(401), 'proxy login', 'ACCESS_DENIED', /proxy that wants a login/, /pass the authorization header/],
  [16, http(407), 'proxy login', 'ACCESS_DENIED', /wants a login/, /no login/],
  [7, http(403), 'proxy forbids', 'ACCESS_DENIED', /forbidden by a proxy/, /Allow this gateway/],
  [14, http(429), 'proxy throttles', 'CONNECTION_LOST', /limits requests/, /Raise the limit/],
  [14, http(502), 'proxy alone', 'CONNECTION_LOST', /proxy that does not reach ChirpStack/, /ChirpStack runs/],
  [14, http(503), 'proxy alone', 'CONNECTION_LOST', /does not reach ChirpStack.*503/, /where the proxy/],
  [14, http(504), 'proxy alone', 'CONNECTION_LOST', /does not reach ChirpStack/, /where the proxy/],
  [12, http(404), 'no gRPC', 'PROTOCOL_VIOLATION', /web server or a proxy/, /pass gRPC/],
  [13, http(400), 'no gRPC', 'PROTOCOL_VIOLATION', /web server or a proxy/, /pass gRPC/],
  [2, http(301), 'no gRPC', 'PROTOCOL_VIOLATION', /web server or a proxy/, /pass gRPC/],
  [16, 'no authorization provided', 'key stripped', 'ACCESS_DENIED', /without the API key/, /removes or changes/],
  [16, 'InvalidSignature', 'key foreign', 'ACCESS_DENIED', /another ChirpStack server/, /Make one.*PENSTOCK_LORA/],
  [16, 'InvalidToken', 'no key', 'ACCESS_DENIED', /no API key of ChirpStack/, /Make one under API keys/],
  [16, '', 'key refused', 'ACCESS_DENIED', /was refused \(/, /deleted.*another tenant.*tenant id is wrong/],
  [7, 'RBAC: access denied', 'forbidden', 'ACCESS_DENIED', /something before ChirpStack/, /pass gRPC/],
  [3, 'UUID', 'tenant', 'REQUEST_REFUSED', /not accepted: UUID/, /Check the tenant id 52f14cd4/],
  [5, 'Object does not exist', 'tenant', 'REQUEST_REFUSED', /not accepted/, /UUID in the address/],
  [12, 'unknown service api.X', 'not ChirpStack', 'PROTOCOL_VIOLATION', /no ChirpStack v4/, /version 4/],
  [14, none('Error: certificate has expired'), 'certificate expired', 'CONNECTION_LOST', /has expired \(/, /Renew/],
  [
    14,
    none('Error: certificate is not yet valid'),
    'certificate not yet valid',
    'CONNECTION_LOST',
    /not valid yet/,
    /clock/,
  ],
  [
    14,
    none("Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: a. is not b"),
    'certificate name',
    'CONNECTION_LOST',
    /for another name: Hostname\/IP does not match/,
    /tls\.serverName/,
  ],
  [
    14,
    none(`Error: unable to verify the first certificate${NODE_HINT}`),
    'certificate not trusted',
    'CONNECTION_LOST',
    /not trusted: unable to verify the first certificate \(/,
    /tls\.caFile/,
  ],
  [
    14,
    none(`Error: self-signed certificate${NODE_HINT}`),
    'certificate not trusted',
    'CONNECTION_LOST',
    /not trusted/,
    /tls\.caFile/,
  ],
  [
    14,
    none('Error: unable to get local issuer certificate'),
    'certificate not trusted',
    'CONNECTION_LOST',
    /not trusted/,
    /chain/,
  ],
  [
    14,
    openssl('tlsv13 alert certificate required', 'SSL alert number 116'),
    'client certificate demanded',
    'ACCESS_DENIED',
    /demands a client certificate \(/,
    /tls\.certificateFile/,
  ],
  [
    14,
    openssl('ssl/tls alert handshake failure', 'SSL alert number 40'),
    'client certificate refused',
    'ACCESS_DENIED',
    /does not accept the one it gets/,
    /know the authority/,
  ],
  [
    14,
    openssl('tlsv1 alert unknown ca', 'SSL alert number 48'),
    'client certificate refused',
    'ACCESS_DENIED',
    /TLS handshake/,
    /know the authority/,
  ],
  [
    14,
    openssl('tlsv1 alert no application protocol', 'SSL alert number 120'),
    'no HTTP/2',
    'PROTOCOL_VIOLATION',
    /speaks TLS but not HTTP\/2/,
    /http2 on/,
  ],
  [
    14,
    openssl('wrong version number'),
    'no TLS',
    'PROTOCOL_VIOLATION',
    /does not speak TLS/,
    /http:\/\/ in place of https/,
  ],
  [14, 'the server speaks TLS', 'TLS', 'PROTOCOL_VIOLATION', /speaks TLS, on an http address/, /https:\/\/ in place/],
  [
    14,
    none('Error: Client network socket disconnected before secure TLS connection was established'),
    'TLS cut',
    'CONNECTION_LOST',
    /broke the TLS handshake off/,
    /TLS 1\.2/,
  ],
  [
    14,
    'the HTTP proxy p:3128 answers 403 instead of connecting',
    'forward proxy refuses',
    'CONNECTION_LOST',
    /the HTTP proxy p:3128 answers 403/,
    /proxy to none/,
  ],
  [
    14,
    'Name resolution failed for target dns:nowhere.invalid:80',
    'unknown host',
    'CONNECTION_LOST',
    /host name is not known/,
    /DNS/,
  ],
  [
    14,
    none('Error: connect ECONNREFUSED 127.0.0.1:1'),
    'nothing listens',
    'CONNECTION_LOST',
    /nothing listens/,
    /runs and can be reached/,
  ],
  [
    14,
    none('Error: connect EHOSTUNREACH 10.0.0.9:80'),
    'unreachable',
    'CONNECTION_LOST',
    /cannot be reached/,
    /firewalls/,
  ],
  [
    14,
    none('Protocol error (2026-11-21T10:15:14.822Z)'),
    'no HTTP/2',
    'PROTOCOL_VIOLATION',
    /not speak HTTP\/2/,
    /pass gRPC/,
  ],
  [14, 'Connection dropped: keepalive timeout', 'keepalive', 'CONNECTION_LOST', /nothing came through/, /reached/],
  [8, 'Bandwidth exhausted or memory limit exceeded', 'throttled', 'CONNECTION_LOST', /throttled/, /Raise the limits/],
  [8, 'Received message larger than max (6198894 vs 4194304)', 'too large', 'PROTOCOL_VIOLATION', /too large/, /log/],
  [13, 'Received RST_STREAM with code 2 (Internal server error)', 'cut', 'CONNECTION_LOST', /was cut/, /reached/],
  [14, 'Stream refused by server. Received RST_STREAM with code 7', 'cut', 'CONNECTION_LOST', /was cut/, /reached/],
  [14, 'Connection dropped', 'cut', 'CONNECTION_LOST', /was cut/, /reached/],
  [0, '', 'cut', 'CONNECTION_LOST', /ended by the server/, /reached/],
  [1, 'Call cancelled', 'cut', 'CONNECTION_LOST', /has no connection/, /reached/],
  [13, 'Redis: Connection refused', 'Redis', 'PROTOCOL_VIOLATION', /Redis is down/, /Redis/],
  [13, '', 'database', 'PROTOCOL_VIOLATION', /database is down/, /PostgreSQL/],
  [13, 'Invalid hex string', 'inside', 'PROTOCOL_VIOLATION', /failed inside ChirpStack: Invalid hex/, /log/],
  [4, 'Deadline exceeded', 'deadline', 'TIMEOUT', /not answered in time/, /reached/],
  [
    14,
    none('Failed to connect (2026-11-21T10:15:14.845Z)'),
    'closed',
    'CONNECTION_LOST',
    /closed it at once \(/,
    /client certificate/,
  ],
  [14, none('undefined'), 'away', 'CONNECTION_LOST', /has no connection \(/, /reached/],
  [99 as status, 'odd', 'other', 'PROTOCOL_VIOLATION', /status 99: odd/, /log/],
]

describe('what is said of a call that ends', () => {
  it.each(cases)('with %i %s is "%s"', (code, details, name, expected, said, mend) => {
    const error = rpcError('A call', { code, details })
    expect(error.trouble.name).toBe(name)
    expect(error.code).toBe(expected)
    expect(error.message).toMatch(said)
    expect(error.trouble.mend(subject)).toMatch(mend)
  })

  it.each(cases)('with %i %s is one plain line, the same at any time', (code, details) => {
    const { message } = rpcError('A call', { code, details })
    expect(message).not.toMatch(/\n|deps\/openssl|Resolution note|\d{4}-\d\d-\d\dT|use-system-ca|undefined/)
  })

  it('blames Redis only for a stream, since calls do not need it', () => {
    const ended = { code: status.INTERNAL, details: '' }
    expect(rpcError('The stream', ended, 'stream').message).toContain('while its Redis or its database is down')
    expect(rpcError('A call', ended).message).not.toContain('Redis')
  })
})
