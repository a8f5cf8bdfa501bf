import {
  type IAddressSpace,
  MethodIds,
  makePermissionFlag,
  resolveNodeId,
  type UAMethod,
  WellKnownRoles,
} from 'node-opcua'
import { HardeningError } from './patch-method.ts'

/**
 * SetSubscriptionDurable (OPC 10000-5 §9.3) lets its caller keep a subscription for 2400 hours in memory, and
 * node-opcua lets anybody call it. Only ConfigureAdmin may, and `subscription-lifetime.ts` caps what that gets.
 */
export function restrictDurableSubscriptions(addressSpace: IAddressSpace): void {
  const method = addressSpace.findNode(resolveNodeId(MethodIds.Server_SetSubscriptionDurable)) as UAMethod | null
  if (!method) throw new HardeningError('restrict durable subscriptions', 'method Server/SetSubscriptionDurable')
  method.setRolePermissions([
    { roleId: resolveNodeId(WellKnownRoles.ConfigureAdmin), permissions: makePermissionFlag('Browse | Call') },
  ])
}
