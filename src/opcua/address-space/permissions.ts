import {
  type AddressSpace,
  type BaseNode,
  makePermissionFlag,
  RolePermissionType as RolePermission,
  type RolePermissionType,
  resolveNodeId,
  WellKnownRoles,
} from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'

const readers = [WellKnownRoles.Observer, WellKnownRoles.Operator, WellKnownRoles.Engineer]

/** Who may change something in the plant (OPC 10000-3 §4.9.2). */
const writers = [
  WellKnownRoles.Operator,
  WellKnownRoles.Engineer,
  WellKnownRoles.ConfigureAdmin,
  WellKnownRoles.SecurityAdmin,
]

/** What users may do with the nodes of the plant that only show something. */
export function readPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  return permissions('Browse | Read | ReadHistory | ReceiveEvents', allowAnonymous)
}

/** What users may do with tags that can be written, and with commands: only some roles may write and call. */
export function commandPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  const ids = writers.map((role) => resolveNodeId(role))
  const isWriter = ({ roleId }: RolePermissionType) => ids.some((id) => id.value === roleId.value)
  const flags = makePermissionFlag('Browse | Read | ReadHistory | ReceiveEvents | Write | Call')
  return [
    ...readPermissions(allowAnonymous).filter((permission) => !isWriter(permission)),
    ...ids.map((roleId) => new RolePermission({ roleId, permissions: flags })),
  ]
}

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
 * Gives the node its permissions as one array shared by all: without them node-opcua looks the namespace's up for
 * each value read, which costs more than the rest; with setRolePermissions it would copy the array for each node.
 */
export function sharePermissions(node: BaseNode, shared: readonly RolePermissionType[]): void {
  const internals = node as unknown as { _rolePermissions: readonly RolePermissionType[] }
  internals._rolePermissions = shared
  if (node.rolePermissions !== shared) throw new HardeningError('share permissions', 'BaseNode._rolePermissions')
}
