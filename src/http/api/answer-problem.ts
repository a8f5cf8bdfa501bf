import { STATUS_CODES } from 'node:http'
import type { Context } from 'koa'
import { describeError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { ApiProblem } from './problem.ts'
import type { Problem } from './schemas/problem.ts'

/** Answers what was thrown as application/problem+json; what nobody expected is logged, and said without its details. */
export function answerProblem(context: Context, error: unknown, requestId: string, log: Logger): void {
  const { status, detail, code, errors, headers, more } = partsOf(error)
  if (status >= 500 && !(error instanceof ApiProblem)) {
    log.error({ requestId, path: context.path, cause: describeError(error) }, 'a request to the web API failed')
  }
  context.status = status
  context.set({ ...headers })
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    requestId,
    ...(errors ? { errors: [...errors] } : {}),
    ...more,
  }
  context.body = JSON.stringify(problem)
  context.type = 'application/problem+json'
}

function partsOf(error: unknown): ApiProblem['parts'] {
  if (error instanceof ApiProblem) return error.parts
  // As koa-basic-auth asks for credentials.
  const { status, headers } = (error ?? {}) as { status?: unknown; headers?: Record<string, string> }
  if (status === 401) {
    const detail = 'Send a token (bearer) or a user and a password (basic authentication), or log in at the page.'
    return { status, code: 'LOGIN_NEEDED', detail, headers: headers ?? {} }
  }
  const detail = 'Something failed in the gateway; its log says what, under this request id.'
  return { status: 500, code: 'INTERNAL', detail }
}
