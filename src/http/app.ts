import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import type { ConfigurationDesk } from '../config/desk.ts'
import type { Findings } from '../core/drift.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { answerConfiguration } from './configuration-routes.ts'
import { type Answer, answerDiagnosis, type Diagnosis } from './diagnosis.ts'
import type { GatewayHealth } from './gateway-health.ts'
import { jsonBody } from './json-body.ts'
import type { LocalToken } from './local-token.ts'
import type { Metrics } from './metrics/metrics.ts'

export interface HttpSettings {
  readonly bind: string
  readonly port: number
}

/**
 * What the gateway answers over HTTP: `/livez` (the process runs), `/readyz` (every room does its work; 503 while
 * one does not), `/metrics` (for Prometheus), `/findings` (what sources found beside the configuration), `/diagnostics` (how the sources' requests
 * fare, and what goes over their connections) and `/`, the health in full.
 */
export class HttpServer {
  readonly #settings: HttpSettings
  readonly #log: Logger
  readonly #server: Server

  constructor(parts: {
    settings: HttpSettings
    log: Logger
    health: () => Promise<GatewayHealth>
    metrics: Metrics
    rooms: Diagnosis & { findings(): Promise<readonly Findings[] | null> }
    configuration: ConfigurationDesk
    /** Whoever has it may do everything. */
    localToken: LocalToken
  }) {
    this.#settings = parts.settings
    this.#log = parts.log
    const app = new Koa()
    app.silent = true
    app.on('error', (error) => this.#log.warn({ error: describeError(error) }, 'an HTTP request failed'))
    app.use(async (context, next) => {
      context.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' })
      await next()
    })
    app.use(async (context, next) => {
      if (!/^\/configuration(?:\/|$)/.test(context.path)) return next()
      const answer = await answerLocally(context.req, context.URL, parts)
      context.status = answer.status
      context.body = answer.body
    })
    app.use(async (context) => {
      if (context.method !== 'GET' && context.method !== 'HEAD') {
        context.status = 405
        context.set('Allow', 'GET, HEAD')
        return
      }
      if (context.path === '/livez') {
        context.body = { status: 'alive' }
        return
      }
      if (context.path === '/metrics') {
        context.set('Content-Type', parts.metrics.contentType)
        context.body = await parts.metrics.text()
        return
      }
      if (context.path === '/findings') {
        const sources = await parts.rooms.findings()
        context.status = sources ? 200 : 503
        context.body = sources ? { sources } : { error: 'The engine does not answer just now; ask again.' }
        return
      }
      const asker = { address: context.req.socket.remoteAddress, fetchSite: context.get('Sec-Fetch-Site') || undefined }
      const diagnosed = await answerDiagnosis(context.path, context.URL.searchParams, asker, parts.rooms)
      if (diagnosed) {
        context.status = diagnosed.status
        context.body = diagnosed.body
        return
      }
      if (context.path !== '/readyz' && context.path !== '/') return
      const health = await parts.health()
      context.status = context.path === '/' || health.ready ? 200 : 503
      const { ready, checks, rooms } = health
      context.body = context.path === '/' ? health : { ready, checks, rooms }
    })
    const respond = app.callback()
    // Koa's promise never rejects: what fails goes to its error event.
    this.#server = createServer((request, response) => void respond(request, response))
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
        resolve((this.#server.address() as AddressInfo).port)
      })
    })
  }

  /** Ends every connection; safe to repeat. */
  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }
}

/** The configuration, for whoever has the local token. */
async function answerLocally(
  request: IncomingMessage,
  { pathname, searchParams }: URL,
  { configuration, localToken }: { readonly configuration: ConfigurationDesk; readonly localToken: LocalToken },
): Promise<Answer> {
  if (!localToken.isIn(request.headers.authorization)) {
    const error = 'The configuration is for whoever can read the data folder: run penstock config on that machine.'
    return { status: 401, body: { error } }
  }
  const body = await jsonBody(request)
  if ('problem' in body) return { status: 400, body: { error: body.problem } }
  const answer = await answerConfiguration(
    {
      method: request.method ?? 'GET',
      path: pathname.slice('/configuration'.length),
      query: searchParams,
      body: body.value,
      by: { user: 'local', origin: 'cli', address: request.socket.remoteAddress },
    },
    configuration,
  )
  return answer ?? { status: 404, body: { error: `There is no ${request.method} ${pathname}.` } }
}
