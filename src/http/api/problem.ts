import type { Problem } from './schemas/problem.ts'

/** One thing that is wrong in a request: where, what, and what is allowed. */
export interface FieldError {
  readonly in: 'path' | 'query' | 'body'
  /** As `values[3].name`; empty: the whole of it. */
  readonly field: string
  readonly message: string
}

interface ProblemParts {
  readonly status: number
  /** What went wrong and what to do, for whoever asked. */
  readonly detail: string
  /** For programs: does not change with the wording. */
  readonly code: string
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
  /** Whatever else belongs to this problem (RFC 9457, 3.2), as its schema has it. */
  readonly more?: Pick<Problem, 'problems' | 'conflict'>
}

/** What is answered in place of what was asked for (RFC 9457). */
export class ApiProblem extends Error {
  readonly parts: ProblemParts

  constructor(parts: ProblemParts) {
    super(parts.detail)
    this.name = 'ApiProblem'
    this.parts = parts
  }
}

export const notFound = (detail: string): ApiProblem => new ApiProblem({ status: 404, code: 'NOT_FOUND', detail })

const ASK_AGAIN = 'The engine, which collects the values, does not answer just now; ask again in some seconds.'

export const engineSilent = (detail = ASK_AGAIN): ApiProblem =>
  new ApiProblem({
    status: 503,
    code: 'ENGINE_UNAVAILABLE',
    detail,
    headers: { 'Retry-After': '2' },
  })

export const invalid = (errors: readonly FieldError[]): ApiProblem =>
  new ApiProblem({
    status: 400,
    code: 'REQUEST_INVALID',
    detail: errors.length === 1 ? 'The request has a mistake.' : `The request has ${errors.length} mistakes.`,
    errors,
  })
