import type { Context } from 'koa'
import type { Clock, Milliseconds } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import { noTracing, parseTrace, type Tracing } from '../core/tracing.ts'
import { ApiProblem } from './api/problem.ts'

const SAFE_METHODS = ['GET', 'HEAD']

/** What is known of a request when its work begins. */
export interface TracedRequest {
  /** The trace that it names (`traceparent`) is gone on with, and what it changes is always traced. */
  readonly isTrusted: boolean
  /** The path with the names of its parameters. */
  readonly route?: string
  /** Milliseconds of the epoch. */
  readonly startedAt: Milliseconds
}

/**
 * HTTP requests as spans. Whoever is not known could have everything traced, and lay false traces: of such a request
 * `traceparent` is left aside (W3C Trace Context §4.3), and it is one among others that are sampled.
 */
export class RequestTraces {
  readonly #tracing: Tracing
  readonly #clock: Clock

  constructor(tracing: Tracing = noTracing, clock: Clock) {
    this.#tracing = tracing
    this.#clock = clock
  }

  now(): Milliseconds {
    return this.#clock.now()
  }

  /** Does the work of a request within its span. */
  async run<Result>(context: Context, request: TracedRequest, work: () => Promise<Result>): Promise<Result> {
    const { method } = context
    const { isTrusted, route, startedAt } = request
    const given = isTrusted ? context.get('traceparent') : ''
    const parent = parseTrace(given) ? given : undefined
    const kind = isTrusted && !SAFE_METHODS.includes(method) ? 'change' : 'request'
    const name = route === undefined ? method : `${method} ${route}`
    const span = this.#tracing.begin(kind, name, { parent, role: 'server', startedAt })
    if (!span) return work()
    span.set({ 'http.request.method': method, ...(route === undefined ? {} : { 'http.route': route }) })
    try {
      const result = await this.#tracing.within(span.trace, work)
      span.set({ 'http.response.status_code': context.status })
      if (context.status >= 500) span.fail(`HTTP ${context.status}`)
      return result
    } catch (error) {
      const status = error instanceof ApiProblem ? error.parts.status : 500
      span.set({ 'http.response.status_code': status })
      if (status >= 500) span.fail(describeError(error))
      throw error
    } finally {
      span.end()
    }
  }
}
