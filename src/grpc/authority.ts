import { createHmac, randomBytes } from 'node:crypto'
import { status } from '@grpc/grpc-js'
import { bearerOf, type TokenUser, tokenRefusals } from '../core/api-token.ts'
import { type Right, rightsOf, type User } from '../core/user.ts'
import type { CurrentUser } from '../core/user-directory.ts'
import { credentialsOf } from '../http/basic-auth.ts'
import { CallError } from './call-error.ts'
import type { GrpcUsers } from './service.ts'

/** Credentials that are known again without a login for each call. */
const MOST_KNOWN = 1_000

/** Who calls, and from where. */
export interface Caller extends User {
  readonly rights: readonly Right[]
  /** Another one when what was begun has to end: the user has another password, or may not log in any more. */
  readonly stamp: string
  /** By which it is called, where it is one. */
  readonly token?: TokenUser['token']
  readonly address: string
}

const NEEDED =
  'Send a token as the metadata `authorization: Bearer …`, or a user and a password as `Basic …`, with each call.'

/** Says who somebody is by the metadata `authorization` of a call (RFC 6750, RFC 7617), and what that user may do. */
export class Authority {
  readonly #users: GrpcUsers
  readonly #key = randomBytes(32)
  /** By a keyed digest of address and credentials: who that was, with the stamp of then. The longest known first. */
  readonly #known = new Map<string, { readonly name: string; readonly stamp: string }>()

  constructor(users: GrpcUsers) {
    this.#users = users
  }

  /** The caller, who has this right. Throws CallError: UNAUTHENTICATED, RESOURCE_EXHAUSTED or PERMISSION_DENIED. */
  async require(right: Right, authorization: string | undefined, address: string): Promise<Caller> {
    const caller = await this.#callerOf(authorization, address)
    if (caller.rights.includes(right)) return caller
    const { name, roles, token } = caller
    if (token) this.#users.tokens.overstepped({ ...caller, token }, right, address, 'grpc')
    const who = token ? `the token "${token.name}" of ${name}` : `${name} (${roles.join(', ')})`
    const message = `This needs the right "${right}", which ${who} has not.`
    throw new CallError(status.PERMISSION_DENIED, 'RIGHT_NEEDED', message)
  }

  /** Whether the caller, who had this right, has it still. */
  async stillMay({ name, stamp, token }: Caller, right: Right): Promise<boolean> {
    if (token) return this.#users.tokens.current(token.id)?.rights.includes(right) ?? false
    const user = await this.#users.find(name)
    return user?.stamp === stamp && rightsOf(user.roles).includes(right)
  }

  async #callerOf(authorization: string | undefined, address: string): Promise<Caller> {
    if (authorization === undefined) throw unauthenticated('LOGIN_NEEDED', NEEDED)
    const bearer = bearerOf(authorization)
    if (bearer !== undefined) return this.#byToken(bearer, address)
    const digest = createHmac('sha256', this.#key).update(`${address}\n${authorization}`).digest('base64')
    const known = this.#known.get(digest)
    const current = known && (await this.#users.find(known.name))
    if (known && current?.stamp === known.stamp) return callerOf(current, address)
    this.#known.delete(digest)
    const user = await this.#login(authorization, address)
    const { stamp } = user
    this.#known.set(digest, { name: user.name, stamp })
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KNOWN) break
      this.#known.delete(oldest)
    }
    return callerOf(user, address)
  }

  #byToken(given: string, address: string): Caller {
    const answer = this.#users.tokens.recognise(given, address, 'grpc')
    if ('user' in answer) return { ...answer.user, stamp: answer.user.token.id, address }
    if ('refused' in answer) throw unauthenticated('TOKEN_REFUSED', tokenRefusals[answer.refused])
    throw locked(answer.lockedMs, 'tokens')
  }

  async #login(authorization: string, address: string) {
    const given = credentialsOf(authorization)
    if (!given) {
      const scheme = /^[A-Za-z]{1,20}(?= )/.exec(authorization)?.[0]
      const what = scheme === undefined || /^basic$/i.test(scheme) ? 'It cannot be read.' : `${scheme} is not taken.`
      throw unauthenticated('LOGIN_NEEDED', `${what} ${NEEDED}`)
    }
    const user = await this.#users.login(given.name, given.password, address, 'grpc')
    const found = user && (await this.#users.find(user.name))
    if (found) return found
    // The guess that brings the lock is itself only wrong.
    const lockedMs = this.#users.lockedFor(given.name, address)
    if (lockedMs > 0) throw locked(lockedMs, 'passwords')
    throw unauthenticated('LOGIN_WRONG', 'The user is unknown or the password is wrong.')
  }
}

const callerOf = (user: CurrentUser, address: string): Caller => ({ ...user, rights: rightsOf(user.roles), address })

const locked = (ms: number, what: string): CallError => {
  const message = `Too many wrong ${what}: try again in ${Math.ceil(ms / 1_000)} s.`
  return new CallError(status.RESOURCE_EXHAUSTED, 'LOGIN_LOCKED', message)
}

const unauthenticated = (code: string, message: string) => new CallError(status.UNAUTHENTICATED, code, message)
