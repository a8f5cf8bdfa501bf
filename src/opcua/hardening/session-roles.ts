import { type BaseNode, type NodeId, type ServerSession, SessionContext, X509IdentityToken } from 'node-opcua'
import { Users } from '../users.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'roles of a session'

interface Context {
  readonly session?: ServerSession | undefined
  readonly server?: { readonly userManager?: unknown } | undefined
  getCurrentUserRoles(): NodeId[]
}

/** A user whom nobody knows any more: what a certificate calls itself is no name. */
const UNKNOWN_USER = 'unknown user'

/**
 * node-opcua asks for roles by name, and takes the common name of a user certificate for one: whoever has a certificate
 * that is called like a user would get that user's roles, and do what he does under that name. Here roles and name come
 * from the token itself. What they allow on a
 * node is remembered: node-opcua works it out for each value that is read, which costs more than reading it.
 */
export function giveRolesByToken(): void {
  patchMethod(SessionContext.prototype, 'getCurrentUserRoles', FIX, (original) => {
    return function (this: Context) {
      const users = this.server?.userManager
      const token = this.session?.userIdentityToken
      return token && users instanceof Users ? users.rolesOf(token) : original.call(this)
    }
  })
  patchMethod(SessionContext.prototype, 'getUserName', FIX, (original) => {
    return function (this: Context) {
      const users = this.server?.userManager
      const token = this.session?.userIdentityToken
      // Commands and changes of history are noted under this name.
      if (!(token instanceof X509IdentityToken && users instanceof Users)) return original.call(this)
      return users.userOf(token)?.name ?? UNKNOWN_USER
    }
  })
  const remembered = new WeakMap<NodeId[], WeakMap<object, number>>()
  patchMethod(SessionContext.prototype, 'getPermissions', FIX, (original) => {
    return function (this: Context, node: BaseNode) {
      const users = this.server?.userManager
      const token = this.session?.userIdentityToken
      const declared = node.rolePermissions ?? node.namespace.getDefaultRolePermissions()
      if (!token || !declared || !(users instanceof Users)) return original.call(this, node)
      const roles = users.rolesOf(token)
      const known = remembered.get(roles) ?? new WeakMap<object, number>()
      remembered.set(roles, known)
      const found = known.get(declared) ?? (original.call(this, node) as number)
      known.set(declared, found)
      return found
    }
  })
}
