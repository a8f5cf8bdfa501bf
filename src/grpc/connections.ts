import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'

const MOST = 256
/** Connections on which nobody has logged in yet: beyond, the oldest goes. */
const MOST_STRANGERS = 64
/** A connection on which nobody logs in for so long is ended; a supervisor that only asks for the health connects anew. */
const STRANGER_FOR: Milliseconds = 60_000

interface ConnectionsParts {
  readonly bind: string
  readonly port: number
  readonly clock: Clock
  readonly log: Logger
  /** Speaks gRPC with whoever connected. */
  readonly serve: (socket: Socket) => void
}

/** The connections of the gRPC server: bounded, so that a peer that does not log in costs next to nothing. */
export class Connections {
  readonly #parts: ConnectionsParts
  readonly #server: Server
  /** By address and port, as calls name their peer. */
  readonly #sockets = new Map<string, Socket>()
  /** Of whom nobody logged in, with what ends the waiting for it; the oldest first. */
  readonly #strangers = new Map<string, () => void>()

  constructor(parts: ConnectionsParts) {
    this.#parts = parts
    this.#server = createServer((socket) => this.#take(socket))
    this.#server.maxConnections = MOST
  }

  /** Rejects with CONNECTION_LOST when the address cannot be bound. Answers the port. */
  listen(): Promise<number> {
    const { bind, port, log } = this.#parts
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const message =
          `The gRPC server cannot listen at ${bind}:${port} (grpc.bind, grpc.port): end what uses the port, or ` +
          'configure another address or port'
        reject(new PenstockError('CONNECTION_LOST', message, { cause }))
      })
      this.#server.listen(port, bind, () => {
        this.#server.removeAllListeners('error')
        this.#server.on('error', (error) => log.error({ error: error.message }, 'the gRPC server failed'))
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  proven(peer: string): void {
    this.#strangers.get(peer)?.()
    this.#strangers.delete(peer)
  }

  drop(peer: string): void {
    this.#sockets.get(peer)?.destroy()
  }

  /** Ends every connection; resolves when they are gone. Safe to repeat. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets.values()) socket.destroy()
    })
  }

  #take(socket: Socket): void {
    // Gone already: it has no address any more to be known by.
    if (socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    this.#sockets.set(peer, socket)
    this.#strangers.set(
      peer,
      this.#parts.clock.after(STRANGER_FOR, () => socket.destroy()),
    )
    socket.on('close', () => {
      this.proven(peer)
      this.#sockets.delete(peer)
    })
    // Whoever speaks something else, or goes away: told by the close that follows.
    socket.on('error', () => socket.destroy())
    const [oldest] = this.#strangers.keys()
    if (this.#strangers.size > MOST_STRANGERS && oldest !== undefined) this.drop(oldest)
    this.#parts.serve(socket)
  }
}
