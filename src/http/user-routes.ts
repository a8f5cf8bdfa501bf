import type { Middleware } from 'koa'
import { z } from 'zod'
import type { Actor } from '../core/command.ts'
import { type ListedUser, type User, type UserAnswer, type UserChange, userRoles } from '../core/user.ts'
import { changeOf, type UserRequest } from '../core/user-request.ts'
import { refuseUnlessAdministrator } from './administrator.ts'
import { checkedBody } from './checked-body.ts'

/** The users of the gateway, as far as HTTP needs them (`UserAccounts`). */
export interface UserAdministration {
  login(name: string, password: string, address: string, door?: 'http' | 'grpc'): Promise<User | undefined>
  list(): readonly ListedUser[]
  change(change: UserChange, by: Actor): UserAnswer
}

const name = z.string().max(64)
const roles = z.array(z.enum(userRoles)).min(1)
const password = z.string().max(1_024)
const userRequest: z.ZodType<UserRequest> = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('add'), name, roles, password: password.nullable() }),
  z.strictObject({ action: z.literal('password'), name, password }),
  z.strictObject({ action: z.literal('roles'), name, roles }),
  z.strictObject({ action: z.literal('certificate'), name, thumbprint: z.string().max(40), add: z.boolean() }),
  z.strictObject({ action: z.enum(['disable', 'enable', 'remove']), name }),
])

/**
 * `GET /security/users` lists the users; `POST /security/users` makes one change (`UserRequest` as JSON). Only for
 * somebody on this machine who proves by Basic authentication to be allowed to administer security; whatever is wrong is
 * said as `error` in words: 400, 401, 403, 409 (the change is refused), 415.
 */
export function userRoutes(users: UserAdministration): Middleware {
  return async (context, next) => {
    if (context.path !== '/security/users') return next()
    const actor = await refuseUnlessAdministrator(context, users)
    if (!actor) return undefined
    if (context.method === 'GET') {
      context.body = { users: users.list() }
      return undefined
    }
    const given = await checkedBody(context, userRequest)
    if (!given) return undefined
    const change = await changeOf(given)
    const answer = 'refused' in change ? change : users.change(change, actor)
    context.status = 'refused' in answer ? 409 : 200
    context.body = 'refused' in answer ? { error: answer.refused } : { users: users.list() }
    return undefined
  }
}
