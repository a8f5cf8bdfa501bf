import { createHash, randomBytes } from 'node:crypto'
import { type Context, HttpError } from 'koa'
import basicAuth from 'koa-basic-auth'
import { type ApiToken, bearerOf, tokenRefusals } from '../../core/api-token.ts'
import type { Clock } from '../../core/clock.ts'
import { LoginThrottle } from '../../core/login-throttle.ts'
import { type Right, rightsOf, type User } from '../../core/user.ts'
import { ApiProblem } from '../api/problem.ts'
import { type Credentials, credentialsOf } from '../basic-auth.ts'
import { type Asker, askerOf, isOwnPage } from './asker.ts'
import type { Sessions } from './sessions.ts'
import type { SetupCode } from './setup-code.ts'
import type { WebUsers } from './web-users.ts'

/** Who asks, and how that is known. */
export interface Visitor extends User {
  readonly by: 'session' | 'basic' | 'token' | 'setup'
  /** What may be done: of a token it is less than the roles of its user say, and `roles` are those that fit into it. */
  readonly rights: readonly Right[]
  /** By which it was asked, where it was one. */
  readonly token?: Pick<ApiToken, 'id' | 'name' | 'expiresAt'>
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

/** Decides who may ask what: people with a session, scripts with basic authentication or a token. */
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
          'This gateway is asked without encryption from another machine. Ask from the machine itself, set http.tls, ' +
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
    const bearer = bearerOf(context.get('Authorization'))
    if (bearer !== undefined) return this.#byToken(context, bearer)
    const token = this.sessionToken(context)
    if (!token) return undefined
    if (this.#parts.setup.isOpen(token)) {
      return this.#parts.users.any() ? undefined : visitorBy('setup', { name: 'setup', roles: ['Observer'] })
    }
    const user = await this.#parts.sessions.userOf(token)
    return user && visitorBy('session', user)
  }

  /** Whether whoever asked before may still read: credentials that were taken then may be wrong by now. */
  async stillReads(context: Context): Promise<boolean> {
    try {
      return (await this.visitorOf(context))?.rights.includes('read') ?? false
    } catch (error) {
      // Basic authentication is refused with an error of Koa's.
      if (error instanceof ApiProblem || (error instanceof HttpError && error.status === 401)) return false
      throw error
    }
  }

  /** The visitor, where it has this right. Throws 401 or 403 otherwise. */
  async require(context: Context, right: Right): Promise<Visitor> {
    const visitor = await this.visitorOf(context)
    if (!visitor) {
      await this.#challenge(context)
      throw unknownVisitor()
    }
    const { name, roles, token } = visitor
    if (visitor.rights.includes(right)) return visitor
    if (token) this.#parts.users.tokens.overstepped({ ...visitor, token }, right, this.askerOf(context).address, 'http')
    const who = token ? `the token "${token.name}" of ${name}` : `${name} (${roles.join(', ')})`
    const detail = `This needs the right to ${inWords[right]}, which ${who} has not.`
    throw new ApiProblem({ status: 403, code: 'RIGHT_NEEDED', detail })
  }

  /** Throws 401 or 429 where this is not the password of the user. */
  async prove(context: Context, name: string, password: string): Promise<void> {
    await this.#verify(context, name, password)
  }

  /** Logs somebody in at a browser, and sets the cookie. */
  async login(context: Context, name: string, password: string): Promise<User> {
    const user = await this.#verify(context, name, password)
    await this.begin(context, user.name)
    return user
  }

  /** Begins a session of a user who has just proved to be it, and sets its cookie. */
  async begin(context: Context, name: string): Promise<void> {
    const from = { address: this.askerOf(context).address, client: context.get('User-Agent').slice(0, 200) }
    const token = await this.#parts.sessions.begin(name, from)
    if (!token) throw unknownVisitor()
    this.#setCookie(context, token)
  }

  /** What the browser has of its session. */
  sessionToken(context: Context): string | undefined {
    return context.cookies.get(this.#cookieName(context))
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
    const token = this.sessionToken(context)
    if (!token) return
    this.#parts.sessions.end(token)
    this.#parts.setup.end(token)
    context.cookies.set(this.#cookieName(context), null, this.#cookieOptions(context))
  }

  async #byBasic(context: Context, given: Credentials): Promise<Visitor> {
    try {
      const user = await this.#verify(context, given.name, given.password)
      await basicAuth({ name: given.name, pass: given.password })(context, nothingMore)
      return visitorBy('basic', user)
    } catch (error) {
      if (error instanceof ApiProblem && error.parts.status === 401) await this.#challenge(context)
      throw error
    }
  }

  #byToken(context: Context, given: string): Visitor {
    const answer = this.#parts.users.tokens.recognise(given, this.askerOf(context).address, 'http')
    if ('user' in answer) return { ...answer.user, by: 'token' }
    if ('lockedMs' in answer) throw tooMany(answer.lockedMs, 'tokens')
    throw new ApiProblem({
      status: 401,
      code: 'TOKEN_REFUSED',
      detail: tokenRefusals[answer.refused],
      // RFC 6750, 3.1.
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    })
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

const visitorBy = (by: Visitor['by'], { name, roles }: User): Visitor => ({ name, roles, rights: rightsOf(roles), by })

const nothingMore = async (): Promise<void> => undefined

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url')

const unknownVisitor = (): ApiProblem =>
  new ApiProblem({
    status: 401,
    code: 'LOGIN_NEEDED',
    detail: 'Log in, or send a token (bearer), or a user and a password (basic).',
  })

const tooMany = (lockedMs: number, what = 'passwords'): ApiProblem => {
  const seconds = Math.ceil(lockedMs / 1_000)
  return new ApiProblem({
    status: 429,
    code: 'LOGIN_LOCKED',
    detail: `Too many wrong ${what}: try again in ${seconds} s.`,
    headers: { 'Retry-After': String(seconds) },
  })
}
