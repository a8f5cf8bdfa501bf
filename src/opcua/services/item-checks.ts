import {
  AttributeIds,
  type BaseNode,
  DataChangeFilter,
  DataType,
  DeadbandType,
  EventFilter,
  type ExtensionObject,
  MonitoredItem,
  type MonitoredItemCreateRequest,
  MonitoredItemCreateResult,
  MonitoredItemModifyResult,
  MonitoringMode,
  type MonitoringParameters,
  NodeClass,
  type StatusCode,
  StatusCodes,
  Subscription,
  type UAVariable,
} from 'node-opcua'
import { patchMethod } from '../hardening/patch-method.ts'

const FIX = 'check monitored items'

const overShare = Symbol('over share')

/** Refuses this item because its user has as many as a user may have. */
export function refuseForShare(request: MonitoredItemCreateRequest): void {
  Object.defineProperty(request, overShare, { value: true })
}

interface AddressSpace {
  findNode(nodeId: unknown): BaseNode | null
}

/**
 * What node-opcua does not look at before it makes or changes a monitored item (OPC 10000-4 §5.13.2.4, §5.13.3.4): a
 * sampling interval that is no number ended the thread, the others were accepted as if they meant something. An
 * interval that is negative or no number asks for the publishing interval (§7.21).
 */
export function checkMonitoredItems(): void {
  patchMethod(Subscription.prototype, 'preCreateMonitoredItem', FIX, (original) => {
    return function (
      this: Subscription,
      space: AddressSpace,
      timestamps: unknown,
      request: MonitoredItemCreateRequest,
    ) {
      const { requestedParameters } = request
      if (!(requestedParameters.samplingInterval >= 0)) requestedParameters.samplingInterval = -1
      const statusCode = refusalOf(request, space)
      if (statusCode)
        return { createResult: new MonitoredItemCreateResult({ statusCode }), monitoredItemCreateRequest: request }
      return original.call(this, space, timestamps, request)
    }
  })
  patchMethod(MonitoredItem.prototype, 'modify', FIX, (original) => {
    return function (this: MonitoredItem, timestamps: unknown, parameters: MonitoringParameters) {
      if (!(parameters.samplingInterval >= 0)) {
        const { $subscription: of } = this as unknown as { readonly $subscription?: Subscription }
        parameters.samplingInterval = of?.publishingInterval ?? this.samplingInterval
      }
      // node-opcua looks at the filter when the item has been changed already.
      const statusCode = this.node
        ? refusalOfFilter(parameters.filter, this.itemToMonitor.attributeId, this.node)
        : undefined
      if (statusCode) return new MonitoredItemModifyResult({ statusCode })
      return original.call(this, timestamps, parameters)
    }
  })
}

const modes: readonly MonitoringMode[] = [MonitoringMode.Disabled, MonitoringMode.Sampling, MonitoringMode.Reporting]

function refusalOf(request: MonitoredItemCreateRequest, space: AddressSpace): StatusCode | undefined {
  const { itemToMonitor, monitoringMode, requestedParameters } = request
  const node = space.findNode(itemToMonitor.nodeId)
  if (!node) return undefined
  if (overShare in request) return StatusCodes.BadTooManyMonitoredItems
  if (!modes.includes(monitoringMode)) return StatusCodes.BadMonitoringModeInvalid
  if (!hasAttribute(node, itemToMonitor.attributeId)) return StatusCodes.BadAttributeIdInvalid
  if (isScalar(node) && itemToMonitor.indexRange.isDefined() && itemToMonitor.indexRange.isValid()) {
    return StatusCodes.BadIndexRangeNoData
  }
  return refusalOfFilter(requestedParameters.filter, itemToMonitor.attributeId, node)
}

/** Reading it as the server itself tells; events have no value to read. */
function hasAttribute(node: BaseNode, attributeId: AttributeIds): boolean {
  if (attributeId === AttributeIds.Value) return node.nodeClass === NodeClass.Variable
  if (attributeId === AttributeIds.EventNotifier) {
    return node.nodeClass === NodeClass.Object || node.nodeClass === NodeClass.View
  }
  return node.readAttribute(null, attributeId).statusCode !== StatusCodes.BadAttributeIdInvalid
}

/** Of neither elements nor characters, so that no index range can mean a part of it (OPC 10000-4 §7.27). */
export function isScalar(node: BaseNode): boolean {
  if (node.nodeClass !== NodeClass.Variable) return false
  const { valueRank, dataType } = node as UAVariable
  const ofParts: readonly unknown[] = [DataType.String, DataType.ByteString]
  return valueRank === -1 && dataType.namespace === 0 && !ofParts.includes(dataType.value)
}

function refusalOfFilter(filter: ExtensionObject | null, id: AttributeIds, node: BaseNode): StatusCode | undefined {
  const forEvents = id === AttributeIds.EventNotifier
  if (!filter) return forEvents ? StatusCodes.BadEventFilterInvalid : undefined
  if (filter instanceof EventFilter) {
    if (!forEvents) return StatusCodes.BadFilterNotAllowed
    return filter.selectClauses?.length ? undefined : StatusCodes.BadEventFilterInvalid
  }
  if (!(filter instanceof DataChangeFilter)) return StatusCodes.BadMonitoredItemFilterUnsupported
  if (id !== AttributeIds.Value) return StatusCodes.BadFilterNotAllowed
  return refusalOfDeadband(filter, node)
}

/** OPC 10000-4 §7.22.2, and OPC 10000-8 §7.2 for percent of the EURange. */
function refusalOfDeadband(filter: DataChangeFilter, node: BaseNode): StatusCode | undefined {
  const { deadbandType, deadbandValue } = filter
  if (deadbandType === DeadbandType.None) return undefined
  if (deadbandType !== DeadbandType.Absolute && deadbandType !== DeadbandType.Percent) {
    return StatusCodes.BadDeadbandFilterInvalid
  }
  if (!(deadbandValue >= 0)) return StatusCodes.BadDeadbandFilterInvalid
  const { dataType } = node as UAVariable
  if (dataType.namespace === 0 && notNumbers.includes(dataType.value)) return StatusCodes.BadFilterNotAllowed
  if (deadbandType === DeadbandType.Absolute) return undefined
  if (deadbandValue > 100) return StatusCodes.BadDeadbandFilterInvalid
  return node.getChildByName('EURange', 0) ? undefined : StatusCodes.BadMonitoredItemFilterUnsupported
}

const notNumbers: readonly unknown[] = [
  DataType.Boolean,
  DataType.String,
  DataType.DateTime,
  DataType.Guid,
  DataType.ByteString,
  DataType.LocalizedText,
]
