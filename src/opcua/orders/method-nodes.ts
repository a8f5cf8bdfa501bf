import {
  type Argument,
  coerceNodeId,
  DataType,
  type MethodFunctorA,
  type Namespace,
  type RolePermissionType,
  type UAMethod,
  type UAObject,
  Variant,
  VariantArrayType,
} from 'node-opcua'
import { sharePermissions } from '../address-space/permissions.ts'

export interface NewMethod {
  readonly parent: UAObject
  readonly id: string
  readonly name: string
  readonly nameIn: number
  readonly displayName?: string
  readonly description?: string | undefined
  readonly inputs: readonly Argument[]
  readonly outputs: readonly Argument[]
  readonly call: MethodFunctorA
}

/** A method whose arguments have NodeIds of their own, `#InputArguments` behind the method's; none where it has none. */
export function addMethod(
  namespace: Namespace,
  { parent, id, name, nameIn, displayName, description, inputs, outputs, call }: NewMethod,
  permissions: readonly RolePermissionType[],
): UAMethod {
  const method = namespace.addMethod(parent, {
    nodeId: `s=${id}`,
    browseName: { name, namespaceIndex: nameIn },
    displayName: displayName ?? name,
    description: description ?? '',
  })
  sharePermissions(method, permissions)
  for (const [property, list] of [
    ['InputArguments', inputs],
    ['OutputArguments', outputs],
  ] as const) {
    if (list.length === 0) continue
    const node = namespace.addVariable({
      propertyOf: method,
      nodeId: `s=${id}#${property}`,
      browseName: { name: property, namespaceIndex: 0 },
      typeDefinition: 'PropertyType',
      dataType: coerceNodeId('i=296'),
      valueRank: 1,
      arrayDimensions: [list.length],
      accessLevel: 'CurrentRead',
      userAccessLevel: 'CurrentRead',
      value: new Variant({ dataType: DataType.ExtensionObject, arrayType: VariantArrayType.Array, value: [...list] }),
    })
    sharePermissions(node, permissions)
  }
  method.bindMethod(call)
  return method
}
