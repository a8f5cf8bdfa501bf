import { z } from 'zod'
import type { ListedUser, UserChange } from '../../../core/user.ts'
import { changeOf, type UserRequest } from '../../../core/user-request.ts'
import { ApiProblem, notFound } from '../../api/problem.ts'
import { type Asked, type Route, route } from '../../api/route.ts'
import {
  disabling,
  newPassword,
  newRoles,
  newUser,
  type UserAnswered,
  user,
  userList,
} from '../../api/schemas/administration.ts'
import { actorOf } from '../command-api-routes.ts'
import type { WebService } from '../service.ts'

const named = z.strictObject({ name: z.string().min(1).max(64) })
const thumbprint = z.string().regex(/^[0-9A-Fa-f]{40}$/, 'is no thumbprint, which has 40 hexadecimal digits')
const withThumbprint = named.extend({ thumbprint })
const group = 'Users'
const right = 'administerSecurity'
const onlyUnchanged = 'With `If-Match` only while the user is as it was when its `etag` was read.'

/** Who may use the gateway. Users of the configuration are shown, and refuse to be changed. */
export function userRoutes({ accounts }: WebService): Route[] {
  const find = (name: string): ListedUser => {
    const found = accounts.list().find((each) => each.name === name)
    if (!found) throw notFound(`There is no user "${name}".`)
    return found
  }
  const make = async (request: UserRequest, asked: Asked): Promise<void> => {
    const change = await changeOf(request)
    if ('refused' in change) throw weak(change.refused)
    // A password takes a while to hash, and whoever else changed the user meanwhile was first.
    if (request.action !== 'add') checkUnchanged(find(request.name), asked)
    const answer = accounts.change(change as UserChange, actorOf(asked))
    if ('refused' in answer) throw refused(answer.refused)
  }
  const changed = async (request: UserRequest, asked: Asked): Promise<UserAnswered> => {
    await make(request, asked)
    const now = shown(find(request.name))
    asked.context.set('ETag', now.etag)
    return now
  }
  return [
    route({
      method: 'GET',
      path: '/users',
      right,
      group,
      summary: 'All users, those of the configuration first',
      answer: userList,
      handle: async () => ({ users: accounts.list().map(shown) }),
    }),
    route({
      method: 'POST',
      path: '/users',
      right,
      group,
      summary: 'Add a user',
      body: newUser,
      answer: user,
      status: 201,
      handle: async ({ body }, asked) => changed({ action: 'add', ...body }, asked),
    }),
    route({
      method: 'PUT',
      path: '/users/{name}/roles',
      right,
      group,
      summary: 'Give a user these roles and no others',
      description: `The last user who may administer security keeps that role. ${onlyUnchanged}`,
      pathParameters: named,
      body: newRoles,
      answer: user,
      handle: async ({ path, body }, asked) => changed({ action: 'roles', ...path, ...body }, asked),
    }),
    route({
      method: 'PUT',
      path: '/users/{name}/password',
      right,
      group,
      summary: 'Give a user another password',
      description: 'Whoever is logged in with the old one has to log in again.',
      pathParameters: named,
      body: newPassword,
      answer: user,
      handle: async ({ path, body }, asked) => changed({ action: 'password', ...path, ...body }, asked),
    }),
    route({
      method: 'PUT',
      path: '/users/{name}/disabled',
      right,
      group,
      summary: 'Keep a user out, or let him in again',
      description: onlyUnchanged,
      pathParameters: named,
      body: disabling,
      answer: user,
      handle: async ({ path, body }, asked) =>
        changed({ action: body.disabled ? 'disable' : 'enable', ...path }, asked),
    }),
    route({
      method: 'PUT',
      path: '/users/{name}/certificates/{thumbprint}',
      right,
      group,
      summary: 'Let a user log in with a certificate',
      pathParameters: withThumbprint,
      answer: user,
      handle: async ({ path }, asked) => changed(certificateRequest(path, true), asked),
    }),
    route({
      method: 'DELETE',
      path: '/users/{name}/certificates/{thumbprint}',
      right,
      group,
      summary: 'Take a certificate from a user',
      pathParameters: withThumbprint,
      answer: user,
      handle: async ({ path }, asked) => changed(certificateRequest(path, false), asked),
    }),
    route({
      method: 'DELETE',
      path: '/users/{name}',
      right,
      group,
      summary: 'Remove a user',
      description: onlyUnchanged,
      pathParameters: named,
      answer: z.void(),
      handle: async ({ path }, asked) => make({ action: 'remove', ...path }, asked),
    }),
  ]
}

const certificateRequest = (path: z.output<typeof withThumbprint>, add: boolean): UserRequest => ({
  action: 'certificate',
  name: path.name,
  thumbprint: path.thumbprint.toLowerCase(),
  add,
})

const etagOf = ({ changedAt }: ListedUser): string => `"u${changedAt}"`

const shown = ({ weakness, ...known }: ListedUser): UserAnswered => ({
  ...known,
  roles: [...known.roles],
  certificates: [...known.certificates],
  etag: etagOf(known),
  ...(weakness === undefined ? {} : { weakness }),
})

function checkUnchanged(found: ListedUser, { context }: Asked): void {
  const given = context.get('If-Match')
  if (given === '' || given === '*' || given === etagOf(found)) return
  const detail = `Somebody else changed the user "${found.name}" meanwhile: look again, and repeat the change.`
  throw new ApiProblem({ status: 412, code: 'USER_CHANGED', detail })
}

const refused = (detail: string): ApiProblem => new ApiProblem({ status: 409, code: 'USER_REFUSED', detail })

const weak = (message: string): ApiProblem =>
  new ApiProblem({
    status: 422,
    code: 'PASSWORD_REFUSED',
    detail: message,
    errors: [{ in: 'body', field: 'password', message }],
  })
