import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa, { type Context } from 'koa'
import { describeError, PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import type { Tracing } from '../core/tracing.ts'
import { askerOf } from './access/asker.ts'
import type { GateSettings } from './access/gate.ts'
import { answerProblem } from './api/answer-problem.ts'
import { notFound } from './api/problem.ts'
import { API_PREFIX, ApiRouter } from './api/router.ts'
import { ConnectionBound } from './connection-bound.ts'
import { answerForOperators } from './operator-answers.ts'
import { answerPlainly } from './plain-answers.ts'
import { RequestTraces } from './request-traces.ts'
import { apiRoutes } from './routes/api-routes.ts'
import type { WebService } from './routes/service.ts'
import { EncryptedPort } from './tls/encrypted-port.ts'
import type { WebTls } from './tls/web-tls.ts'
import { securityHeaders, strictTransport } from './ui/security-headers.ts'
import type { WebFiles } from './ui/web-files.ts'

export interface HttpSettings extends GateSettings {
  readonly bind: string
  readonly port: number
  readonly tls?: { readonly certificateFile?: string | undefined } | undefined
}

interface HttpServerParts {
  readonly settings: HttpSettings
  /** What it proves itself by; without, it speaks plain HTTP. */
  readonly tls?: WebTls | undefined
  readonly log: Logger
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  readonly service: WebService
  readonly files: WebFiles
  readonly version: string
}

const isOfApi = ({ path }: Context): boolean => path.startsWith(`${API_PREFIX}/`)

/** What a client may call its request; anything else gets a name of ours. */
const requestIdPattern = /^[A-Za-z0-9._-]{1,64}$/

/** The gateway over HTTP: the API, the pages, and short answers for supervisors and scripts. */
export class HttpServer {
  readonly #settings: HttpSettings
  readonly #log: Logger
  readonly #server: ReturnType<typeof createServer> | EncryptedPort['server']
  readonly #encrypted: EncryptedPort | undefined
  readonly #tls: WebTls | undefined
  readonly #service: WebService
  readonly #files: WebFiles
  readonly #api: ApiRouter

  constructor(parts: HttpServerParts) {
    this.#settings = parts.settings
    this.#log = parts.log
    this.#service = parts.service
    this.#files = parts.files
    this.#tls = parts.tls
    const traces = new RequestTraces(parts.tracing, parts.service.clock)
    this.#api = new ApiRouter(parts.service.gate, apiRoutes(parts.service, parts.version), traces)
    const app = new Koa()
    app.silent = true
    app.proxy = parts.settings.behindProxy
    app.on('error', (error) => {
      // Whoever follows live values and goes away.
      if (error?.code === 'ERR_STREAM_PREMATURE_CLOSE' || error?.code === 'ECONNRESET') return
      this.#log.warn({ error: describeError(error) }, 'an HTTP request failed')
    })
    app.use(async (context, next) => {
      context.set({ ...securityHeaders(), ...strictTransport(context, parts.settings), 'Cache-Control': 'no-store' })
      await next()
    })
    app.use((context, next) => {
      // Those of the API begin when it is known who asks.
      if (isOfApi(context)) return next()
      const isTrusted = askerOf(context.req, parts.settings.behindProxy).isLocal
      return traces.run(context, { isTrusted, startedAt: traces.now() }, next)
    })
    app.use((context) => this.#answer(context))
    const respond = app.callback()
    // Koa's promise never rejects: what fails goes to its error event.
    const answer: Parameters<typeof createServer>[1] = (request, response) => void respond(request, response)
    this.#encrypted = parts.tls && new EncryptedPort(parts.tls.identity, answer, parts.service.clock)
    this.#server = this.#encrypted?.server ?? createServer(answer)
    new ConnectionBound({ clock: parts.service.clock, log: parts.log }).guard(this.#server)
  }

  async #answer(context: Context): Promise<void> {
    const given = context.get('X-Request-Id')
    const requestId = requestIdPattern.test(given) ? given : randomUUID()
    context.set('X-Request-Id', requestId)
    try {
      if (isOfApi(context)) await this.#api.answer(context)
      else await this.#answerBeside(context)
    } catch (error) {
      answerProblem(context, error, requestId, this.#log)
    }
  }

  async #answerBeside(context: Context): Promise<void> {
    const isRead = context.method === 'GET' || context.method === 'HEAD'
    if (isRead && (await this.#files.answerFile(context))) return
    const isForProgram =
      ['/livez', '/readyz', '/metrics'].includes(context.path) || context.accepts('json', 'html') !== 'html'
    if (isRead && !isForProgram) {
      this.#files.answerPage(context)
      return
    }
    if (await answerForOperators(context, this.#service)) return
    if (!isRead) {
      context.status = 405
      context.set('Allow', 'GET, HEAD')
      return
    }
    if (await answerPlainly(context, this.#service)) return
    throw notFound(`There is nothing at ${context.path}; ${API_PREFIX}/openapi.json says what the API has.`)
  }

  /** Listens; rejects when the address cannot be bound. Answers the port, which the system chose for port 0. */
  start(): Promise<number> {
    const { bind, port } = this.#settings
    return new Promise((resolve, reject) => {
      this.#server.once('error', (cause) => {
        const message =
          `The HTTP server cannot listen at ${bind}:${port} (http.bind, http.port): end what uses the port, or ` +
          'configure another address or port'
        reject(new PenstockError('CONNECTION_LOST', message, { cause }))
      })
      this.#server.listen(port, bind, () => {
        this.#server.removeAllListeners('error')
        this.#server.on('error', (error) => this.#log.error({ error: describeError(error) }, 'the HTTP server failed'))
        this.#tls?.follow((identity) => this.#encrypted?.renew(identity))
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** Ends every connection; safe to repeat. */
  stop(): Promise<void> {
    this.#service.feed.close()
    this.#tls?.stop()
    this.#service.imports.stop()
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      ;(this.#encrypted ?? this.#server).closeAllConnections()
    })
  }
}
