import { createHash } from 'node:crypto'
import {
  type NodeId,
  type OPCUAServer,
  type ServerSession,
  SessionContext,
  UserNameIdentityToken,
  WellKnownRoles,
  X509IdentityToken,
} from 'node-opcua'

/** What a client shows to say who its user is (OPC 10000-4 §7.40). */
export type IdentityToken = NonNullable<ServerSession['userIdentityToken']>

/** Which sessions are of one user: by name or certificate; all anonymous sessions are of the same. */
export function userKeyOf(token: IdentityToken | undefined): string {
  if (token instanceof UserNameIdentityToken) return `user ${token.userName}`
  if (token instanceof X509IdentityToken) {
    return `certificate ${createHash('sha256').update(token.certificateData).digest('hex')}`
  }
  return 'anonymous'
}

const administrators: readonly number[] = [WellKnownRoles.ConfigureAdmin, WellKnownRoles.SecurityAdmin]

/** Whether the user with this token, which need not be the session's yet, has a role that administers the server. */
export function isAdministrator(server: OPCUAServer, session: ServerSession, token: IdentityToken): boolean {
  const asUser: ServerSession = Object.create(session, { userIdentityToken: { value: token } })
  const roles = new SessionContext({ server, session: asUser }).getCurrentUserRoles()
  return roles.some(isAdministering)
}

const isAdministering = ({ namespace, value }: NodeId): boolean =>
  namespace === 0 && administrators.includes(value as number)
