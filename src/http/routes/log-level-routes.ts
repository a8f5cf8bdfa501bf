import { z } from 'zod'
import { logLevels } from '../../core/log-level.ts'
import { ApiProblem, notFound } from '../api/problem.ts'
import { type Route, route } from '../api/route.ts'
import { targetPattern } from '../log-levels.ts'
import { actorOf } from './command-api-routes.ts'
import type { WebService } from './service.ts'

const target = z
  .string()
  .regex(targetPattern)
  .describe('`source`, `source/device`, or a part of the gateway: `@main`, `@engine`, `@opcua`.')

const override = z.object({
  target,
  level: z.enum(logLevels),
  until: z.number().describe('When it returns by itself, milliseconds of the epoch.'),
  by: z.object({ user: z.string(), origin: z.string() }),
})

/** How much is logged of one source, device or part, for a while. */
export function logLevelRoutes({ logLevels: desk }: WebService): Route[] {
  const about = { right: 'configure', group: 'Gateway' } as const
  return [
    route({
      ...about,
      method: 'GET',
      path: '/log-levels',
      summary: 'What is logged otherwise than the configuration says',
      answer: z.object({ levels: z.array(override) }),
      handle: async () => ({ levels: desk.list() }),
    }),
    route({
      ...about,
      method: 'PUT',
      path: '/log-levels',
      summary: 'Log more or less of something for a while; it returns by itself',
      body: z.strictObject({
        target,
        level: z.enum(logLevels),
        forMs: z.int().min(1_000).max(86_400_000).optional().describe('How long; 15 minutes unless said.'),
      }),
      answer: override,
      handle: async ({ body }, asked) => {
        const answer = await desk.set(body, actorOf(asked))
        if ('set' in answer) return answer.set
        throw new ApiProblem({ status: 400, code: 'LOG_LEVEL_REFUSED', detail: answer.problem })
      },
    }),
    route({
      ...about,
      method: 'DELETE',
      path: '/log-levels',
      summary: 'Let it return now',
      query: z.strictObject({ target }),
      answer: z.void(),
      handle: async ({ query }, asked) => {
        if (!desk.reset(query.target, actorOf(asked))) throw notFound(`No level is set of ${query.target}.`)
      },
    }),
  ]
}
