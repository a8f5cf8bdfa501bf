import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  createSecureServer,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'

const listening = async (server: Server | Http2Server): Promise<number> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

const END_STREAM = 1

/** A reverse proxy before ChirpStack, as nginx with grpc_pass: HTTP/2 on both sides, TLS to clients where it has a certificate. */
export class Front {
  /** Every request is answered with this HTTP status in ChirpStack's place. */
  httpStatus: number | undefined
  /** The authorization header does not pass. */
  stripsKey = false
  /** Names under which the server was asked for. */
  readonly authorities = new Set<string>()
  readonly #server: Http2Server
  readonly #behind: ClientHttp2Session
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #eventStreams = new Set<ServerHttp2Stream>()
  port = 0

  constructor(target: number, tls?: TlsOptions) {
    this.#behind = connectHttp2(`http://127.0.0.1:${target}`).on('error', () => undefined)
    this.#server = tls ? createSecureServer({ ...tls, ALPNProtocols: ['h2'] }) : createServer()
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.on('error', () => undefined).on('close', () => this.#sessions.delete(session))
    })
    this.#server.on('stream', (stream, headers) => this.#pass(stream, headers))
  }

  static async start(target: number, tls?: TlsOptions): Promise<Front> {
    const front = new Front(target, tls)
    front.port = await listening(front.#server)
    return front
  }

  /** What nginx does with a stream in which nothing came for its grpc_read_timeout. */
  cutIdleStreams(): number {
    const { size } = this.#eventStreams
    for (const stream of this.#eventStreams) stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    return size
  }

  /** A proxy that is told to end: no new stream on its connections. */
  goAway(): void {
    for (const session of this.#sessions) session.goaway(constants.NGHTTP2_NO_ERROR)
  }

  async close(): Promise<void> {
    this.#behind.destroy()
    for (const session of this.#sessions) session.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => undefined)
    this.authorities.add(String(headers[':authority']))
    if (this.httpStatus !== undefined) {
      stream.respond({ ':status': this.httpStatus, 'content-type': 'text/html' })
      stream.end('<html></html>')
      return
    }
    const { authorization, ...others } = headers
    const request = this.#behind.request(
      this.stripsKey || authorization === undefined ? others : { ...others, authorization },
    )
    if (String(headers[':path']).endsWith('/StreamDeviceEvents')) this.#eventStreams.add(stream)
    let trailers: IncomingHttpHeaders = {}
    request.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
    request.on('trailers', (received) => {
      trailers = received
    })
    request.on('response', (received, flags) => {
      if (stream.destroyed) return
      const ends = (flags & END_STREAM) !== 0
      stream.respond(received, ends ? { endStream: true } : { waitForTrailers: true })
      if (!ends) request.pipe(stream)
    })
    stream.on('wantTrailers', () => stream.sendTrailers(trailers))
    stream.on('close', () => {
      this.#eventStreams.delete(stream)
      request.close(constants.NGHTTP2_CANCEL)
    })
    stream.pipe(request)
  }
}

/** An HTTP proxy on the way out of a plant: it connects on CONNECT, or answers with `refusal`. */
export class ForwardProxy {
  refusal: number | undefined
  readonly asked: string[] = []
  readonly #sockets = new Set<Socket>()
  readonly #server = createHttpServer()
  port = 0

  static async start(): Promise<ForwardProxy> {
    const proxy = new ForwardProxy()
    proxy.#server.on('connect', (request, client: Socket) => proxy.#connect(request.url ?? '', client))
    proxy.port = await listening(proxy.#server)
    return proxy
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #connect(authority: string, client: Socket): void {
    this.asked.push(authority)
    this.#sockets.add(client)
    client.on('error', () => undefined).on('close', () => this.#sockets.delete(client))
    if (this.refusal !== undefined) {
      client.end(`HTTP/1.1 ${this.refusal} Refused\r\n\r\n`)
      return
    }
    const server = connect(Number(authority.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(server).pipe(client)
    })
    server.on('error', () => client.destroy())
    client.on('close', () => server.destroy())
  }
}

/** A web server that speaks HTTP/1.1 alone; answers its port and the way to end it. */
export async function startWebServer(
  code: number,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createHttpServer((_, response) => response.writeHead(code).end())
  const port = await listening(server)
  return {
    port,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
