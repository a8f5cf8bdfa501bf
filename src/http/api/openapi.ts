import { z } from 'zod'
import type { Route } from './route.ts'
import { API_PREFIX } from './router.ts'
import { problemSchema } from './schemas/problem.ts'

/** The API in OpenAPI 3.1, made of the routes that answer it. */
export function openApiOf(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = `${API_PREFIX}${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Penstock',
      version,
      description:
        'Everything the web pages show. Programs send a token (bearer), or a user and a password (basic ' +
        'authentication); a page sends the cookie of its session. Whatever goes wrong is said as application/problem+json (RFC 9457). Times are ' +
        'milliseconds of the Unix epoch; 64-bit integers are text.',
    },
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        basic: { type: 'http', scheme: 'basic' },
        session: { type: 'apiKey', in: 'cookie', name: '__Host-penstock' },
      },
      schemas: { Problem: jsonSchema(problemSchema) },
    },
    paths,
  }
}

function operationOf(route: Route): object {
  const {
    summary,
    description,
    group,
    right,
    isPersonal = false,
    body,
    answer,
    status = 200,
    mediaType = 'application/json',
  } = route
  const parameters = [...parametersOf(route.pathParameters, 'path'), ...parametersOf(route.query, 'query')]
  const persons = isPersonal ? ' Not for a token, unless it may administer security.' : ''
  const needs = right === 'anyone' ? 'Anyone may ask.' : `Needs the right \`${right}\`.${persons}`
  const isEmpty = answer instanceof z.ZodUndefined || answer instanceof z.ZodVoid
  return {
    operationId: operationIdOf(route),
    summary,
    description: description ? `${description} ${needs}` : needs,
    tags: [group],
    'x-penstock-right': right,
    ...(isPersonal ? { 'x-penstock-personal': true } : {}),
    security: right === 'anyone' ? [] : [{ token: [] }, { basic: [] }, { session: [] }],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body) } } } } : {}),
    responses: {
      ...(isEmpty
        ? { 204: { description: 'Done.' } }
        : { [status]: { description: 'As asked.', content: { [mediaType]: { schema: jsonSchema(answer) } } } }),
      ...(right === 'anyone'
        ? {}
        : { 401: problemOf('Nobody is logged in, or not rightly.'), 403: problemOf('The user may not do this.') }),
      default: problemOf('What went wrong, and what to do.'),
    },
  }
}

const problemOf = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
})

function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query'): object[] {
  if (!schema) return []
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, { description?: string; default?: unknown }>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: where === 'path' || (required.includes(name) && rest.default === undefined),
    ...(description ? { description } : {}),
    schema: rest,
  }))
}

function jsonSchema(schema: z.ZodType): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'output',
    unrepresentable: 'any',
  })
  return rest
}

/** `GET /sources/{source}/frames` is `getSourcesFrames`. */
function operationIdOf({ method, path }: Route): string {
  const words = path.split('/').filter((part) => part !== '' && !part.startsWith('{'))
  const capitals = words.map((word) =>
    word.replace(/(?:^|[^a-zA-Z])([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  )
  const one = path.endsWith('}') ? 'One' : ''
  return `${method.toLowerCase()}${capitals.join('')}${one}`
}
