import { z } from 'zod'
import { rightsOf } from '../../core/user.ts'
import type { Visitor } from '../access/gate.ts'
import { type Route, route } from '../api/route.ts'
import { login, session } from '../api/schemas/session.ts'
import type { WebService } from './service.ts'

/** Who somebody is; logging in and out. */
export function sessionRoutes({ gate, users, name: gateway }: WebService): Route[] {
  const needsCode = () => !users.any()
  return [
    route({
      method: 'GET',
      path: '/session',
      right: 'anyone',
      group: 'Session',
      summary: 'Who you are',
      answer: session,
      handle: async (_input, { visitor }) => ({
        gateway,
        user: visitor ? shown(visitor) : null,
        needsCode: needsCode(),
      }),
    }),
    route({
      method: 'POST',
      path: '/session',
      right: 'anyone',
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
          return { gateway, user: shown({ ...user, rights: rightsOf(user.roles), by: 'setup' }), needsCode: true }
        }
        const user = await gate.login(context, body.name, body.password)
        return { gateway, user: shown({ ...user, rights: rightsOf(user.roles), by: 'session' }), needsCode: false }
      },
    }),
    route({
      method: 'DELETE',
      path: '/session',
      right: 'anyone',
      group: 'Session',
      summary: 'Log out',
      answer: z.void(),
      handle: async (_input, { context }) => gate.logout(context),
    }),
  ]
}

const shown = ({ name, roles, rights, by }: Visitor) => ({ name, roles, rights, by })
