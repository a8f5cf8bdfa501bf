import {
  type AddressSpace,
  type BaseNode,
  makePermissionFlag,
  RolePermissionType as RolePermission,
  type RolePermissionType,
  resolveNodeId,
  WellKnownRoles,
} from 'node-opcua'
import { can, type Right, rights, userRoles } from '../../core/user.ts'
import { HardeningError } from '../hardening/patch-method.ts'

/** Permissions (OPC 10000-3 §8.55) on nodes of the plant, by the right that gives them. */
const ofPlant = {
  read: 'Browse | Read | ReadHistory | ReceiveEvents',
  command: 'Write | Call',
  updateHistory: 'InsertHistory | ModifyHistory | DeleteHistory',
  administerSecurity: 'ReadRolePermissions',
} as const satisfies Partial<Record<Right, string>>

/** What users may do with the nodes of the plant that only show something: some roles may change their history. */
export function readPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  const { command: _, ...others } = ofPlant
  return permissions(others, allowAnonymous)
}

/** What users may do with tags that can be written, and with commands. */
export function commandPermissions(allowAnonymous: boolean): readonly RolePermissionType[] {
  return permissions(ofPlant, allowAnonymous)
}

/**
 * Whatever no rule allows is denied (`unresolvedPermissionPolicy: 'deny'`), so every namespace gets its rule. Methods of
 * the Server object may be called, except where the standard nodeset or a fix says otherwise.
 */
export function setNamespacePermissions(addressSpace: AddressSpace, allowAnonymous: boolean): void {
  for (const namespace of addressSpace.getNamespaceArray()) {
    const read = namespace.index === 0 ? 'Browse | Read | Call | ReceiveEvents' : 'Browse | Read | ReceiveEvents'
    namespace.setDefaultRolePermissions([...permissions({ read }, allowAnonymous)])
  }
}

function permissions(of: Readonly<Partial<Record<Right, string>>>, allowAnonymous: boolean): RolePermissionType[] {
  const flagsOf = (has: (right: Right) => boolean) =>
    makePermissionFlag(
      rights
        .filter(has)
        .flatMap((right) => of[right] ?? [])
        .join(' | '),
    )
  const granted = userRoles.map((role) => ({
    roleId: resolveNodeId(WellKnownRoles[role]),
    permissions: flagsOf((right) => can([role], right)),
  }))
  const toAnybody = {
    roleId: resolveNodeId(WellKnownRoles.Anonymous),
    permissions: flagsOf((right) => right === 'read'),
  }
  return [...granted, ...(allowAnonymous ? [toAnybody] : [])].map((each) => new RolePermission(each))
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
