import type { DataType, Namespace, NodeId, RolePermissionType, UAObject, UAVariable } from 'node-opcua'
import { StatusCode } from '../../core/status-code.ts'
import { makeDataValue, nullVariant, scalar } from '../data-values.ts'
import { markTold } from '../hardening/deliver-on-change.ts'
import { currentDataValue, setDataValue } from '../projected-variable.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import { sharePermissions } from './permissions.ts'

export interface NodeFactoryOptions {
  readonly namespace: Namespace
  readonly permissions: readonly RolePermissionType[]
  readonly statuses: StatusCodeCache
  /** Time of the first values, milliseconds of the epoch. */
  readonly now: number
}

export interface NewVariable {
  readonly parent: UAObject
  /** Identifier of the NodeId, a string that never changes. */
  readonly id: string
  readonly name: string
  /** Index of the namespace that defines the name; absent: the factory's own. */
  readonly nameIn?: number
  readonly dataType: DataType | NodeId
}

export interface NewObject {
  readonly id: string
  readonly name: string
  readonly nameIn?: number
  readonly displayName?: string
  readonly description?: string
  readonly type: NodeId | string
  readonly componentOf?: UAObject
  readonly organizedBy?: UAObject
}

/**
 * Makes nodes with NodeIds of our own choice. Instantiating a type would number its children in the order in which
 * they happen to be made, and the NodeIds that clients store would point elsewhere after the next change of the plant.
 */
export class NodeFactory {
  readonly #options: NodeFactoryOptions

  constructor(options: NodeFactoryOptions) {
    this.#options = options
  }

  object({ id, name, nameIn, displayName, description, type, componentOf, organizedBy }: NewObject): UAObject {
    const { namespace } = this.#options
    return namespace.addObject({
      ...(componentOf ? { componentOf } : {}),
      ...(organizedBy ? { organizedBy } : {}),
      nodeId: `s=${id}`,
      browseName: { name, namespaceIndex: nameIn ?? namespace.index },
      displayName: displayName ?? name,
      description: description ?? '',
      typeDefinition: type,
    })
  }

  /** A property, whose value never changes. */
  property(variable: NewVariable, dataType: DataType, value: unknown): UAVariable {
    const node = this.#variable(variable, { propertyOf: variable.parent, typeDefinition: 'PropertyType' })
    this.#show(node, scalar(dataType, value), StatusCode.Good)
    return node
  }

  /** A property that the configuration leaves open. */
  unknownProperty(variable: NewVariable): UAVariable {
    const node = this.#variable(variable, { propertyOf: variable.parent, typeDefinition: 'PropertyType' })
    this.#show(node, nullVariant(), StatusCode.BadNotSupported)
    return node
  }

  /** A component whose value is still to come. */
  component(variable: NewVariable): UAVariable {
    const node = this.#variable(variable, {
      componentOf: variable.parent,
      typeDefinition: 'BaseDataVariableType',
    })
    this.#show(node, nullVariant(), StatusCode.BadWaitingForInitialData)
    return node
  }

  #variable(
    { id, name, nameIn, dataType }: NewVariable,
    place: { componentOf?: UAObject; propertyOf?: UAObject; typeDefinition: string },
  ): UAVariable {
    const { namespace, permissions } = this.#options
    const node = namespace.addVariable({
      ...place,
      nodeId: `s=${id}`,
      browseName: { name, namespaceIndex: nameIn ?? namespace.index },
      displayName: name,
      dataType,
      accessLevel: 'CurrentRead',
      userAccessLevel: 'CurrentRead',
      minimumSamplingInterval: 0,
    })
    sharePermissions(node, permissions)
    markTold(node)
    return node
  }

  #show(node: UAVariable, value: ReturnType<typeof scalar>, status: StatusCode): void {
    const { statuses, now } = this.#options
    setDataValue(node, makeDataValue(value, statuses.of(status), now, now))
  }
}

/** Shows a scalar of a node that says how the gateway is, if it differs from what the node shows. */
export function publish(
  node: UAVariable,
  dataType: DataType,
  value: boolean | number | string | Date | [number, number] | null,
  status: ReturnType<StatusCodeCache['of']>,
  now: number,
): void {
  const shown = currentDataValue(node)
  if (shown.statusCode.value === status.value && isSame(shown.value.value, value)) return
  const variant = value === null ? nullVariant() : scalar(dataType, value)
  setDataValue(node, makeDataValue(variant, status, now, now))
}

function isSame(shown: unknown, value: unknown): boolean {
  if (Array.isArray(shown) && Array.isArray(value)) return shown[0] === value[0] && shown[1] === value[1]
  if (shown instanceof Date && value instanceof Date) return shown.getTime() === value.getTime()
  return shown === value
}
