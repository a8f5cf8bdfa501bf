import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns'
import { PenstockError } from '../../../core/errors.ts'
import { type ConnectOptions, explainConnectFailure } from './tcp.ts'
import { lost, type Wire, type WireListener } from './wire.ts'

/**
 * A socket that sends to one peer and hears only it. It says nothing of whether anybody is there: that the first
 * request shows. Rejects as `connectTcp` does.
 */
export function openUdp({ host, port, timeoutMs, clock, signal }: ConnectOptions): Promise<Wire> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined
    let settled = false
    const finish = (): boolean => {
      if (settled) return false
      settled = true
      cancelTimeout()
      signal.removeEventListener('abort', onAbort)
      return true
    }
    const fail = (error: PenstockError) => {
      if (!finish()) return
      socket?.close()
      reject(error)
    }
    const refuse = (cause: NodeJS.ErrnoException) =>
      fail(lost(explainConnectFailure(cause.code, host, port, 'Modbus UDP'), cause))
    const onAbort = () => fail(new PenstockError('STOPPED', `Opening the way to ${host}:${port} was ended`))
    const cancelTimeout = clock.after(timeoutMs, () => {
      fail(
        new PenstockError('TIMEOUT', `The host name ${host} was not resolved within ${timeoutMs} ms; check the name`),
      )
    })
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) {
      onAbort()
      return
    }
    lookup(host, (failure, address, family) => {
      if (settled) return
      if (failure) {
        refuse(failure)
        return
      }
      const made = createSocket(family === 6 ? 'udp6' : 'udp4')
      socket = made
      made.once('error', refuse)
      made.connect(port, address, () => {
        made.off('error', refuse)
        if (finish()) resolve(new DatagramWire(made, `${host}:${port}`))
      })
    })
  })
}

class DatagramWire implements Wire {
  readonly endpoint: string
  readonly #socket: Socket
  #closed = false

  constructor(socket: Socket, endpoint: string) {
    this.#socket = socket
    this.endpoint = endpoint
  }

  listen({ data, lost: onLost }: WireListener): void {
    const { endpoint } = this
    this.#socket.on('message', data)
    this.#socket.on('error', (cause: NodeJS.ErrnoException) => {
      const refused = cause.code === 'ECONNREFUSED'
      const message = refused
        ? `${endpoint} refuses datagrams; check the port and that Modbus UDP is switched on there`
        : `The way to ${endpoint} broke`
      onLost(lost(message, cause))
    })
  }

  write(bytes: Buffer): void {
    this.#socket.send(bytes)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#socket.close()
  }
}
