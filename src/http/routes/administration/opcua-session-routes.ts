import { z } from 'zod'
import { notFound } from '../../api/problem.ts'
import { type Route, route } from '../../api/route.ts'
import { opcuaSessions } from '../../api/schemas/administration.ts'
import { actorOf } from '../command-api-routes.ts'
import { orSilent, type WebService } from '../service.ts'

export const OPCUA_SILENT = 'The OPC UA server does not answer just now; ask again in some seconds.'
const group = 'OPC UA sessions'
const right = 'administerSecurity'

/** Who is connected to the OPC UA server. */
export function opcuaSessionRoutes({ opcua }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/opcua/sessions',
      right,
      group,
      summary: 'Who is connected, how and what that costs, the oldest session first',
      answer: opcuaSessions,
      handle: async () => ({ sessions: [...(await orSilent(() => opcua.sessions(), OPCUA_SILENT))] }),
    }),
    route({
      method: 'DELETE',
      path: '/opcua/sessions/{id}',
      right,
      group,
      summary: 'End a session and its subscriptions',
      description: 'Its client is told, and may log in again.',
      pathParameters: z.strictObject({ id: z.string().min(1).max(200) }),
      answer: z.void(),
      handle: async ({ path }, asked) => {
        const isClosed = await orSilent(() => opcua.closeSession(path.id, actorOf(asked)), OPCUA_SILENT)
        if (!isClosed) throw notFound(`There is no session "${path.id}" any more.`)
      },
    }),
  ]
}
