import { AttributeIds, DataType, type DataValue, type NodeId, StatusCodes, type UAVariable } from 'node-opcua'
import { makeDataValue, nullVariant } from '../data-values.ts'
import { HardeningError } from '../hardening/patch-method.ts'
import { currentDataValue } from '../projected-variable.ts'

/** The parts of node-opcua's UAVariable that a change in place needs and its types hide. */
interface UAVariableInternals {
  $dataValue: DataValue
  _basicDataType: DataType | null | undefined
  _notifyAttributeChange(attributeId: AttributeIds): void
  handle_semantic_changed(): void
}

const internalsOf = (variable: UAVariable): UAVariableInternals => variable as unknown as UAVariableInternals

/**
 * Gives the variable another DataType, and the rank and dimensions of an array or of a single value. The value is of
 * the former shape and goes, told to nobody: the tag that has this variable now has to say what it shows.
 */
export function setShape(variable: UAVariable, dataType: DataType, arrayLength: number | undefined): void {
  const internals = internalsOf(variable)
  const now = currentDataValue(variable).serverTimestamp?.getTime() ?? 0
  internals.$dataValue = makeDataValue(nullVariant(), StatusCodes.BadWaitingForInitialData, now, now)
  variable.valueRank = arrayLength === undefined ? -1 : 1
  variable.arrayDimensions = arrayLength === undefined ? null : [arrayLength]
  variable.dataType = variable.addressSpace.resolveNodeId(`i=${dataType}`)
  internals._basicDataType = null
  if (variable.getBasicDataType() !== dataType) {
    throw new HardeningError(
      'change data type',
      `UAVariable.getBasicDataType that follows dataType to ${DataType[dataType]}`,
    )
  }
  for (const attribute of [AttributeIds.DataType, AttributeIds.ValueRank, AttributeIds.ArrayDimensions]) {
    internals._notifyAttributeChange(attribute)
  }
}

/** Makes the variable one of another VariableType. */
export function setTypeDefinition(variable: UAVariable, type: NodeId): void {
  const referenceType = 'HasTypeDefinition'
  variable.removeReference({ referenceType, isForward: true, nodeId: variable.typeDefinition })
  variable.addReference({ referenceType, isForward: true, nodeId: type })
  if (variable.findReferences(referenceType, true).length !== 1 || variable.typeDefinition.value !== type.value) {
    throw new HardeningError('change type definition', 'BaseNode.removeReference for HasTypeDefinition')
  }
}

/** How soon after each other values can come at the least, milliseconds; 0: as they come. */
export function setMinimumSamplingInterval(variable: UAVariable, interval: number): void {
  if (variable.minimumSamplingInterval === interval) return
  variable.minimumSamplingInterval = interval
  internalsOf(variable)._notifyAttributeChange(AttributeIds.MinimumSamplingInterval)
}

/** The next notification of each monitored item says that the values have another meaning (OPC 10000-4 §7.39.1). */
export function tellSemanticsChanged(variable: UAVariable): void {
  internalsOf(variable).handle_semantic_changed()
}
