import { AttributeIds, type MonitoredItem, type OPCUAServer } from 'node-opcua'
import type { OpcuaSession, TagWatcher } from '../link/contract.ts'

/** node-opcua has the items of a subscription and lists only their handles. */
interface SubscriptionInternals {
  readonly monitoredItems?: ReadonlyMap<number, MonitoredItem>
}

/** Whoever asks is answered between two turns of the event loop that all clients share. */
const MOST_LOOKED_AT = 50_000

/**
 * Which of these sessions monitor the value of the node with this identifier in this namespace. Of more items than can be
 * looked at in one go only the first are.
 */
export function watchersOf(
  server: OPCUAServer,
  sessions: readonly OpcuaSession[],
  { namespace, identifier }: { readonly namespace: number; readonly identifier: string },
): TagWatcher[] {
  const known = new Map(sessions.map((session) => [session.id, session]))
  let left = MOST_LOOKED_AT
  const found: TagWatcher[] = []
  for (const session of server.engine.getSessions()) {
    const { client = '', user = null } = known.get(session.nodeId.toString()) ?? {}
    for (const subscription of session.publishEngine.subscriptions) {
      const { publishingInterval: publishingMs, publishingEnabled: publishing } = subscription
      const { monitoredItems } = subscription as unknown as SubscriptionInternals
      for (const { node, itemToMonitor, samplingInterval: samplingMs } of monitoredItems?.values() ?? []) {
        if (left-- === 0) return found
        if (node?.nodeId.value !== identifier || node.nodeId.namespace !== namespace) continue
        if (itemToMonitor.attributeId !== AttributeIds.Value) continue
        found.push({ client, user, samplingMs, publishingMs, publishing })
      }
    }
  }
  return found
}
