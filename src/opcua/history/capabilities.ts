import { type AddressSpace, DataType, type OPCUAServer, type UAVariable, VariableIds } from 'node-opcua'
import { HardeningError } from '../hardening/patch-method.ts'
import { MOST_VALUES } from './limits.ts'

/**
 * Says in the address space what the server does with history (OPC 10000-11 §5.4): it is read and nothing else, and
 * only data. node-opcua answers the other capabilities with false.
 */
export function announceHistory(engine: OPCUAServer['engine'], addressSpace: AddressSpace): void {
  const { historyServerCapabilities } = engine
  historyServerCapabilities.accessHistoryDataCapability = true
  historyServerCapabilities.maxReturnDataValues = MOST_VALUES
  setProperty(addressSpace, VariableIds.HistoryServerCapabilities_ServerTimestampSupported, DataType.Boolean, true)
}

function setProperty(addressSpace: AddressSpace, id: VariableIds, dataType: DataType, value: unknown): void {
  const variable = addressSpace.findNode(`i=${id}`) as UAVariable | null
  if (!variable) throw new HardeningError('announce history', `standard node i=${id}`)
  variable.setValueFromSource({ dataType, value })
}
