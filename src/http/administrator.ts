import type { Context } from 'koa'
import type { Actor } from '../core/command.ts'
import { isLoopback } from '../core/loopback.ts'
import { can, type User } from '../core/user.ts'
import { credentialsOf } from './basic-auth.ts'

/**
 * The administrator who asks; undefined: the context is answered with why not. A password travels readable here, so it
 * is taken from this machine only, and not for a page of another site, which a browser would help with what it knows.
 */
export async function refuseUnlessAdministrator(
  context: Context,
  users: { login(name: string, password: string, address: string): Promise<User | undefined> },
): Promise<Actor | undefined> {
  const refuse = (status: number, error: string): undefined => {
    context.status = status
    context.body = { error }
  }
  const address = context.req.socket.remoteAddress ?? 'unknown'
  if (!isLoopback(address)) {
    return refuse(403, 'Security is administered on the machine of the gateway only; run penstock there.')
  }
  const site = context.get('Sec-Fetch-Site')
  if (site !== '' && site !== 'same-origin' && site !== 'none') return refuse(403, 'Not for a page of another site.')
  const given = credentialsOf(context.get('Authorization'))
  const user = given && (await users.login(given.name, given.password, address))
  if (!user) {
    context.set('WWW-Authenticate', 'Basic realm="Penstock", charset="UTF-8"')
    return refuse(401, 'Give the name and password of a user who may administer security.')
  }
  if (!can(user.roles, 'administerSecurity')) {
    return refuse(403, `User "${user.name}" may not administer security; it takes the role SecurityAdmin.`)
  }
  return { user: user.name, origin: context.get('User-Agent').startsWith('penstock') ? 'cli' : 'http', address }
}
