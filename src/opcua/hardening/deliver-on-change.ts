import { AttributeIds, type DataValue, MonitoredItem, type UAVariable } from 'node-opcua'
import type { MonitoredItemInternals } from './monitored-item.ts'
import { HardeningError, patchMethod } from './patch-method.ts'

const FIX = 'deliver on change'

const told = Symbol('told')

/** Says that whoever changes the value of this variable tells it so: its monitored items need no timer. */
export function markTold(variable: UAVariable): void {
  Object.defineProperty(variable, told, { value: true })
}

/**
 * node-opcua reads the Value of a monitored item on a timer unless the client asked for a sampling interval of 0:
 * about 12 µs a sample, also when nothing has changed. A variable that is told its values needs no timer; the revised
 * sampling interval becomes the window within which changes are folded to the latest. Only variables marked as told:
 * those of the Server object look the same, but make their values up when read, CurrentTime even without end.
 *
 * Where values cannot come faster than the revised interval, because the device is read no more often, there is nothing
 * to fold and no window: two timers of the same period drift apart, and changes would come late and then be lost.
 */
export function deliverOnChange(): void {
  patchMethod(MonitoredItem.prototype, '_set_parameters', FIX, (original) => {
    return function (this: MonitoredItemInternals, parameters: unknown) {
      original.call(this, parameters)
      markOnChange(this)
    }
  })
  patchMethod(MonitoredItem.prototype, 'setNode', FIX, (original) => {
    return function (this: MonitoredItemInternals, node: unknown) {
      original.call(this, node)
      markOnChange(this)
    }
  })
  const { _on_value_changed: deliver } = MonitoredItem.prototype as unknown as Record<string, unknown>
  if (typeof deliver !== 'function') throw new HardeningError(FIX, 'MonitoredItem._on_value_changed')
  patchMethod(MonitoredItem.prototype, '_on_value_changed_exception_based', FIX, (original) => {
    return function (this: FoldingItem, dataValue: DataValue, indexRange: unknown) {
      const comesAtMostEvery = this.node?.minimumSamplingInterval ?? 0
      if (this._coalesceTimer || this.samplingInterval > comesAtMostEvery) original.call(this, dataValue, indexRange)
      else this._on_value_changed(dataValue, indexRange)
    }
  })
}

interface FoldingItem extends MonitoredItemInternals {
  /** As revised. */
  readonly samplingInterval: number
  readonly _coalesceTimer: object | null
  _on_value_changed(dataValue: DataValue, indexRange: unknown): void
}

function markOnChange(item: MonitoredItemInternals): void {
  if (item.itemToMonitor.attributeId !== AttributeIds.Value || !item.node) return
  if (told in item.node) item._exceptionBased = true
}
