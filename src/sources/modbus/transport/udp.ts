import { createSocket, type Socket } from 'node:dgram'
import { PenstockError } from '../../../core/errors.ts'
import type { NameAddresses } from './name-addresses.ts'
import { type ConnectOptions, explainConnectFailure } from './tcp.ts'
import { lost, type Wire, type WireListener } from './wire.ts'

export interface UdpOptions extends ConnectOptions {
  readonly addresses: NameAddresses
}

/**
 * A socket that sends to one peer and hears only it. It says nothing of whether anybody is there: that the first
 * request shows, and where nothing ever came, the next socket asks the next address of the name. Rejects as `connectTcp`
 * does.
 */
export function openUdp({ host, port, timeoutMs, clock, signal, addresses }: UdpOptions): Promise<Wire> {
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
    addresses.next(host).then(({ address, family }) => {
      if (settled) return
      const made = createSocket(family === 6 ? 'udp6' : 'udp4')
      socket = made
      made.once('error', refuse)
      made.connect(port, address, () => {
        made.off('error', refuse)
        const wasSilent = () => addresses.wasSilent(address)
        if (finish()) resolve(new DatagramWire(made, `${host}:${port}`, wasSilent))
      })
    }, refuse)
  })
}

class DatagramWire implements Wire {
  readonly endpoint: string
  readonly #socket: Socket
  readonly #wasSilent: () => void
  #heard = false
  #closed = false

  constructor(socket: Socket, endpoint: string, wasSilent: () => void) {
    this.#socket = socket
    this.endpoint = endpoint
    this.#wasSilent = wasSilent
  }

  listen({ data, lost: onLost }: WireListener): void {
    const { endpoint } = this
    this.#socket.on('message', (bytes) => {
      this.#heard = true
      data(bytes)
    })
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
    if (!this.#heard) this.#wasSilent()
    this.#socket.close()
  }
}
