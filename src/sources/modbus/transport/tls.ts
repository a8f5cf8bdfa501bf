import { isIP } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { describeError, PenstockError } from '../../../core/errors.ts'
import { type TlsMaterial, trustedAuthorities } from '../../tls-material.ts'
import { StreamWire } from './stream-wire.ts'
import { type ConnectOptions, established, explainConnectFailure, streamOptions } from './tcp.ts'
import type { Wire } from './wire.ts'

export interface TlsConnectOptions extends ConnectOptions {
  /** Undefined: the system's authorities, and no client certificate. */
  readonly tls: TlsMaterial | undefined
}

/**
 * A TLS connection for MBAP (MODBUS/TCP Security Protocol Specification v36 §8: TLS 1.2 or later, both sides proved by
 * certificates). Rejects as `connectTcp` does, with ACCESS_DENIED where one side does not accept the other's
 * certificate, and with CONFIG_INVALID where the certificates and keys cannot be used at all.
 */
export async function connectTls({ tls, ...options }: TlsConnectOptions): Promise<Wire> {
  const { host, port } = options
  const endpoint = `${host}:${port}`
  const serverName = tls?.serverName ?? host
  const wanted: ConnectionOptions = {
    ...streamOptions,
    host,
    port,
    // RFC 6066 §3: an address is no server name to send, but the certificate is still compared with it.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ca: [...trustedAuthorities(tls)],
    ...(tls?.client ? { cert: tls.client.certificate, key: tls.client.key } : {}),
    minVersion: 'TLSv1.2',
  }
  const socket = begin(wanted)
  const explain = (cause: NodeJS.ErrnoException) => explainTls(cause, host, port)
  await established(socket, 'secureConnect', options, explain)
  // With TLS 1.3 a server looks at the client's certificate after the client holds the handshake for done.
  return new StreamWire(socket, endpoint, (cause) => {
    const found = certificateTrouble(cause)
    return found ? `${endpoint} ${found}` : `The connection to ${endpoint} broke`
  })
}

function begin(wanted: ConnectionOptions): ReturnType<typeof connect> {
  try {
    return connect(wanted)
  } catch (error) {
    const message = `The files of tls do not fit together (${describeError(error)}). Check that each holds what it should`
    throw new PenstockError('CONFIG_INVALID', message)
  }
}

function explainTls(cause: NodeJS.ErrnoException, host: string, port: number): PenstockError {
  const found = certificateTrouble(cause)
  if (found) return new PenstockError('ACCESS_DENIED', `${host}:${port} ${found}`, { cause })
  const noTls = /wrong version number|packet length too long|tls_validate_record_header|ECONNRESET/.test(textOf(cause))
  const message = noTls
    ? `${host}:${port} does not speak TLS 1.2 or later; check the port, or set transport to tcp where there is no TLS`
    : explainConnectFailure(cause.code, host, port, 'Modbus over TLS')
  return new PenstockError('CONNECTION_LOST', message, { cause })
}

/** Goes on after the name of the endpoint; undefined where certificates are not the trouble. */
function certificateTrouble(cause: Error): string | undefined {
  return troubles.find(([signs]) => signs.test(textOf(cause)))?.[1]
}

const textOf = (cause: NodeJS.ErrnoException): string => `${cause.code ?? ''} ${cause.message}`

const troubles: readonly (readonly [signs: RegExp, words: string])[] = [
  [
    /CERT_HAS_EXPIRED|certificate has expired/,
    'has a certificate that has expired; renew it, or correct the clock of this machine',
  ],
  [
    /CERT_NOT_YET_VALID|not yet valid/,
    'has a certificate that is not valid yet; check the clock of this machine and the certificate',
  ],
  [
    /ALTNAME|does not match certificate/i,
    'has a certificate for another name; write a name of the certificate as host, or set tls.serverName to one',
  ],
  [
    /SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|CERT_UNTRUSTED|INVALID_CA|CERT_SIGNATURE_FAILURE/,
    'has a certificate of an authority that is not trusted; name the certificate of that authority in tls.caFile',
  ],
  [
    /CERTIFICATE_REQUIRED|alert number 116/i,
    'demands a client certificate; set tls.certificateFile, and tls.keyFile or tls.keyEnv',
  ],
  [
    /alert (?:handshake failure|bad certificate|unknown ca|unsupported certificate|certificate (?:revoked|expired|unknown)|access denied|decrypt error)/i,
    'refuses us in the TLS handshake, as it does where it demands a client certificate or does not accept the one it gets; ' +
      'check tls.certificateFile and its key: the server must know the authority that issued the certificate',
  ],
]
