import {
  type AddressSpace,
  type BaseNode,
  DataType,
  ObjectIds,
  type OPCUAServer,
  type UAObject,
  type UAVariable,
} from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'
import { aggregateConfigurationProperties } from './history-configuration.ts'
import { MOST_VALUES } from './limits.ts'
import { aggregateIds } from './read-processed.ts'

/** The folders in which clients look for aggregates (OPC 10000-13 §4.3.1): of the server, and of its history. */
const aggregateFolders = [
  ObjectIds.Server_ServerCapabilities_AggregateFunctions,
  ObjectIds.HistoryServerCapabilities_AggregateFunctions,
]

/**
 * Says in the address space what the server does with history (OPC 10000-11 §5.4): it is read and changed, and
 * only data; and how, where a tag does not say otherwise. node-opcua answers the other capabilities with false.
 */
export function announceHistory(engine: OPCUAServer['engine'], addressSpace: AddressSpace): void {
  const { historyServerCapabilities } = engine
  historyServerCapabilities.accessHistoryDataCapability = true
  historyServerCapabilities.insertDataCapability = true
  historyServerCapabilities.replaceDataCapability = true
  historyServerCapabilities.updateDataCapability = true
  historyServerCapabilities.deleteRawCapability = true
  historyServerCapabilities.deleteAtTimeCapability = true
  historyServerCapabilities.maxReturnDataValues = MOST_VALUES
  const capabilities = standardObject(addressSpace, ObjectIds.HistoryServerCapabilities)
  setProperty(capabilities, 'ServerTimestampSupported', DataType.Boolean, true)

  const configuration = standardObject(addressSpace, ObjectIds.DefaultHAConfiguration)
  setProperty(configuration, 'Stepped', DataType.Boolean, false)
  setProperty(configuration, 'ServerTimestampSupported', DataType.Boolean, true)
  const aggregates = standardObject(addressSpace, ObjectIds.DefaultHAConfiguration_AggregateConfiguration)
  for (const { name, dataType, value } of aggregateConfigurationProperties) {
    setProperty(aggregates, name, dataType, value)
  }
  for (const id of aggregateFolders) {
    const folder = standardObject(addressSpace, id)
    for (const [, aggregate] of aggregateIds) {
      folder.addReference({ referenceType: 'Organizes', isForward: true, nodeId: `i=${aggregate}` })
    }
  }
}

function standardObject(addressSpace: AddressSpace, id: ObjectIds): UAObject {
  return present(addressSpace.findNode(`i=${id}`), `standard node i=${id}`) as UAObject
}

function setProperty(parent: UAObject, name: string, dataType: DataType, value: unknown): void {
  const variable = present(parent.getPropertyByName(name), `property ${name} of ${parent.nodeId.toString()}`)
  const node = variable as UAVariable
  node.setValueFromSource({ dataType, value })
}

function present(node: BaseNode | null, what: string): BaseNode {
  if (!node) throw new HardeningError('announce history', what)
  return node
}
