import { createHash, randomBytes } from 'node:crypto'
import type { Context } from 'koa'
import basicAuth from 'koa-basic-auth'
import type { Clock } from '../../core/clock.ts'
import { LoginThrottle } from '../../core/login-throttle.ts'
import { can, type Right, type User } from '../../core/user.ts'
import { ApiProblem } from '../api/problem.ts'
import { type Credentials, credentialsOf } from '../basic-auth.ts'
import { type Asker, askerOf, isOwnPage } from './asker.ts'
import type { Sessions } from './sessions.ts'
import type { SetupCode } from './setup-code.ts'
import type { WebUsers } from './web-users.ts'

/** Who asks, and how that is known. */
export interface Visitor extends User {
  readonly by: 'session' | 'basic' | 'setup'
}

export interface GateSettings {
  /** Users are served without encryption from other machines too. */
  readonly allowUnencrypted: boolean
  readonly behindProxy: boolean
}

interface GateParts {
  readonly settings: GateSettings
  readonly users: WebUsers
  readonly sessions: Sessions
  readonly setup: SetupCode
  readonly clock: Clock
}

const SAFE_METHODS = ['GET', 'HEAD']
/** Browsers take the first only with TLS, from this very host and for all of its paths. */
const PRIVATE_COOKIE = '__Host-penstock'
const LOCAL_COOKIE = 'penstock'

/** Decides who may ask what: people with a session, scripts with basic authentication. */
export class Gate {
  readonly #parts: GateParts
  /** Of guesses at the set-up code. */
  readonly #throttle: LoginThrottle

  constructor(parts: GateParts) {
    this.#parts = parts
    this.#throttle = new LoginThrottle(parts.clock)
  }

  askerOf(context: Context): Asker {
    return askerOf(context.req, this.#parts.settings.behindProxy)
  }

  /** Refuses what no user may do: passwords in plain sight, and changes by pages of other sites. */
  checkWay(context: Context): void {
    if (!this.askerOf(context).isPrivate && !this.#parts.settings.allowUnencrypted) {
      throw new ApiProblem({
        status: 403,
        code: 'ENCRYPTION_NEEDED',
        detail:
          'This gateway is asked without encryption from another machine. Ask from the machine itself, ' +
          'put a proxy with TLS before it (http.behindProxy), or allow it by http.allowUnencrypted: true.',
      })
    }
    if (SAFE_METHODS.includes(context.method) || isOwnPage(context.req)) return
    throw new ApiProblem({
      status: 403,
      code: 'FOREIGN_PAGE',
      detail: 'A change is only taken from a page of this gateway, or from a program.',
    })
  }

  /** Who asks; undefined: nobody known. Throws 401 or 429 for credentials that are wrong. */
  async visitorOf(context: Context): Promise<Visitor | undefined> {
    const given = credentialsOf(context.get('Authorization'))
    if (given) return this.#byBasic(context, given)
    const token = context.cookies.get(this.#cookieName(context))
    if (!token) return undefined
    if (this.#parts.setup.isOpen(token)) {
      return this.#parts.users.any() ? undefined : { name: 'setup', roles: ['Observer'], by: 'setup' }
    }
    const user = await this.#parts.sessions.userOf(token)
    return user && { ...user, by: 'session' }
  }

  /** The visitor, where it has this right. Throws 401 or 403 otherwise. */
  async require(context: Context, right: Right): Promise<Visitor> {
    const visitor = await this.visitorOf(context)
    if (!visitor) {
      await this.#challenge(context)
      throw unknownVisitor()
    }
    if (can(visitor.roles, right)) return visitor
    const detail = `This needs the right to ${inWords[right]}, which ${visitor.name} (${visitor.roles.join(', ')}) has not.`
    throw new ApiProblem({ status: 403, code: 'RIGHT_NEEDED', detail })
  }

  /** Logs somebody in at a browser, and sets the cookie. */
  async login(context: Context, name: string, password: string): Promise<User> {
    const user = await this.#verify(context, name, password)
    const token = await this.#parts.sessions.begin(user.name)
    if (!token) throw unknownVisitor()
    this.#setCookie(context, token)
    return user
  }

  /** Opens a gateway without users for whoever has its set-up code and is on its machine. */
  async openByCode(context: Context, code: string): Promise<User> {
    const { address, isLocal } = this.askerOf(context)
    const locked = this.#throttle.lockedFor('setup', address)
    if (locked > 0) throw tooMany(locked)
    const token = isLocal && !this.#parts.users.any() ? this.#parts.setup.use(code) : undefined
    if (!token) {
      this.#throttle.failed('setup', address, digest(code))
      const detail = isLocal
        ? 'That is not the set-up code. The latest one stands in the log.'
        : 'The set-up code opens the gateway only for a browser on its own machine.'
      throw new ApiProblem({ status: 401, code: 'CODE_WRONG', detail })
    }
    this.#setCookie(context, token)
    return { name: 'setup', roles: ['Observer'] }
  }

  logout(context: Context): void {
    const token = context.cookies.get(this.#cookieName(context))
    if (!token) return
    this.#parts.sessions.end(token)
    this.#parts.setup.end(token)
    context.cookies.set(this.#cookieName(context), null, this.#cookieOptions(context))
  }

  async #byBasic(context: Context, given: Credentials): Promise<Visitor> {
    try {
      const user = await this.#verify(context, given.name, given.password)
      await basicAuth({ name: given.name, pass: given.password })(context, nothingMore)
      return { ...user, by: 'basic' }
    } catch (error) {
      if (error instanceof ApiProblem && error.parts.status === 401) await this.#challenge(context)
      throw error
    }
  }

  /** Throws 401 with `WWW-Authenticate`, but not for browsers: they would show a dialogue of their own. */
  async #challenge(context: Context): Promise<void> {
    if (this.askerOf(context).isBrowser) return
    const nobody = randomBytes(24).toString('base64url')
    await basicAuth({ name: nobody, pass: nobody })(context, nothingMore)
  }

  async #verify(context: Context, name: string, password: string): Promise<User> {
    const { users } = this.#parts
    const { address } = this.askerOf(context)
    const user = await users.login(name, password, address)
    if (user) return user
    // The guess that brings the lock is itself only wrong.
    const locked = users.lockedFor(name, address)
    if (locked > 0) throw tooMany(locked)
    throw new ApiProblem({ status: 401, code: 'LOGIN_WRONG', detail: 'The user is unknown or the password is wrong.' })
  }

  #setCookie(context: Context, token: string): void {
    context.cookies.set(this.#cookieName(context), token, this.#cookieOptions(context))
  }

  #cookieOptions(context: Context) {
    return { httpOnly: true, sameSite: 'strict' as const, path: '/', secure: context.secure, overwrite: true }
  }

  #cookieName(context: Context): string {
    return context.secure ? PRIVATE_COOKIE : LOCAL_COOKIE
  }
}

const inWords: Readonly<Record<Right, string>> = {
  read: 'read',
  command: 'command devices',
  updateHistory: 'change history',
  configure: 'configure',
  administerSecurity: 'administer security',
}

const nothingMore = async (): Promise<void> => undefined

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')

const unknownVisitor = (): ApiProblem =>
  new ApiProblem({ status: 401, code: 'LOGIN_NEEDED', detail: 'Log in, or send a user and a password (basic).' })

const tooMany = (lockedMs: number): ApiProblem => {
  const seconds = Math.ceil(lockedMs / 1_000)
  return new ApiProblem({
    status: 429,
    code: 'LOGIN_LOCKED',
    detail: `Too many wrong passwords: try again in ${seconds} s.`,
    headers: { 'Retry-After': String(seconds) },
  })
}
