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
import { valuePrecisionOf } from '../../core/value-precision.ts'
import { variantType } from '../data-values.ts'
import { markTold } from '../hardening/deliver-on-change.ts'
import { showHistory } from '../history/history-access.ts'
import { showAccess } from './access-level.ts'
import { setMinimumSamplingInterval, setShape, setTypeDefinition, tellSemanticsChanged } from './change-variable.ts'
import { sharePermissions } from './permissions.ts'
import { addProperty, type PropertyOf, type PropertyValue, removeProperty } from './properties.ts'
import { addStates, removeStates } from './state-nodes.ts'
import { engineeringUnits } from './units.ts'

/**
 * The variable of one tag, a component of its device: NodeId `s=<device key>/<tag key>`, BrowseName the key, which
 * never changes, DisplayName the name, which may. Its value is whatever the engine says; a caller sets it.
 */
export function addTagVariable(
  namespace: Namespace,
  device: UAObject,
  indexed: IndexedTag,
  permissions: readonly RolePermissionType[],
): UAVariable {
  const { id, tag } = indexed
  const variable = namespace.addVariable({
    componentOf: device,
    nodeId: `s=${id}`,
    browseName: tag.key,
    displayName: tag.name,
    description: tag.description ?? '',
    typeDefinition: coerceNodeId(variableType(tag)),
    dataType: variantType[tag.type],
    ...(tag.arrayLength === undefined ? {} : { valueRank: 1, arrayDimensions: [tag.arrayLength] }),
    accessLevel: 'CurrentRead',
    userAccessLevel: 'CurrentRead',
    minimumSamplingInterval: samplingIntervalOf(indexed),
  })
  sharePermissions(variable, permissions)
  markTold(variable)
  showHistory(variable, indexed)
  showAccess(variable, tag.access)
  const properties = { namespace, variable, id, permissions }
  if (tag.states) addStates(properties, tag.type, tag.states)
  for (const { name, dataType, value } of propertiesOf(tag)) addProperty(properties, name, dataType, value)
  return variable
}

/**
 * Shows the tag's settings as they are now on the variable that it has already, whatever has changed: whoever monitors
 * it goes on. A change of what the values mean is told to them (OPC 10000-8 §5.2: SemanticsChanged).
 */
export function updateTagVariable(
  namespace: Namespace,
  variable: UAVariable,
  former: TagConfig,
  indexed: IndexedTag,
  permissions: readonly RolePermissionType[],
): void {
  const { id, tag } = indexed
  setMinimumSamplingInterval(variable, samplingIntervalOf(indexed))
  showHistory(variable, indexed)
  if (variable.rolePermissions !== permissions) {
    for (const node of [variable, ...variable.findReferencesAsObject('HasProperty')])
      sharePermissions(node, permissions)
  }
  showAccess(variable, tag.access)
  if (former === tag) return
  variable.setDisplayName(tag.name)
  if (former.description !== tag.description) variable.setDescription(tag.description ?? '')
  if (former.type !== tag.type || former.arrayLength !== tag.arrayLength) {
    setShape(variable, variantType[tag.type], tag.arrayLength)
  }
  const properties = { namespace, variable, id, permissions }
  const before = propertiesOf(former)
  const after = propertiesOf(tag)
  if (variableType(former) !== variableType(tag)) setTypeDefinition(variable, coerceNodeId(variableType(tag)))
  const gone = before.filter(({ name }) => !after.some((property) => property.name === name))
  for (const { name } of gone) removeProperty(properties, name)
  for (const { name, dataType, setting, value } of after) {
    const known = before.find((property) => property.name === name)
    if (!isDeepStrictEqual(known?.setting, setting)) replaceProperty(properties, name, dataType, value)
  }
  // Of a new value of a property node-opcua tells by itself, but not of a property that comes or goes.
  const otherStates = former.type !== tag.type || !isDeepStrictEqual(former.states, tag.states)
  if (otherStates) {
    removeStates(properties)
    if (tag.states) addStates(properties, tag.type, tag.states)
  }
  const come = after.some(({ name }) => !before.some((property) => property.name === name))
  if (gone.length > 0 || come || (otherStates && (former.states ?? tag.states))) tellSemanticsChanged(variable)
}

interface TagProperty {
  readonly name: string
  readonly dataType: string
  /** As configured, to be compared. */
  readonly setting: unknown
  readonly value: PropertyValue
}

/** What a client has to know to make sense of the values; only numbers have it. */
function propertiesOf(tag: TagConfig): TagProperty[] {
  if (!isNumeric(tag.type)) return []
  const { unit, range, instrumentRange } = tag
  const precision = valuePrecisionOf(tag)
  const properties: (TagProperty | undefined)[] = [
    unit === undefined
      ? undefined
      : {
          name: 'EngineeringUnits',
          dataType: 'EUInformation',
          setting: unit,
          value: structure(engineeringUnits(unit)),
        },
    range && { name: 'EURange', dataType: 'Range', setting: range, value: structure(new Range(range)) },
    instrumentRange && {
      name: 'InstrumentRange',
      dataType: 'Range',
      setting: instrumentRange,
      value: structure(new Range(instrumentRange)),
    },
    precision === undefined
      ? undefined
      : {
          name: 'ValuePrecision',
          dataType: 'Double',
          setting: precision,
          value: { dataType: DataType.Double, value: precision },
        },
  ]
  return properties.filter((property) => property !== undefined)
}

/** How often a tag is read at the most: of what devices say by themselves, 0, as it comes. */
function samplingIntervalOf({ tag, device }: IndexedTag): number {
  if (tag.pollMs !== undefined) return tag.pollMs
  return 'pollMs' in device && typeof device.pollMs === 'number' ? device.pollMs : 0
}

function replaceProperty(of: PropertyOf, name: string, dataType: string, value: PropertyValue): void {
  const property = of.variable.getPropertyByName(name, 0)
  if (property) property.setValueFromSource(value)
  else addProperty(of, name, dataType, value)
}

const structure = (value: object): PropertyValue => ({ dataType: DataType.ExtensionObject, value })

/** OPC 10000-8 §5.3.2 and §5.3.3: the type that demands exactly what is configured. */
function variableType(tag: TagConfig): number {
  if (tag.states && tag.type === 'Boolean') return VariableTypeIds.TwoStateDiscreteType
  if (tag.states && isInteger(tag.type)) return VariableTypeIds.MultiStateValueDiscreteType
  if (!isNumeric(tag.type)) return VariableTypeIds.BaseDataVariableType
  if (tag.unit !== undefined) return tag.range ? VariableTypeIds.AnalogUnitRangeType : VariableTypeIds.AnalogUnitType
  if (tag.range) return VariableTypeIds.AnalogItemType
  if (tag.instrumentRange) return VariableTypeIds.BaseAnalogType
  return valuePrecisionOf(tag) === undefined ? VariableTypeIds.BaseDataVariableType : VariableTypeIds.DataItemType
}
