import {
  type AddressSpace,
  makePermissionFlag,
  type NodeId,
  RolePermissionType as RolePermission,
  type RolePermissionType,
  resolveNodeId,
  type UAVariable,
  WellKnownRoles,
} from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'

const readers = [WellKnownRoles.Observer, WellKnownRoles.Operator, WellKnownRoles.Engineer]

/**
 * What users may do with the nodes of the plant: see and read them (writing comes with commands). Who engineers or
 * configures the plant may also change what is recorded.
 */
export function readPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  const read = 'Browse | Read | ReadHistory | ReceiveEvents'
  const readOnly = permissions(read, allowAnonymous).filter(({ roleId }) => !historians.some(isRole(roleId)))
  const flags = makePermissionFlag(`${read} | InsertHistory | ModifyHistory | DeleteHistory`)
  return [
    ...readOnly,
    ...historians.map((role) => new RolePermission({ roleId: resolveNodeId(role), permissions: flags })),
  ]
}

const historians = [WellKnownRoles.Engineer, WellKnownRoles.ConfigureAdmin]
const isRole = (roleId: NodeId) => (role: WellKnownRoles) => roleId.value === role

/**
 * Whatever no rule allows is denied (`unresolvedPermissionPolicy: 'deny'`), so every namespace gets its rule. Methods of
 * the Server object may be called, except where the standard nodeset or a fix says otherwise.
 */
export function setNamespacePermissions(addressSpace: AddressSpace, allowAnonymous: boolean): void {
  for (const namespace of addressSpace.getNamespaceArray()) {
    const flags = namespace.index === 0 ? 'Browse | Read | Call | ReceiveEvents' : 'Browse | Read | ReceiveEvents'
    namespace.setDefaultRolePermissions([...permissions(flags, allowAnonymous)])
  }
}

function permissions(flags: string, allowAnonymous: boolean): RolePermissionType[] {
  const roles = allowAnonymous ? [...readers, WellKnownRoles.Anonymous] : readers
  return roles.map(
    (role) => new RolePermission({ roleId: resolveNodeId(role), permissions: makePermissionFlag(flags) }),
  )
}

/**
 * Gives the variable its permissions as one array shared by all: without them node-opcua looks the namespace's up for
 * each value read, which costs more than the rest; with setRolePermissions it would copy the array for each node.
 */
export function sharePermissions(variable: UAVariable, shared: readonly RolePermissionType[]): void {
  const internals = variable as unknown as { _rolePermissions: readonly RolePermissionType[] }
  internals._rolePermissions = shared
  if (variable.rolePermissions !== shared) throw new HardeningError('share permissions', 'BaseNode._rolePermissions')
}
