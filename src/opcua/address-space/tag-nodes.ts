import { isDeepStrictEqual } from 'node:util'
import {
  coerceNodeId,
  DataType,
  type Namespace,
  Range,
  type RolePermissionType,
  type UAObject,
  type UAVariable,
  VariableTypeIds,
} from 'node-opcua'
import { isInteger, isNumeric } from '../../core/data-type.ts'
import type { TagConfig } from '../../core/plant.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { variantType } from '../data-values.ts'
import { markTold } from '../hardening/deliver-on-change.ts'
import { sharePermissions } from './permissions.ts'
import { addProperty, type PropertyOf } from './properties.ts'
import { addStates } from './state-nodes.ts'
import { engineeringUnits } from './units.ts'

/**
 * The variable of one tag, a component of its device: NodeId `s=<device key>/<tag key>`, BrowseName the key, which
 * never changes, DisplayName the name, which may. Its value is whatever the engine says; a caller sets it.
 */
export function addTagVariable(
  namespace: Namespace,
  device: UAObject,
  { id, tag }: IndexedTag,
  permissions: readonly RolePermissionType[],
): UAVariable {
  const variable = namespace.addVariable({
    componentOf: device,
    nodeId: `s=${id}`,
    browseName: tag.key,
    displayName: tag.name,
    description: tag.description ?? '',
    typeDefinition: coerceNodeId(variableType(tag)),
    dataType: variantType[tag.type],
    accessLevel: 'CurrentRead',
    userAccessLevel: 'CurrentRead',
    minimumSamplingInterval: 0,
  })
  sharePermissions(variable, permissions)
  markTold(variable)
  const properties = { namespace, variable, id, permissions }
  if (tag.states) addStates(properties, tag.type, tag.states)
  if (!isNumeric(tag.type)) return variable
  if (tag.unit !== undefined) {
    addProperty(properties, 'EngineeringUnits', 'EUInformation', structure(engineeringUnits(tag.unit)))
  }
  if (tag.range) addProperty(properties, 'EURange', 'Range', structure(new Range(tag.range)))
  return variable
}

/**
 * Shows the tag's settings as they are now on the variable that it has already, and answers true; false, with nothing
 * done, where they take a variable of another type.
 */
export function updateTagVariable(
  namespace: Namespace,
  variable: UAVariable,
  former: TagConfig,
  { id, tag }: IndexedTag,
  permissions: readonly RolePermissionType[],
): boolean {
  if (former.type !== tag.type || variableType(former) !== variableType(tag)) return false
  if (!isDeepStrictEqual(former.states, tag.states)) return false
  variable.setDisplayName(tag.name)
  if (former.description !== tag.description) variable.setDescription(tag.description ?? '')
  if (!isNumeric(tag.type)) return true
  const properties = { namespace, variable, id, permissions }
  if (former.unit !== tag.unit && tag.unit !== undefined) {
    replaceProperty(properties, 'EngineeringUnits', 'EUInformation', engineeringUnits(tag.unit))
  }
  if (tag.range && !isDeepStrictEqual(former.range, tag.range)) {
    replaceProperty(properties, 'EURange', 'Range', new Range(tag.range))
  }
  return true
}

function replaceProperty(of: PropertyOf, name: string, dataType: string, value: object): void {
  const property = of.variable.getPropertyByName(name, 0)
  if (property) property.setValueFromSource(structure(value))
  else addProperty(of, name, dataType, structure(value))
}

const structure = (value: object) => ({ dataType: DataType.ExtensionObject, value })

/** OPC 10000-8 §5.3.2 and §5.3.3: the type that demands exactly what is configured. */
function variableType(tag: TagConfig): number {
  if (tag.states && tag.type === 'Boolean') return VariableTypeIds.TwoStateDiscreteType
  if (tag.states && isInteger(tag.type)) return VariableTypeIds.MultiStateValueDiscreteType
  if (!isNumeric(tag.type)) return VariableTypeIds.BaseDataVariableType
  if (tag.unit !== undefined) return tag.range ? VariableTypeIds.AnalogUnitRangeType : VariableTypeIds.AnalogUnitType
  return tag.range ? VariableTypeIds.AnalogItemType : VariableTypeIds.BaseDataVariableType
}
