import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import type { ConfigurationDesk } from '../config/desk.ts'
import type { Findings } from '../core/drift.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type CertificateAdministration, certificateRoutes } from './certificate-routes.ts'
import { commandCall } from './command-call.ts'
import { answerCommands, type CommandDesk } from './command-routes.ts'
import { answerConfiguration } from './configuration-routes.ts'
import { type Answer, answerDiagnosis, type Diagnosis } from './diagnosis.ts'
import type { GatewayHealth } from './gateway-health.ts'
import { jsonBody } from './json-body.ts'
import type { LocalToken } from './local-token.ts'
import { Metrics } from './metrics/metrics.ts'
import { answerSessions, type OpcuaSessions } from './sessions.ts'
import { type UserAdministration, userRoutes } from './user-routes.ts'

export interface HttpSettings {
  readonly bind: string
  readonly port: number
}

/**
 * What the gateway answers over HTTP: `/livez` (the process runs), `/readyz` (every room does its work; 503 while
 * one does not), `/metrics` (for Prometheus), `/findings` (what sources found beside the configuration), `/diagnostics`
 * (how the sources' requests fare, and what goes over their connections), `/commands` and `/audit` (what devices are
 * told, and who did what), `/security/…` (users and certificates, for administrators), and `/`, the health in full. Only
 * for whoever has the local token are `/configuration` and `/sessions` (who is connected to the OPC UA server).
 */
export class HttpServer {
  readonly #settings: HttpSettings
  readonly #log: Logger
  readonly #server: Server

  constructor(parts: {
    settings: HttpSettings
    log: Logger
    health: () => Promise<GatewayHealth>
    rooms: Diagnosis & CommandDesk & OpcuaSessions & { findings(): Promise<readonly Findings[] | null> }
    configuration: ConfigurationDesk
    /** Whoever has it may do everything. */
    localToken: LocalToken
    users: UserAdministration
    certificates: CertificateAdministration
  }) {
    this.#settings = parts.settings
    this.#log = parts.log
    const metrics = new Metrics({ health: parts.health, diagnostics: () => parts.rooms.diagnostics() })
    const app = new Koa()
    app.silent = true
    app.on('error', (error) => this.#log.warn({ error: describeError(error) }, 'an HTTP request failed'))
    app.use(async (context, next) => {
      context.set({ 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' })
      await next()
    })
    app.use(userRoutes(parts.users))
    app.use(certificateRoutes(parts.users, parts.certificates))
    app.use(async (context, next) => {
      if (!/^\/configuration(?:\/|$)/.test(context.path)) return next()
      const answer = await answerLocally(context.req, context.URL, parts)
      context.status = answer.status
      context.body = answer.body
    })
    app.use(async (context, next) => {
      if (!/^\/sessions(?:\/|$)/.test(context.path)) return next()
      const answer = parts.localToken.isIn(context.req.headers.authorization)
        ? await answerSessions(context.method, context.path, parts.rooms)
        : strange('Sessions are', 'penstock sessions')
      if (!answer) return
      context.status = answer.status
      context.body = answer.body
    })
    app.use(async (context) => {
      const asked = await answerCommands(commandCall(context), parts.rooms)
      if (asked) {
        context.status = asked.status
        context.body = asked.body
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
      if (context.path === '/metrics') {
        context.set('Content-Type', metrics.contentType)
        context.body = await metrics.text()
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
    return strange('The configuration is', 'penstock config')
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

/** To whoever comes without the local token. */
const strange = (what: string, command: string): Answer => ({
  status: 401,
  body: { error: `${what} for whoever can read the data folder: run ${command} on that machine.` },
})
