import { z } from 'zod'
import { eventKinds } from '../../../core/gateway-event.ts'
import { type Route, route } from '../../api/route.ts'
import { events } from '../../api/schemas/administration.ts'
import type { WebService } from '../service.ts'

const kind = z.enum(eventKinds)

/** What the gateway reports of itself, its sources and devices, and how commands ended. */
export function eventRoutes({ system }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/events',
      right: 'read',
      group: 'Events',
      summary: 'What happened and what lasts, the newest first',
      description:
        'Kept for 90 days, at most 10,000 beside those of commands; where they are filtered, the newest 5,000 ' +
        'commands are looked through for each page.',
      query: z.strictObject({
        state: z.enum(['lasting', 'over']).optional(),
        kind: z.union([kind.transform((one) => [one]), z.array(kind)]).optional(),
        minSeverity: z.coerce.number().int().min(1).max(1_000).optional(),
        search: z.string().max(200).optional().describe('What subject or text has in it.'),
        limit: z.coerce.number().int().min(1).max(1_000).default(100),
        before: z.string().max(60).optional().describe('`next` of the page before.'),
      }),
      answer: events,
      handle: async ({ query }) => {
        const { state, kind: kinds, ...rest } = query
        return system.events({ ...rest, kinds, lasting: state === undefined ? undefined : state === 'lasting' })
      },
    }),
  ]
}
