import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

/** More are no browsers of a plant: each takes a descriptor that devices, OPC UA clients and databases need. */
export const MOST_CONNECTIONS = 512
const SAY_EVERY: Milliseconds = 60_000

interface ConnectionBoundParts {
  readonly clock: Clock
  readonly log: Logger
  readonly most?: number
}

/**
 * Bounds how many connections a web server holds. Beyond, one goes on which nothing is being answered: the oldest of the
 * address that has the most of these, so that whoever opens them without end takes only their own.
 */
export class ConnectionBound {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #most: number
  /** The oldest first. */
  readonly #open = new Map<Socket, string>()
  /** Requests that are being answered, by peer: with TLS they come on another socket than the one that was accepted. */
  readonly #answering = new Map<string, number>()
  #saidAt: Milliseconds = Number.NEGATIVE_INFINITY

  constructor({ clock, log, most = MOST_CONNECTIONS }: ConnectionBoundParts) {
    this.#clock = clock
    this.#log = log
    this.#most = most
  }

  /** From now on the server, with TLS or without, holds no more. */
  guard(server: Pick<Server, 'prependListener'>): void {
    server.prependListener('connection', (socket: Socket) => this.#take(socket))
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const peer = peerOf(socket)
      this.#answering.set(peer, (this.#answering.get(peer) ?? 0) + 1)
      response.once('close', () => {
        const left = (this.#answering.get(peer) ?? 1) - 1
        if (left > 0) this.#answering.set(peer, left)
        else this.#answering.delete(peer)
      })
    })
  }

  #take(socket: Socket): void {
    this.#open.set(socket, peerOf(socket))
    socket.once('close', () => this.#open.delete(socket))
    if (this.#open.size <= this.#most) return
    this.#say()
    const goes = this.#idlest() ?? socket
    this.#open.delete(goes)
    goes.destroy()
  }

  #idlest(): Socket | undefined {
    const idle = new Map<string | undefined, Socket[]>()
    for (const [socket, peer] of this.#open) {
      if (this.#answering.has(peer)) continue
      const ofAddress = idle.get(socket.remoteAddress)
      if (ofAddress) ofAddress.push(socket)
      else idle.set(socket.remoteAddress, [socket])
    }
    const [most] = [...idle.values()].sort((one, other) => other.length - one.length)
    return most?.[0]
  }

  #say(): void {
    const now = this.#clock.monotonic()
    if (now - this.#saidAt < SAY_EVERY) return
    this.#saidAt = now
    const message = 'The web has as many connections as it may; those on which nothing is asked are closed for others'
    this.#log.warn({ connections: this.#most }, message)
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress}:${remotePort}`
