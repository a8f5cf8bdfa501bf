import { request } from 'node:http'
import { connect } from 'node:tls'
import { InternalServiceClient } from '@chirpstack/chirpstack-api/api/internal_grpc_pb.js'
import { Metadata, status } from '@grpc/grpc-js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import type { PenstockError } from '../../core/errors.ts'
import type { Endpoint } from './endpoint.ts'
import { RpcError, rpcError } from './rpc-error.ts'
import { troubleOf } from './trouble.ts'

interface Limits {
  readonly clock: Clock
  readonly timeoutMs: Milliseconds
  readonly signal: AbortSignal
}

/** Troubles of which grpc-js says too little, so that another look tells more. */
const VAGUE = ['away', 'closed', 'cut']

/**
 * Looks again at a connection that failed, where gRPC's words leave the cause open, and answers with a better cause or
 * with the same one. It never rejects, and no key goes over the wire.
 */
export async function lookCloser(failure: PenstockError, endpoint: Endpoint, limits: Limits): Promise<PenstockError> {
  if (!(failure instanceof RpcError)) return failure
  const { name } = failure.trouble
  const { host, port } = endpoint.server
  const what = `The connection to ${host}:${port}`
  if (name === 'key refused') return (await keylessAnswer(endpoint, limits)) ?? failure
  if (!VAGUE.includes(name)) return failure
  const said = endpoint.proxy ? await proxyRefusal(endpoint, limits) : await tlsOnPlain(endpoint, limits)
  return said === undefined ? failure : rpcError(what, { code: status.UNAVAILABLE, details: said })
}

/**
 * ChirpStack answers InternalService.Settings without a key: where even that is refused, it is not ChirpStack that
 * refuses. Undefined where it was answered, or not answered at all.
 */
function keylessAnswer(endpoint: Endpoint, limits: Limits): Promise<PenstockError | undefined> {
  const client = new InternalServiceClient(endpoint.target, endpoint.credentials, endpoint.options)
  return within(limits, (answer) => {
    client.settings(new emptyPb.Empty(), new Metadata(), (error) => {
      const refused = error?.code === status.UNAUTHENTICATED
      const what = `InternalService.Settings at ${endpoint.server.host}:${endpoint.server.port}, which ChirpStack answers without a key,`
      const trouble = troubleOf({ code: status.PERMISSION_DENIED, details: '' })
      answer(refused ? new RpcError(what, trouble, error.details) : undefined)
    })
    return () => client.close()
  })
}

/** What the HTTP proxy of the configuration says to a CONNECT; undefined where it connects. */
function proxyRefusal({ proxy, server }: Endpoint, limits: Limits): Promise<string | undefined> {
  const authority = `${server.host}:${server.port}`
  const name = `the HTTP proxy ${proxy?.host}:${proxy?.port}`
  return within(limits, (answer) => {
    const asked = request({
      ...(proxy && unbracketed(proxy)),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority },
    })
    const judge = (code: number | undefined) =>
      answer(code === 200 ? undefined : `${name} answers ${code} instead of connecting`)
    asked.on('connect', ({ statusCode }) => judge(statusCode))
    asked.on('response', ({ statusCode }) => judge(statusCode))
    asked.on('error', ({ message }) => answer(`${name} cannot be used (${message})`))
    asked.end()
    return () => asked.destroy()
  })
}

/** Whether a server that cuts plain HTTP/2 off speaks TLS. The handshake is all that happens, so nothing is trusted. */
function tlsOnPlain({ secure, server }: Endpoint, limits: Limits): Promise<string | undefined> {
  if (secure) return Promise.resolve(undefined)
  return within(limits, (answer) => {
    const socket = connect({ ...unbracketed(server), rejectUnauthorized: false, ALPNProtocols: ['h2'] })
    socket.on('secureConnect', () => answer('the server speaks TLS'))
    socket.on('error', ({ message }) => answer(/alert/.test(message) ? 'the server speaks TLS' : undefined))
    socket.on('close', () => answer(undefined))
    return () => socket.destroy()
  })
}

const unbracketed = ({ host, port }: { host: string; port: number }) => ({ host: host.replace(/^\[|\]$/g, ''), port })

/** The first answer of `begin`, or undefined at the limits; then what `begin` returned ends it. */
function within<T>(
  { clock, timeoutMs, signal }: Limits,
  begin: (answer: (found: T | undefined) => void) => () => void,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    let answered = false
    const answer = (found: T | undefined) => {
      if (answered) return
      answered = true
      cancelTimeout()
      signal.removeEventListener('abort', giveUp)
      end()
      resolve(found)
    }
    const giveUp = () => answer(undefined)
    const cancelTimeout = clock.after(timeoutMs, giveUp)
    signal.addEventListener('abort', giveUp, { once: true })
    const end = begin(answer)
  })
}
