import { z } from 'zod'
import { type Route, route } from '../api/route.ts'
import { login, session } from '../api/schemas/session.ts'
import type { WebService } from './service.ts'

/** Who somebody is; logging in and out. */
export function sessionRoutes({ gate, users, name: gateway }: WebService): Route[] {
  const needsCode = async () => !(await users.any())
  return [
    route({
      method: 'GET',
      path: '/session',
      role: 'anyone',
      group: 'Session',
      summary: 'Who you are',
      answer: session,
      handle: async (_input, { visitor }) => ({ gateway, user: visitor ?? null, needsCode: await needsCode() }),
    }),
    route({
      method: 'POST',
      path: '/session',
      role: 'anyone',
      group: 'Session',
      summary: 'Log in',
      description:
        'Sets the cookie of a session, for a browser. A gateway that has no users yet is opened by the set-up code ' +
        'that stands in its log, from its own machine.',
      body: login,
      answer: session,
      handle: async ({ body }, { context }) => {
        if ('code' in body) {
          const user = await gate.openByCode(context, body.code)
          return { gateway, user: { ...user, by: 'setup' as const }, needsCode: true }
        }
        const user = await gate.login(context, body.name, body.password)
        return { gateway, user: { ...user, by: 'session' as const }, needsCode: false }
      },
    }),
    route({
      method: 'DELETE',
      path: '/session',
      role: 'anyone',
      group: 'Session',
      summary: 'Log out',
      answer: z.void(),
      handle: async (_input, { context }) => gate.logout(context),
    }),
  ]
}
