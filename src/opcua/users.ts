import { createHash } from 'node:crypto'
import {
  makeRoles,
  type NodeId,
  type ServerSession,
  UAUserManagerBase,
  UserNameIdentityToken,
  WellKnownRoles,
  X509IdentityToken,
} from 'node-opcua'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import { Logins } from '../core/logins.ts'
import type { UserRole } from '../core/user.ts'
import { type CurrentUser, UserDirectory } from '../core/user-directory.ts'
import type { OpcuaUser } from './settings.ts'

/** The users of the OPC UA server: who a token stands for, and which roles that gives. */
export class Users extends UAUserManagerBase {
  readonly directory: UserDirectory
  readonly #logins: Logins
  /** One array for each set of roles: what is found for one is remembered by it. */
  readonly #roles = new Map<string, NodeId[]>()
  readonly #anonymous = makeRoles([WellKnownRoles.Anonymous])
  /** By token, which each session has of its own: asked for with each value that is pushed to a client. */
  #ofTokens = new WeakMap<object, NodeId[]>()
  #ofTokensAt = 0
  readonly #thumbprints = new WeakMap<X509IdentityToken, string>()

  constructor(configured: readonly OpcuaUser[], clock: Clock, log: Logger) {
    super()
    this.directory = new UserDirectory({ configured, log })
    this.#logins = new Logins({ users: this.directory, clock, log, what: 'OPC UA' })
  }

  /** Whether this is the user's password; takes the same work for a user who does not exist. */
  override async isValidUser(session: ServerSession, name: string, password: string): Promise<boolean> {
    const user = await this.#logins.verify(name, password, session.channel?.remoteAddress ?? 'unknown')
    return user !== undefined
  }

  /** By name: node-opcua asks so where it knows no session. Sessions are asked about by `rolesOf`. */
  override getUserRoles(name: string): NodeId[] {
    return this.#rolesOf(this.directory.find(name)?.roles ?? [])
  }

  override getIdentitiesForRole(): [] {
    return []
  }

  /** The user for whom a token stands, as long as there is one. */
  userOf(token: unknown): CurrentUser | undefined {
    if (token instanceof UserNameIdentityToken) return this.directory.find(token.userName ?? '')
    if (token instanceof X509IdentityToken) return this.directory.findByCertificate(this.#thumbprintOf(token))
    return undefined
  }

  /** The roles of whom an activated session stands for; one array for all with the same roles. */
  rolesOf(token: unknown): NodeId[] {
    if (!(token instanceof UserNameIdentityToken || token instanceof X509IdentityToken)) return this.#anonymous
    if (this.#ofTokensAt !== this.directory.version) {
      this.#ofTokens = new WeakMap()
      this.#ofTokensAt = this.directory.version
    }
    const known = this.#ofTokens.get(token)
    if (known) return known
    const found = this.#rolesOf(this.userOf(token)?.roles ?? [])
    this.#ofTokens.set(token, found)
    return found
  }

  #rolesOf(roles: readonly UserRole[]): NodeId[] {
    const key = roles.join()
    const known = this.#roles.get(key)
    if (known) return known
    const made = makeRoles([...roles.map((role) => WellKnownRoles[role]), WellKnownRoles.AuthenticatedUser])
    this.#roles.set(key, made)
    return made
  }

  #thumbprintOf(token: X509IdentityToken): string {
    const known = this.#thumbprints.get(token)
    if (known !== undefined) return known
    const made = thumbprintOf(token.certificateData)
    this.#thumbprints.set(token, made)
    return made
  }
}

/** SHA-1 of a certificate's DER, as OPC UA names certificates (OPC 10000-6 §6.2.2); of a chain, its first one's. */
export function thumbprintOf(certificate: Buffer | readonly Buffer[]): string {
  const [leaf = Buffer.alloc(0)] = Buffer.isBuffer(certificate) ? [firstOf(certificate)] : certificate
  return createHash('sha1').update(leaf).digest('hex')
}

/** The first of the certificates that stand one after the other. */
function firstOf(chain: Buffer): Buffer {
  const [tag, size] = chain
  if (tag !== 0x30 || size === undefined) return chain
  if (size < 0x80) return chain.subarray(0, 2 + size)
  const digits = size & 0x7f
  if (digits < 1 || digits > 4 || chain.length < 2 + digits) return chain
  return chain.subarray(0, 2 + digits + chain.readUIntBE(2, digits))
}
