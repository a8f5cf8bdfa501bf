import type { Problem } from './types.ts'

/** The gateway answered, but not with what was asked for. */
export class RequestFailed extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'RequestFailed'
    this.problem = problem
  }
}

/** Nothing answered: the gateway, or the way to it, is gone. */
export class GatewayUnreachable extends Error {
  constructor(cause: unknown) {
    super('unreachable', { cause })
    this.name = 'GatewayUnreachable'
  }
}

interface Asking {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>
  readonly body?: unknown
  readonly signal?: AbortSignal
  /** ETag of what it is about: done only while that holds. */
  readonly ifMatch?: string | undefined
}

/** Asks the API; `path` is below `/api/v1`. Rejects with RequestFailed or GatewayUnreachable. */
export async function request<Answer>(
  path: string,
  { method = 'GET', query, body, signal, ifMatch }: Asking = {},
): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(`/api/v1${path}${queryText(query)}`, {
      method,
      ...(signal ? { signal } : {}),
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new GatewayUnreachable(cause)
  }
  if (response.status === 204) return undefined as Answer
  const answer: unknown = await response.json().catch((cause: unknown) => {
    throw new GatewayUnreachable(cause)
  })
  if (response.ok) return answer as Answer
  throw new RequestFailed(answer as Problem)
}

export function queryText(query: Asking['query'] = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

/** A part of a path. */
export const part = (text: string): string => encodeURIComponent(text)
