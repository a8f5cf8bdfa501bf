import type { Context } from 'koa'
import { z } from 'zod'
import type { Right } from '../../core/user.ts'
import type { Visitor } from '../access/gate.ts'
import { type FieldError, invalid } from './problem.ts'

/** What a route knows beside what it is asked: who asks; `anyone` may be nobody. */
export interface Asked {
  readonly context: Context
  readonly visitor: Visitor | undefined
}

type Readonlys<T> = T extends readonly (infer Element)[]
  ? readonly Readonlys<Element>[]
  : T extends object
    ? { readonly [Name in keyof T]: Readonlys<T[Name]> }
    : T

/** One operation of the API; the documentation is made of the same. */
export interface RouteSpec<
  Path extends z.ZodType,
  Query extends z.ZodType,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Below `/api/v1`; `{name}` is a part of the path that is a parameter. */
  readonly path: string
  /** Who may ask; `anyone`: without a user too. */
  readonly right: Right | 'anyone'
  /** It is about people: not for a token that may not administer security, nor for a set-up code. */
  readonly isPersonal?: boolean
  /** The group it stands in. */
  readonly group: string
  readonly summary: string
  readonly description?: string
  readonly pathParameters?: Path
  readonly query?: Query
  readonly body?: Body
  readonly answer: Answer
  /** Answered as something else than JSON. */
  readonly mediaType?: string
  /** The longest body, where it may be longer than others. */
  readonly longestBody?: number
  /** Status of a good answer; 200 unless said. */
  readonly status?: number
  /** It is asked again and again, and is mostly the same. */
  readonly etag?: boolean
  readonly handle: (
    input: { readonly path: z.output<Path>; readonly query: z.output<Query>; readonly body: z.output<Body> },
    asked: Asked,
  ) => Promise<Readonlys<z.output<Answer>>>
}

/** What came with a request, not looked at yet. */
export interface RawInput {
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string | readonly string[]>>
  readonly body: unknown
}

/** A route whose types nobody has to know any more. */
export interface Route extends Omit<RouteSpec<z.ZodType, z.ZodType, z.ZodType, z.ZodType>, 'handle'> {
  /** Answers, or throws ApiProblem: with everything that is wrong in the request. */
  readonly run: (raw: RawInput, asked: Asked) => Promise<unknown>
}

const nothing = z.strictObject({})

export function route<
  Answer extends z.ZodType,
  Path extends z.ZodType = typeof nothing,
  Query extends z.ZodType = typeof nothing,
  Body extends z.ZodType = z.ZodUndefined,
>({ handle, ...spec }: RouteSpec<Path, Query, Body, Answer>): Route {
  return {
    ...spec,
    run: async (raw, asked) => {
      const errors: FieldError[] = []
      const path = checked('path', spec.pathParameters ?? nothing, raw.path, errors)
      const query = checked('query', spec.query ?? nothing, raw.query, errors)
      const body = spec.body ? checked('body', spec.body, raw.body, errors) : undefined
      if (errors.length > 0) throw invalid(errors)
      type Input = Parameters<typeof handle>[0]
      return await handle({ path, query, body } as Input, asked)
    },
  }
}

function checked(where: FieldError['in'], schema: z.ZodType, value: unknown, errors: FieldError[]): unknown {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  for (const { path, message, keys } of parsed.error.issues.flatMap((issue) => plainIssues(issue))) {
    for (const name of keys ?? [undefined]) {
      const field = z.core.toDotPath(name === undefined ? path : [...path, name])
      errors.push({ in: where, field, message: name === undefined ? message : 'There is no such field.' })
    }
  }
  return undefined
}

interface PlainIssue {
  readonly path: PropertyKey[]
  readonly message: string
  /** Names that are not known. */
  readonly keys?: readonly string[]
}

/** Of several forms that a value may have, what is wrong with the one that it is nearest to. */
function plainIssues(issue: z.core.$ZodIssue): PlainIssue[] {
  if (issue.code === 'unrecognized_keys') return [issue]
  const [nearest] = issue.code === 'invalid_union' ? issue.errors.toSorted((a, b) => a.length - b.length) : []
  if (!nearest) return [{ path: issue.path, message: issue.message }]
  return nearest.flatMap(plainIssues).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }))
}
