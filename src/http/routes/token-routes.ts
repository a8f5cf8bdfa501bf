import { z } from 'zod'
import { ApiProblem, notFound } from '../api/problem.ts'
import { type Asked, type Route, route } from '../api/route.ts'
import { madeToken, tokenList, tokenRequest } from '../api/schemas/access.ts'
import { actorOf } from './command-api-routes.ts'
import type { WebService } from './service.ts'

/** Tokens by which programs ask in the name of a user. */
export function tokenRoutes({ users: { tokens } }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/tokens',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'Your API tokens',
      description: 'With `all=true` those of every user, for who may administer security.',
      query: z.strictObject({ all: z.enum(['true', 'false']).default('false') }),
      answer: tokenList,
      handle: async ({ query }, asked) => {
        if (query.all === 'false') return { tokens: tokens.list(asked.visitor?.name ?? '') }
        if (mayAdminister(asked)) return { tokens: tokens.list() }
        const detail = 'The tokens of other users are for who may administer security.'
        throw new ApiProblem({ status: 403, code: 'RIGHT_NEEDED', detail })
      },
    }),
    route({
      method: 'POST',
      path: '/tokens',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'Make an API token',
      description:
        'It asks in your name, and may do what its scope says as far as you may do it at that moment. Its text is ' +
        'answered this once.',
      body: tokenRequest,
      answer: madeToken,
      status: 201,
      handle: async ({ body }, asked) => {
        const { visitor } = asked
        const { rights, token } = visitor ?? { rights: [] }
        const within = token && { rights, expiresAt: token.expiresAt }
        const answer = tokens.make({ ...body, user: visitor?.name ?? '' }, actorOf(asked), within)
        if ('made' in answer) return { ...answer.made, token: answer.token }
        throw new ApiProblem({ status: 409, code: 'TOKEN_NOT_MADE', detail: answer.refused })
      },
    }),
    route({
      method: 'DELETE',
      path: '/tokens/{id}',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'Revoke an API token',
      description: 'One of yours, or anybody’s, for who may administer security. It is refused from then on.',
      pathParameters: z.strictObject({ id: z.string() }),
      answer: z.void(),
      handle: async ({ path: { id } }, asked) => {
        const mine = tokens.find(id)?.user === asked.visitor?.name
        if ((mine || mayAdminister(asked)) && tokens.revoke(id, actorOf(asked))) return
        throw notFound('There is no such token, or it is not yours.')
      },
    }),
  ]
}

const mayAdminister = ({ visitor }: Asked): boolean => visitor?.rights.includes('administerSecurity') ?? false
