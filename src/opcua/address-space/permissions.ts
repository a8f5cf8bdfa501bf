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
/** Who may change what is recorded. */
const historians = [WellKnownRoles.Engineer, WellKnownRoles.ConfigureAdmin]

const READ = 'Browse | Read | ReadHistory | ReceiveEvents'

/** What users may do with the nodes of the plant that only show something: some roles may change their history. */
export function readPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  return withRoles(permissions(READ, allowAnonymous), historians, READ)
}

/** What users may do with tags that can be written, and with commands: only some roles may write and call. */
export function commandPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  return withRoles(readPermissions(allowAnonymous), writers, `${READ} | Write | Call`)
}

/** The same permissions, but these roles have `flags`, and with them what they may do with history. */
function withRoles(
  others: readonly RolePermissionType[],
  roles: readonly WellKnownRoles[],
  flags: string,
): readonly RolePermissionType[] {
  const own = roles.map((role) => {
    const history = historians.includes(role) ? ' | InsertHistory | ModifyHistory | DeleteHistory' : ''
    return new RolePermission({ roleId: resolveNodeId(role), permissions: makePermissionFlag(`${flags}${history}`) })
  })
  return [...others.filter(({ roleId }) => !own.some((each) => each.roleId.value === roleId.value)), ...own]
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
