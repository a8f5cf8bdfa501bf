import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import type { Findings } from '../core/drift.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { answerDiagnosis, type Diagnosis } from './diagnosis.ts'
import type { GatewayHealth } from './gateway-health.ts'
import { answerSessions, type OpcuaSessions } from './sessions.ts'

export interface HttpSettings {
  readonly bind: string
  readonly port: number
}

/**
 * What the gateway answers over HTTP: `/livez` (the process runs), `/readyz` (every room does its work; 503 while
 * one does not), `/findings` (what sources found beside the configuration), `/diagnostics` (how the sources' requests
 * fare, and what goes over their connections), `/sessions` (who is connected to the OPC UA server) and `/`, the health in
 * full. Nothing can be changed but by `DELETE /sessions/<id>`, on this machine.
 */
export class HttpServer {
  readonly #settings: HttpSettings
  readonly #log: Logger
  readonly #server: Server

  constructor(parts: {
    settings: HttpSettings
    log: Logger
    health: () => Promise<GatewayHealth>
    findings: () => Promise<readonly Findings[] | null>
    diagnosis: Diagnosis
    sessions: OpcuaSessions
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
    app.use(async (context) => {
      const asker = {
        address: context.req.socket.remoteAddress,
        fetchSite: context.get('Sec-Fetch-Site') || undefined,
        host: context.req.headers.host,
      }
      const ofSessions = await answerSessions(context.method, context.path, asker, parts.sessions)
      if (ofSessions) {
        context.status = ofSessions.status
        context.body = ofSessions.body
        return
      }
      if (context.method !== 'GET' && context.method !== 'HEAD') {
        context.status = 405
        context.set('Allow', 'GET, HEAD')
        return
      }
      if (context.path === '/livez') {
        context.body = { status: 'alive' }
        return
      }
      if (context.path === '/findings') {
        const sources = await parts.findings()
        context.status = sources ? 200 : 503
        context.body = sources ? { sources } : { error: 'The engine does not answer just now; ask again.' }
        return
      }
      const diagnosed = await answerDiagnosis(context.path, context.URL.searchParams, asker, parts.diagnosis)
      if (diagnosed) {
        context.status = diagnosed.status
        context.body = diagnosed.body
        return
      }
      if (context.path !== '/readyz' && context.path !== '/') return
      const health = await parts.health()
      context.status = context.path === '/' || health.ready ? 200 : 503
      context.body = context.path === '/' ? health : { ready: health.ready, rooms: health.rooms }
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
