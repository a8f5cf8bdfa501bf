import type { Socket } from 'node:net'
import type { ReceiveRoom } from './receive-room.ts'
import { lost, type Wire, type WireListener } from './wire.ts'

/** A connected socket, plain or TLS; it is owned from now on. */
export class StreamWire implements Wire {
  readonly endpoint: string
  readonly #socket: Socket
  readonly #explain: (cause: Error) => string
  readonly #room: ReceiveRoom | undefined

  /** `explain` puts the error that breaks the connection into words; `room`: where the socket puts what arrives. */
  constructor(
    socket: Socket,
    endpoint: string,
    explain = (_cause: Error) => `The connection to ${endpoint} broke`,
    room?: ReceiveRoom,
  ) {
    this.#socket = socket
    this.endpoint = endpoint
    this.#explain = explain
    this.#room = room
  }

  listen({ data, lost: onLost }: WireListener): void {
    const { endpoint } = this
    if (this.#room) this.#room.listen(data)
    else this.#socket.on('data', data)
    this.#socket.on('end', () => onLost(lost(`${endpoint} closed the connection`)))
    this.#socket.on('error', (cause) => onLost(lost(this.#explain(cause), cause)))
    this.#socket.on('close', () => onLost(lost(`The connection to ${endpoint} was closed`)))
  }

  write(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  async close(): Promise<void> {
    this.#socket.destroy()
  }
}
