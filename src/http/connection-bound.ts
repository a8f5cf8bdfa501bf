import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

/** More are no browsers of a plant: each takes a descriptor that devices, OPC UA clients and databases need. */
const MOST_CONNECTIONS = 512
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
  /** Requests without their answers, by peer: with TLS they come on another socket than the one that was accepted. */
  readonly #asked = new Map<string, Set<IncomingMessage>>()
  #saidAt: Milliseconds = Number.NEGATIVE_INFINITY

  constructor({ clock, log, most = MOST_CONNECTIONS }: ConnectionBoundParts) {
    this.#clock = clock
    this.#log = log
    this.#most = most
  }

  /** From now on the server, with TLS or without, holds no more. */
  guard(server: Pick<Server, 'prependListener'>): void {
    server.prependListener('connection', (socket: Socket) => this.#take(socket))
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      const peer = peerOf(request.socket)
      const requests = this.#asked.get(peer) ?? new Set()
      this.#asked.set(peer, requests.add(request))
      response.once('close', () => {
        requests.delete(request)
        if (requests.size === 0) this.#asked.delete(peer)
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
      if (this.#isAnswering(peer)) continue
      const ofAddress = idle.get(socket.remoteAddress)
      if (ofAddress) ofAddress.push(socket)
      else idle.set(socket.remoteAddress, [socket])
    }
    const [most] = [...idle.values()].sort((one, other) => other.length - one.length)
    return most?.[0]
  }

  /** Whoever sends a request byte by byte is not being answered yet. */
  #isAnswering(peer: string): boolean {
    return [...(this.#asked.get(peer) ?? [])].some(({ complete }) => complete)
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
