import { z } from 'zod'
import { defaultTokenDays, longestTokenDays } from '../../core/api-token.ts'
import { hashPassword } from '../../core/password.ts'
import { passwordProblem } from '../../core/password-rule.ts'
import { ApiProblem, notFound } from '../api/problem.ts'
import { type Asked, type Route, route } from '../api/route.ts'
import { access, newPassword } from '../api/schemas/access.ts'
import { actorOf } from './command-api-routes.ts'
import type { WebService } from './service.ts'

/** What somebody has to do with his own access: sessions at browsers, and the password. */
export function accessRoutes(service: WebService): Route[] {
  const { gate, users, webSessions, accounts } = service
  const nameOf = ({ visitor }: Asked): string => visitor?.name ?? ''
  /** Of whoever asks by a session; nobody's otherwise. */
  const sessionOf = ({ context, visitor }: Asked) =>
    visitor?.by === 'session' ? gate.sessionToken(context) : undefined
  return [
    route({
      method: 'GET',
      path: '/access',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'Your roles, sessions and tokens',
      answer: access,
      handle: async (_input, asked) => {
        const { roles = [], rights = [] } = asked.visitor ?? {}
        const name = nameOf(asked)
        return {
          name,
          roles,
          rights,
          password: passwordOf(service, name),
          sessions: await webSessions.of(name, sessionOf(asked)),
          tokens: users.tokens.list(name),
          tokenDays: { default: defaultTokenDays, longest: longestTokenDays },
        }
      },
    }),
    route({
      method: 'DELETE',
      path: '/access/sessions',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'End all your other sessions',
      answer: z.void(),
      handle: async (_input, asked) => {
        webSessions.endOf(nameOf(asked), { butThatOf: sessionOf(asked) })
      },
    }),
    route({
      method: 'DELETE',
      path: '/access/sessions/{id}',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'End one of your sessions',
      pathParameters: z.strictObject({ id: z.string() }),
      answer: z.void(),
      handle: async ({ path }, asked) => {
        if (webSessions.endOf(nameOf(asked), path) === 0) throw notFound('You have no such session, or none any more.')
      },
    }),
    route({
      method: 'PUT',
      path: '/access/password',
      right: 'read',
      isPersonal: true,
      group: 'Access',
      summary: 'Change your password',
      description:
        'Your other sessions end, those at OPC UA clients too; tokens stay, revoke them where they may be known. A ' +
        'password that the environment gives is changed there.',
      body: newPassword,
      answer: z.void(),
      handle: async ({ body }, asked) => {
        const name = nameOf(asked)
        await gate.prove(asked.context, name, body.current)
        const wrong = passwordProblem(name, body.password)
        if (wrong !== undefined) throw refused(422, wrong)
        const passwordHash = await hashPassword(body.password)
        const answer = accounts.change({ action: 'password', name, passwordHash }, actorOf(asked))
        if ('refused' in answer) throw refused(409, answer.refused)
        if (asked.visitor?.by === 'session') await gate.begin(asked.context, name)
      },
    }),
  ]
}

function passwordOf({ accounts }: WebService, name: string): 'gateway' | 'environment' | 'none' {
  const user = accounts.list().find((each) => each.name === name)
  if (user?.origin === 'environment') return 'environment'
  return user?.hasPassword ? 'gateway' : 'none'
}

const refused = (status: number, detail: string): ApiProblem =>
  new ApiProblem({ status, code: 'PASSWORD_REFUSED', detail })
