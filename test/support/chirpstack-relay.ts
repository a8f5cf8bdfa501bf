import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A TCP relay before a server: the network between, which can be cut or turn into a black hole. */
export class Relay {
  readonly #server = createServer((client) => this.#join(client))
  readonly #target: number
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #frozen = false
  port = 0

  constructor(target: number) {
    this.#target = target
  }

  static async start(target: number): Promise<Relay> {
    const relay = new Relay(target)
    await relay.listen()
    return relay
  }

  /** Accepts connections, on the same port each time. */
  async listen(): Promise<void> {
    this.#server.listen(this.port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.port = (this.#server.address() as AddressInfo).port
  }

  /** From now on nothing is passed on in either direction, on old connections and new ones, and nothing is closed. */
  freeze(): void {
    this.#frozen = true
    for (const [client, server] of this.#pairs) {
      client.unpipe(server).pause()
      server.unpipe(client).pause()
    }
  }

  /** New connections are passed on again; the old ones stay dead. */
  thaw(): void {
    this.#frozen = false
  }

  /** Resets every connection and refuses new ones, as a host does whose server was killed. */
  async cut(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
    await closed
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.cut()
  }

  #join(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1')
    const pair = [client, server] as const
    this.#pairs.add(pair)
    const end = () => {
      this.#pairs.delete(pair)
      client.destroy()
      server.destroy()
    }
    for (const socket of pair) socket.on('error', end).on('close', end)
    if (this.#frozen) return
    client.pipe(server)
    server.pipe(client)
  }
}
