import { MonitoredItem, StatusCode } from 'node-opcua'
import type { MonitoredItemInternals } from './monitored-item.ts'
import { patchMethod } from './patch-method.ts'

const FIX = 'overflow bit on any status'

/**
 * node-opcua can set the overflow bit (OPC 10000-4 §7.39.1) only on a Good value: when the queue of an item overflowed
 * at an Uncertain or Bad one, the item never notified again.
 */
export function setOverflowBitOnAnyStatus(): void {
  patchMethod(MonitoredItem.prototype, '_setOverflowBit', FIX, () => {
    return function (this: MonitoredItemInternals, notification: { value?: { statusCode?: StatusCode } }) {
      const dataValue = notification.value
      if (dataValue?.statusCode) {
        dataValue.statusCode = StatusCode.makeStatusCode(dataValue.statusCode, 'Overflow | InfoTypeDataValue')
      }
      const diagnostics = this.$subscription?.subscriptionDiagnostics
      if (diagnostics) diagnostics.monitoringQueueOverflowCount++
    }
  })
}
