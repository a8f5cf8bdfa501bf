import { AttributeIds, MonitoredItem } from 'node-opcua'
import type { MonitoredItemInternals } from './monitored-item.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'item queue cap'

/** The longest queue of one monitored item; advertised as MaxMonitoredItemsQueueSize. */
export const MAX_ITEM_QUEUE = 100
/** Events come in bursts and cannot be folded to the latest. */
const MAX_EVENT_QUEUE = 1_000

/**
 * node-opcua revises a queue to at most 5000 whatever it advertises: a few thousand items of a client that stopped
 * reading could fill the memory. The client learns the shorter queue as its revised size.
 */
export function capItemQueue(): void {
  patchMethod(MonitoredItem.prototype, '_set_parameters', FIX, (original) => {
    return function (this: MonitoredItemInternals, parameters: unknown) {
      original.call(this, parameters)
      const isEvent = this.itemToMonitor.attributeId === AttributeIds.EventNotifier
      this.queueSize = Math.min(this.queueSize, isEvent ? MAX_EVENT_QUEUE : MAX_ITEM_QUEUE)
    }
  })
}
