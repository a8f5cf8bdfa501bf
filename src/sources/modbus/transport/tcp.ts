import { connect, type Socket } from 'node:net'
import type { Clock, Milliseconds } from '../../../core/clock.ts'
import { PenstockError } from '../../../core/errors.ts'
import { ReceiveRoom } from './receive-room.ts'
import { StreamWire } from './stream-wire.ts'
import type { Wire } from './wire.ts'

export interface ConnectOptions {
  readonly host: string
  readonly port: number
  readonly timeoutMs: Milliseconds
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Keeps the state of routers alive and finds a peer that vanished without a word. */
const KEEP_ALIVE_AFTER: Milliseconds = 30_000

export const streamOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_AFTER } as const

/**
 * A TCP connection. Rejects with TIMEOUT, CONNECTION_LOST or, when `signal` aborts, STOPPED; then the socket is
 * destroyed, so that no attempt goes on behind.
 */
export async function connectTcp(options: ConnectOptions): Promise<Wire> {
  const { host, port } = options
  const room = new ReceiveRoom()
  const socket = connect({ host, port, ...streamOptions, onread: room.onread })
  await established(
    socket,
    'connect',
    options,
    (cause) =>
      new PenstockError('CONNECTION_LOST', explainConnectFailure(cause.code, host, port, 'Modbus TCP'), { cause }),
  )
  return new StreamWire(socket, `${host}:${port}`, undefined, room)
}

/** Resolves at the socket's event `ready`; until then the socket is destroyed at a failure, which `explain` words. */
export function established(
  socket: Socket,
  ready: 'connect' | 'secureConnect',
  { host, port, timeoutMs, clock, signal }: ConnectOptions,
  explain: (cause: NodeJS.ErrnoException) => PenstockError,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = () => {
      cancelTimeout()
      signal.removeEventListener('abort', onAbort)
      socket.off(ready, onReady)
      socket.off('error', onError)
      socket.off('close', onClose)
    }
    const fail = (error: PenstockError) => {
      finish()
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const onReady = () => {
      finish()
      resolve()
    }
    const onError = (cause: NodeJS.ErrnoException) => fail(explain(cause))
    const onClose = () => fail(new PenstockError('CONNECTION_LOST', `${host}:${port} closed the connection`))
    const onAbort = () => fail(new PenstockError('STOPPED', `Connecting to ${host}:${port} was ended`))
    const cancelTimeout = clock.after(timeoutMs, () => {
      const message = `No connection to ${host}:${port} within ${timeoutMs} ms; check its address, cable and firewall`
      fail(new PenstockError('TIMEOUT', message))
    })
    socket.once(ready, onReady)
    socket.once('error', onError)
    socket.once('close', onClose)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
  })
}

/** Why there is no connection, and what to check. `protocol` is what should be switched on there. */
export function explainConnectFailure(code: string | undefined, host: string, port: number, protocol: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `${host} refuses connections on port ${port}; check the port and that ${protocol} is switched on there`
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
