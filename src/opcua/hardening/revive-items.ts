import {
  AttributeIds,
  type BaseNode,
  DataValue,
  type IAddressSpace,
  MonitoredItem,
  MonitoringMode,
  type NodeId,
  StatusCodes,
} from 'node-opcua'
import type { MonitoredItemInternals } from './monitored-item.ts'
import { HardeningError, patchMethod } from './patch-method.ts'

const FIX = 'revive items'

const orphansOf = Symbol('orphans')
const orphanOf = Symbol('orphan')

/** Items whose node is gone, by NodeId as text. */
type Orphans = Map<string, { readonly nodeId: NodeId; readonly items: Set<Orphan> }>
type Orphanage = IAddressSpace & { [orphansOf]?: Orphans }

interface Orphan extends MonitoredItemInternals {
  readonly monitoringMode: MonitoringMode
  _node: BaseNode | null
  _on_node_disposed_listener: (() => void) | null
  /** Takes the item off the list. */
  [orphanOf]?: () => void
  setNode(node: BaseNode): void
  _close_coalesce_window(): void
  _stop_sampling(): void
  _start_sampling(recordInitialValue: boolean): void
}

/**
 * node-opcua tells a monitored item of a node that is removed BadNodeIdInvalid, and never anything more. Here it is told
 * BadNodeIdUnknown (OPC 10000-4 §5.12.1: the item stays, and reports while its node is not there), and waits for
 * `reviveItems`. It leaves nothing behind when it is deleted meanwhile.
 */
export function keepItemsOfRemovedNodes(): void {
  const { prototype } = MonitoredItem
  const methods = prototype as unknown as Record<string, unknown>
  for (const method of ['_close_coalesce_window', '_stop_sampling', '_start_sampling', 'setNode', 'recordValue']) {
    if (typeof methods[method] !== 'function') throw new HardeningError(FIX, `MonitoredItem.${method}`)
  }
  patchMethod(prototype, '_on_node_disposed', FIX, () => {
    return function (this: Orphan, node: BaseNode) {
      this._close_coalesce_window()
      if (this.monitoringMode !== MonitoringMode.Disabled) reportUnknown(this)
      this._stop_sampling()
      if (this._on_node_disposed_listener) node.removeListener('dispose', this._on_node_disposed_listener)
      this._on_node_disposed_listener = null
      waitFor(this, node)
    }
  })
  // Also when a client enables or changes the item meanwhile: the node it still has is an empty shell.
  patchMethod(prototype, '__start_sampling', FIX, (original) => {
    return function (this: Orphan, recordInitialValue: boolean) {
      if (!this[orphanOf]) return original.call(this, recordInitialValue)
      if (recordInitialValue) reportUnknown(this)
      return undefined
    }
  })
  patchMethod(prototype, 'dispose', FIX, (original) => {
    return function (this: Orphan) {
      this[orphanOf]?.()
      original.call(this)
    }
  })
}

/** Nodes that are looked for in one step: many times as fast as reviving an item. */
const LOOKED_FOR_A_STEP = 50

/**
 * Gives each waiting item the node that has its NodeId again, if there is one, in small steps: its value is reported like
 * a first one.
 */
export function* reviveItems(addressSpace: IAddressSpace): Generator<undefined, void> {
  let lookedFor = 0
  for (const { nodeId, items } of [...((addressSpace as Orphanage)[orphansOf]?.values() ?? [])]) {
    if (++lookedFor % LOOKED_FOR_A_STEP === 0) yield
    const node = addressSpace.findNode(nodeId)
    if (!node) continue
    for (const item of [...items]) {
      yield
      // Meanwhile the client may have deleted the item, or the plant have lost the node again.
      if (!item[orphanOf] || addressSpace.findNode(nodeId) !== node) continue
      if (item._node?.nodeClass !== node.nodeClass) continue
      item[orphanOf]()
      item._node = null
      item.setNode(node)
      if (item.monitoringMode !== MonitoringMode.Disabled) item._start_sampling(true)
    }
  }
}

/** Items that wait for their node, of this address space. */
export function countWaitingItems(addressSpace: IAddressSpace): number {
  return [...((addressSpace as Orphanage)[orphansOf]?.values() ?? [])].reduce((sum, { items }) => sum + items.size, 0)
}

function waitFor(item: Orphan, { nodeId, addressSpace }: BaseNode): void {
  const orphanage = addressSpace as Orphanage
  orphanage[orphansOf] ??= new Map()
  const orphans = orphanage[orphansOf]
  const key = nodeId.toString()
  const { items } = orphans.get(key) ?? { items: new Set<Orphan>() }
  orphans.set(key, { nodeId, items: items.add(item) })
  item[orphanOf] = () => {
    delete item[orphanOf]
    items.delete(item)
    if (items.size === 0) orphans.delete(key)
  }
}

function reportUnknown(item: Orphan): void {
  // Who waits for events gets no values.
  if (item.itemToMonitor.attributeId === AttributeIds.EventNotifier) return
  const now = new Date()
  const statusCode = StatusCodes.BadNodeIdUnknown
  item.recordValue(new DataValue({ statusCode, sourceTimestamp: now, serverTimestamp: now }), true)
}
