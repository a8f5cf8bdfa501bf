import { type IAddressSpace, MethodIds, resolveNodeId, type UAMethod, type UAVariable } from 'node-opcua'
import { checkMonitoredItems } from '../services/item-checks.ts'
import { encryptAuditEvents } from './audit-events-encrypted.ts'
import { auditOperations } from './audit-operations.ts'
import { checkPermissionOnPush } from './check-permission-on-push.ts'
import { deliverOnChange } from './deliver-on-change.ts'
import { restrictDurableSubscriptions } from './durable-subscriptions.ts'
import { takeEmptyTextAsNoRange } from './empty-index-ranges.ts'
import { gatherSemanticEvents } from './gather-semantic-events.ts'
import { capItemQueue } from './item-queue-cap.ts'
import { keepNoAliases } from './node-aliases.ts'
import { shareSubscriptionDiagnostics } from './one-diagnostics-node.ts'
import { setOverflowBitOnAnyStatus } from './overflow-bit.ts'
import { HardeningError } from './patch-method.ts'
import { prepareKeysOnce } from './prepared-keys.ts'
import { refuseRangesOfScalars } from './range-of-scalar.ts'
import { restrictWrites } from './restrict-writes.ts'
import { keepItemsOfRemovedNodes } from './revive-items.ts'
import { giveRolesByToken } from './session-roles.ts'
import { tellSizeOfNumbers } from './size-of-notifications.ts'
import { capSubscriptionLifetime } from './subscription-lifetime.ts'
import { endChannelsOfUndecodableMessages } from './undecodable-messages.ts'
import { unshareReads } from './unshared-reads.ts'
import { admitUsersByCertificate } from './user-certificates.ts'

/**
 * Every fix of node-opcua that acts on its classes or on its address space; before the first client connects.
 * What acts on connections is in `first-frame.ts`, `open-channel-deadline.ts`, `slow-reader.ts`, `transport-limits.ts`.
 */
export function hardenNodeOpcua(addressSpace: IAddressSpace, anyVariable: UAVariable): void {
  giveRolesByToken()
  admitUsersByCertificate()
  deliverOnChange()
  checkPermissionOnPush()
  setOverflowBitOnAnyStatus()
  tellSizeOfNumbers()
  capItemQueue()
  capSubscriptionLifetime()
  shareSubscriptionDiagnostics()
  prepareKeysOnce()
  endChannelsOfUndecodableMessages()
  takeEmptyTextAsNoRange()
  checkMonitoredItems()
  keepNoAliases()
  keepItemsOfRemovedNodes()
  restrictWrites(anyVariable, addressSpace.rootFolder.objects)
  unshareReads(anyVariable)
  gatherSemanticEvents(anyVariable)
  refuseRangesOfScalars(anyVariable)
  restrictDurableSubscriptions(addressSpace)
  encryptAuditEvents()
  auditOperations(anyVariable, anyMethod(addressSpace))
}

function anyMethod(addressSpace: IAddressSpace): UAMethod {
  const method = addressSpace.findNode(resolveNodeId(MethodIds.Server_GetMonitoredItems)) as UAMethod | null
  if (!method) throw new HardeningError('audit writes and calls', 'method Server/GetMonitoredItems')
  return method
}
