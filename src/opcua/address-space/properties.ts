import type { DataType, Namespace, RolePermissionType, UAVariable } from 'node-opcua'
import { sharePermissions } from './permissions.ts'

export interface PropertyOf {
  readonly namespace: Namespace
  readonly variable: UAVariable
  /** Identifier of the variable's NodeId, which begins that of the property. */
  readonly id: string
  readonly permissions: readonly RolePermissionType[]
}

export interface PropertyValue {
  readonly dataType: DataType
  readonly value: object | number
}

export function removeProperty({ namespace, variable }: PropertyOf, name: string): void {
  const property = variable.getPropertyByName(name, 0)
  if (property) namespace.deleteNode(property.nodeId)
}

/** What their values say may change what the tag's value means (OPC 10000-8 §5.2, OPC 10000-3 §8.57). */
const definesMeaning: ReadonlySet<string> = new Set([
  ...['EngineeringUnits', 'EURange', 'InstrumentRange', 'ValuePrecision'],
  ...['TrueState', 'FalseState', 'EnumStrings', 'EnumValues'],
])

/** A property that OPC 10000-8 defines for a tag's variable: NodeId `s=<device key>/<tag key>#<name>`. */
export function addProperty(of: PropertyOf, name: string, dataType: string, value: PropertyValue): UAVariable {
  const property = of.namespace.addVariable({
    propertyOf: of.variable,
    nodeId: `s=${of.id}#${name}`,
    browseName: { name, namespaceIndex: 0 },
    typeDefinition: 'PropertyType',
    dataType,
    valueRank: Array.isArray(value.value) ? 1 : -1,
    accessLevel: definesMeaning.has(name) ? 'CurrentRead | SemanticChange' : 'CurrentRead',
    userAccessLevel: 'CurrentRead',
    minimumSamplingInterval: 0,
    value,
  })
  sharePermissions(property, of.permissions)
  return property
}
