import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer, type Server } from 'node:https'
import type { Socket } from 'node:net'
import type { Clock, Milliseconds } from '../../core/clock.ts'
import { securityHeaders } from '../ui/security-headers.ts'
import type { WebIdentity } from './own-certificate.ts'

/** Who says nothing for so long is let go; as who does not finish the handshake. */
const SPEAK_WITHIN: Milliseconds = 10_000
/** A request without encryption gets one short answer. */
const PLAIN_WITHIN: Milliseconds = 15_000
/** First byte of a TLS record that begins a handshake (RFC 8446 §5.1). */
const HANDSHAKE = 0x16
/** Asked by supervisors, which send no password and get no value. */
const answeredPlainly = ['/livez', '/readyz']
const hostPattern = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** The TLS versions and the pair that a server proves itself by. */
const contextOf = ({ certificate, key }: WebIdentity) => ({ cert: certificate, key, minVersion: 'TLSv1.2' as const })

/**
 * A port that speaks TLS (1.2 or 1.3). Whoever speaks HTTP there without it is sent to the same address with `https`, or
 * refused, where something that is secret or a change came along.
 */
export class EncryptedPort {
  /** Listens, and is stopped, as any other. */
  readonly server: Server
  readonly #clock: Clock
  readonly #plain
  readonly #open = new Set<Socket>()

  constructor(identity: WebIdentity, respond: RequestListener, clock: Clock) {
    this.#clock = clock
    this.server = createServer({ ...contextOf(identity), handshakeTimeout: SPEAK_WITHIN }, respond)
    this.#plain = createPlainServer({ keepAlive: false }, (request, response) => {
      if (answeredPlainly.includes(request.url ?? '')) respond(request, response)
      else sendOn(request, response)
    })
    const encrypted = this.server.listeners('connection') as ((socket: Socket) => void)[]
    this.server.removeAllListeners('connection')
    this.server.on('connection', (socket: Socket) =>
      this.#look(socket, () => {
        for (const listener of encrypted) listener.call(this.server, socket)
      }),
    )
  }

  /** New connections get this pair; those that are open go on. Throws where it cannot be used. */
  renew(identity: WebIdentity): void {
    this.server.setSecureContext(contextOf(identity))
  }

  /** Ends every connection. */
  closeAllConnections(): void {
    this.server.closeAllConnections()
    for (const socket of this.#open) socket.destroy()
  }

  #look(socket: Socket, encrypted: () => void): void {
    this.#open.add(socket)
    const patience = this.#clock.after(SPEAK_WITHIN, () => socket.destroy())
    // Whoever goes away: told by the close that follows.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => {
      patience()
      this.#open.delete(socket)
    })
    socket.once('data', (bytes: Buffer) => {
      patience()
      socket.pause()
      socket.unshift(bytes)
      if (bytes[0] === HANDSHAKE) {
        encrypted()
        return
      }
      const enough = this.#clock.after(PLAIN_WITHIN, () => socket.destroy())
      socket.once('close', enough)
      this.#plain.emit('connection', socket)
      socket.resume()
    })
  }
}

function sendOn({ method = '', url = '/', headers }: IncomingMessage, response: ServerResponse): void {
  const { host = '' } = headers
  const isHarmless = headers.authorization === undefined && headers.cookie === undefined
  const always = { ...securityHeaders(), 'Cache-Control': 'no-store', Connection: 'close' }
  if (['GET', 'HEAD'].includes(method) && isHarmless && url.startsWith('/') && hostPattern.test(host)) {
    // Not for ever: browsers would keep it when TLS is turned off.
    response.writeHead(307, { ...always, Location: `https://${host}${url}` })
    response.end()
    return
  }
  response.writeHead(403, { ...always, 'Content-Type': 'application/problem+json' })
  const detail = 'This port speaks TLS: ask with https://. What was sent without it could be read on the way.'
  const problem = { type: 'about:blank', title: 'Forbidden', status: 403, code: 'ENCRYPTION_NEEDED', detail }
  response.end(JSON.stringify(problem))
}
