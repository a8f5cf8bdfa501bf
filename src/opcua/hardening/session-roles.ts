import { type BaseNode, type NodeId, type ServerSession, SessionContext } from 'node-opcua'
import { Users } from '../users.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'roles of a session'

interface Context {
  readonly session?: ServerSession | undefined
  readonly server?: { readonly userManager?: unknown } | undefined
  getCurrentUserRoles(): NodeId[]
}

/**
 * node-opcua asks for roles by name, and takes the common name of a user certificate for one: whoever has a certificate
 * that is called like a user would get that user's roles. Here roles come from the token itself. What they allow on a
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
