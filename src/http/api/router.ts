import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'koa'
import type { Gate, Visitor } from '../access/gate.ts'
import type { RequestTraces } from '../request-traces.ts'
import { ApiProblem, notFound } from './problem.ts'
import type { RawInput, Route } from './route.ts'

export const API_PREFIX = '/api/v1'
const MAX_BODY_BYTES = 64 * 1_024

/** Finds the route of a request, lets only those ask who may, and answers. */
export class ApiRouter {
  readonly #gate: Gate
  readonly #traces: RequestTraces
  readonly #routes: readonly { readonly route: Route; readonly parts: readonly string[] }[]

  constructor(gate: Gate, routes: readonly Route[], traces: RequestTraces) {
    this.#gate = gate
    this.#traces = traces
    this.#routes = routes.map((route) => ({ route, parts: route.path.split('/').slice(1) }))
  }

  /** Answers a request below `/api/v1`; throws ApiProblem. */
  async answer(context: Context): Promise<void> {
    const startedAt = this.#traces.now()
    const given = context.path.slice(API_PREFIX.length + 1).split('/')
    const there = this.#routes.flatMap(({ route, parts }) => {
      const path = matched(parts, given)
      return path ? [{ route, path }] : []
    })
    if (there.length === 0)
      throw notFound(`There is nothing at ${context.path}; ${API_PREFIX}/openapi.json says what is.`)
    const method = context.method === 'HEAD' ? 'GET' : context.method
    const found = there.find(({ route }) => route.method === method)
    if (!found) throw wrongMethod(there.map(({ route }) => route.method))
    this.#gate.checkWay(context)
    const { route, path } = found
    const visitor =
      route.right === 'anyone' ? await this.#gate.visitorOf(context) : await this.#gate.require(context, route.right)
    if (route.isPersonal && visitor) checkPerson(visitor)
    const request = { isTrusted: visitor !== undefined, route: `${API_PREFIX}${route.path}`, startedAt }
    await this.#traces.run(context, request, async () => {
      const raw: RawInput = { path, query: queryOf(context.URL.searchParams), body: await bodyOf(context, route) }
      const answer = await route.run(raw, { context, visitor })
      if (route.mediaType === undefined) respond(context, route, answer)
    })
  }
}

/** A token that somebody found must not make others, nor end what its user does. */
function checkPerson({ by, rights }: Visitor): void {
  if (by === 'session' || by === 'basic' || rights.includes('administerSecurity')) return
  const detail =
    by === 'token'
      ? 'This is for people: log in, or use a token whose scope has the right to administer security.'
      : 'This is for users: whoever came by the set-up code is none.'
  throw new ApiProblem({ status: 403, code: 'PERSON_NEEDED', detail })
}

function matched(parts: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (parts.length !== given.length) return undefined
  const values: Record<string, string> = {}
  for (const [position, part] of parts.entries()) {
    const value = given[position] as string
    if (part.startsWith('{')) values[part.slice(1, -1)] = decoded(value)
    else if (part !== value) return undefined
  }
  return values
}

/** As it was before it became part of a path; what is no such text stands for itself. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

function queryOf(parameters: URLSearchParams): RawInput['query'] {
  const query: Record<string, string | readonly string[]> = Object.create(null)
  for (const name of new Set(parameters.keys())) {
    const values = parameters.getAll(name)
    query[name] = values.length === 1 ? (values[0] as string) : values
  }
  return { ...query }
}

async function bodyOf(context: Context, { body, longestBody = MAX_BODY_BYTES }: Route): Promise<unknown> {
  if (!body) return undefined
  if (context.is('json') === false || context.is('json') === null) {
    const detail = 'The body has to be JSON (Content-Type: application/json).'
    throw new ApiProblem({ status: 415, code: 'JSON_NEEDED', detail })
  }
  const text = await textOf(context.req, longestBody)
  try {
    return JSON.parse(text)
  } catch {
    throw new ApiProblem({ status: 400, code: 'JSON_INVALID', detail: 'The body is not valid JSON.' })
  }
}

async function textOf(request: IncomingMessage, longest: number): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longest) {
      const detail = `The body is longer than ${longest} bytes.`
      throw new ApiProblem({ status: 413, code: 'BODY_TOO_LONG', detail, headers: { Connection: 'close' } })
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function respond(context: Context, { status, etag }: Route, answer: unknown): void {
  context.status = status ?? 200
  if (answer === undefined) {
    context.status = 204
    return
  }
  const text = JSON.stringify(answer)
  context.type = 'json'
  context.body = text
  if (!etag) return
  context.set('Cache-Control', 'private, no-cache')
  const tag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  context.set('ETag', tag)
  if (!hasTag(context.get('If-None-Match'), tag)) return
  context.status = 304
  context.body = null
}

/** RFC 9110, 13.1.2. A program that asks with fetch sends `Cache-Control: no-cache` along, which is for caches. */
const hasTag = (header: string, tag: string): boolean =>
  header.split(',').some((given) => given.trim().replace(/^W\//, '') === tag)

const wrongMethod = (methods: readonly string[]): ApiProblem => {
  const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ')
  const detail = `This is asked with ${allowed}.`
  return new ApiProblem({ status: 405, code: 'METHOD_WRONG', detail, headers: { Allow: allowed } })
}
