import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'

/** A MSG chunk that went through (OPC 10000-6 §6.7.2), in the order in which it did. */
export interface TappedMessage {
  readonly from: 'client' | 'server'
  readonly tokenId: number
}

/** Stands between OPC UA clients and a server on this machine, and notes with which token each chunk was secured. */
export class MessageTap {
  readonly messages: TappedMessage[] = []
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async start(target: number): Promise<MessageTap> {
    const server = createServer()
    const tap = new MessageTap(server)
    server.on('connection', (client) => {
      const upstream = connect(target, '127.0.0.1')
      for (const [socket, other, from] of [
        [client, upstream, 'client'],
        [upstream, client, 'server'],
      ] as const) {
        socket.pipe(other)
        socket.on('error', () => other.destroy())
        socket.on('close', () => other.destroy())
        tap.#watch(socket, from)
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return tap
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    this.#server.close()
  }

  #watch(socket: NodeJS.ReadableStream, from: TappedMessage['from']): void {
    let pending = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      pending = Buffer.concat([pending, bytes])
      while (pending.length >= 16 && pending.length >= pending.readUInt32LE(4)) {
        if (pending.toString('latin1', 0, 3) === 'MSG') this.messages.push({ from, tokenId: pending.readUInt32LE(12) })
        pending = pending.subarray(pending.readUInt32LE(4))
      }
    })
  }
}
