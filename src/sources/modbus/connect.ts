import { connect, type Socket } from 'node:net'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { PenstockError } from '../../core/errors.ts'

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: Milliseconds
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Keeps the state of routers alive and finds a peer that vanished without a word. */
const KEEP_ALIVE_AFTER: Milliseconds = 30_000

/**
 * A connected TCP socket. Rejects with TIMEOUT, CONNECTION_LOST or, when `signal` aborts, STOPPED; then the socket is
 * destroyed, so that no attempt goes on behind.
 */
export function connectSocket({ host, port, timeoutMs, clock, signal }: ConnectOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER })
    const finish = () => {
      cancelTimeout()
      signal.removeEventListener('abort', onAbort)
      socket.off('connect', onConnect)
      socket.off('error', onError)
    }
    const fail = (error: PenstockError) => {
      finish()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const onConnect = () => {
      finish()
      resolve(socket)
    }
    const onError = (cause: NodeJS.ErrnoException) => {
      fail(new PenstockError('CONNECTION_LOST', explain(cause.code, host, port), { cause }))
    }
    const onAbort = () => fail(new PenstockError('STOPPED', `Connecting to ${host}:${port} was ended`))
    const cancelTimeout = clock.after(timeoutMs, () => {
      const message = `No connection to ${host}:${port} within ${timeoutMs} ms; check its address, cable and firewall`
      fail(new PenstockError('TIMEOUT', message))
    })
    socket.once('connect', onConnect)
    socket.once('error', onError)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

function explain(code: string | undefined, host: string, port: number): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `${host} refuses connections on port ${port}; check the port and that Modbus TCP is switched on there`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The host name ${host} cannot be resolved; check the name, or give the IP address`
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `There is no route to ${host}; check its address and the network of this machine`
    default:
      return `No connection to ${host}:${port}`
  }
}
