import { coerceNodeId, DataType, LocalizedText, type NodeId, type UAObject, type UAVariable } from 'node-opcua'
import { type DeviceHealth, type DeviceState, deviceStates } from '../../core/health.ts'
import type { DeviceBase, SourceConfig } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import { makeDataValue, nullVariant, scalar } from '../data-values.ts'
import { setDataValue } from '../projected-variable.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import type { FolderTree } from './folder-tree.ts'
import type { ModelChanges } from './model-changes.ts'
import type { Namespaces } from './namespaces.ts'
import { type NodeFactory, publish } from './node-factory.ts'

/** DeviceHealthEnumeration of OPC 10000-100 §4.5.4. */
const deviceHealth = { NORMAL: 0, FAILURE: 1 } as const

/** What a device state means for DI's DeviceHealth: nothing is claimed that was not proved. */
const healthOf: Readonly<Record<DeviceState, { readonly value: number | null; readonly status: StatusCode }>> = {
  unknown: { value: null, status: StatusCode.BadWaitingForInitialData },
  online: { value: deviceHealth.NORMAL, status: StatusCode.Good },
  offline: { value: deviceHealth.FAILURE, status: StatusCode.Good },
  disabled: { value: null, status: StatusCode.BadOutOfService },
}

export type DeviceConfig = SourceConfig['devices'][number]

export interface DeviceNodesContext {
  readonly factory: NodeFactory
  readonly namespaces: Namespaces
  readonly statuses: StatusCodeCache
  readonly folders: FolderTree
  readonly changes: ModelChanges
  readonly deviceSet: UAObject
}

/** One device in DeviceSet: `ns=4;s=<device key>`. What is not a tag has a `#` in its identifier, which no key has. */
export class DeviceNodes {
  readonly object: UAObject
  /** Everything that says how the device is, and is not to be believed without the engine. */
  readonly status: readonly UAVariable[]
  readonly #context: DeviceNodesContext
  readonly #device: DeviceConfig
  readonly #properties = new Map<string, UAVariable>()
  readonly #health: UAVariable
  readonly #state: UAVariable
  readonly #reason: UAVariable
  /** How the device was when that was told last: only news come. */
  shown: DeviceHealth | undefined

  constructor(context: DeviceNodesContext, source: SourceConfig, device: DeviceConfig, now: number) {
    const { factory, namespaces, folders, changes, deviceSet } = context
    this.#context = context
    this.#device = device
    this.object = factory.object({
      id: device.key,
      name: device.key,
      displayName: device.name,
      ...(device.description === undefined ? {} : { description: device.description }),
      type: deviceType(namespaces, source.kind, device),
      componentOf: deviceSet,
    })
    for (const { name, nameIn, declared, dataType, value } of propertiesOf(namespaces, device)) {
      const variable = { parent: this.object, id: `${device.key}#${name}`, name, nameIn, dataType: declared }
      const node = value === undefined ? factory.unknownProperty(variable) : factory.property(variable, dataType, value)
      this.#properties.set(name, node)
    }
    const component = (name: string, dataType: DataType | NodeId, nameIn: number) =>
      factory.component({ parent: this.object, id: `${device.key}#${name}`, name, nameIn, dataType })
    const healthType = coerceNodeId(`ns=${namespaces.di.index};i=6244`)
    const stateType = coerceNodeId(`ns=${namespaces.types.index};i=3002`)
    this.#health = component('DeviceHealth', healthType, namespaces.di.index)
    this.#state = component('State', stateType, namespaces.types.index)
    this.#reason = component('Reason', DataType.String, namespaces.types.index)
    this.status = [this.#health, this.#state, this.#reason]
    changes.version(this.object, `${device.key}#NodeVersion`, now)
    changes.added(this.object, deviceSet)
    folders.place(this.object, device.folder, now)
  }

  /** Whether these are settings of a device of this type: one of another needs other nodes. */
  isOf(device: DeviceConfig): boolean {
    return areOfOneType(this.#device, device)
  }

  /** The device's settings are these now; its source and its type are the same. */
  update(device: DeviceConfig, now: number): void {
    const { namespaces, statuses, folders } = this.#context
    folders.place(this.object, device.folder, now)
    this.object.setDisplayName(device.name)
    this.object.setDescription(device.description ?? '')
    for (const { name, dataType, value } of propertiesOf(namespaces, device)) {
      const variant = value === undefined ? nullVariant() : scalar(dataType, value)
      const status = statuses.of(value === undefined ? StatusCode.BadNotSupported : StatusCode.Good)
      const node = this.#properties.get(name)
      if (node) setDataValue(node, makeDataValue(variant, status, now, now))
    }
  }

  /** Takes the device off, with whatever it still has. */
  remove(): void {
    const { folders, changes, deviceSet } = this.#context
    folders.remove(this.object)
    changes.removed(this.object, deviceSet)
    this.object.addressSpace.deleteNode(this.object)
  }

  show(shown: DeviceHealth, now: number): void {
    const { state, reason } = shown
    this.shown = shown
    const { statuses } = this.#context
    const good = statuses.of(StatusCode.Good)
    const health = healthOf[state]
    publish(this.#health, DataType.Int32, health.value, statuses.of(health.status), now)
    publish(this.#state, DataType.Int32, deviceStates.indexOf(state), good, now)
    publish(this.#reason, DataType.String, reason, good, now)
  }
}

const typeIds: Readonly<Record<SourceConfig['kind'], number>> = {
  chirpstack: 1002,
  modbus: 1003,
  s7: 1004,
  calculated: 1009,
}

const GATEWAY_TYPE_ID = 1008
const MULTICAST_GROUP_TYPE_ID = 1010

/** Of two devices of one source. */
export const areOfOneType = (one: DeviceBase, other: DeviceBase): boolean =>
  ['gatewayId', 'multicastGroup'].every((identity) => identity in one === identity in other)

function deviceType(namespaces: Namespaces, kind: SourceConfig['kind'], device: DeviceConfig): NodeId {
  const id =
    'gatewayId' in device ? GATEWAY_TYPE_ID : 'multicastGroup' in device ? MULTICAST_GROUP_TYPE_ID : typeIds[kind]
  return coerceNodeId(`ns=${namespaces.types.index};i=${id}`)
}

interface DeviceProperty {
  readonly name: string
  readonly nameIn: number
  readonly declared: DataType | NodeId
  readonly dataType: DataType
  /** Undefined: the configuration leaves it open. */
  readonly value: unknown
}

/** What is fixed of a device by its configuration: the nameplate, and where its protocol finds it. */
const propertiesOf = (namespaces: Namespaces, device: DeviceConfig): DeviceProperty[] => [
  ...nameplateOf(namespaces, device),
  ...protocolPropertiesOf(namespaces, device),
]

/** OPC 10000-100 §4.5.2. A LoRaWAN device or gateway without a serial number is known by its EUI-64. */
function nameplateOf({ di }: Namespaces, device: DeviceConfig): DeviceProperty[] {
  const property = (name: string, dataType: DataType, value: unknown): DeviceProperty => ({
    name,
    nameIn: di.index,
    declared: dataType,
    dataType,
    value,
  })
  const serialNumber = device.serialNumber ?? ('multicastGroup' in device ? undefined : loraIdOf(device)?.value)
  return [
    property('Manufacturer', DataType.LocalizedText, localized(device.manufacturer)),
    property('Model', DataType.LocalizedText, localized(device.model)),
    property('SerialNumber', DataType.String, serialNumber),
    property('HardwareRevision', DataType.String, device.hardwareRevision),
    property('SoftwareRevision', DataType.String, device.softwareRevision),
    property('DeviceRevision', DataType.String, undefined),
    property('DeviceManual', DataType.String, device.deviceManual),
    property('RevisionCounter', DataType.Int32, undefined),
  ]
}

const localized = (text: string | undefined) => (text === undefined ? undefined : new LocalizedText({ text }))

/** What names an end device, a gateway or a multicast group in a LoRaWAN network; other devices have none. */
function loraIdOf(device: DeviceConfig): { readonly name: string; readonly value: string } | undefined {
  if ('gatewayId' in device) return { name: 'GatewayId', value: device.gatewayId }
  if ('multicastGroup' in device) return { name: 'MulticastGroupId', value: device.multicastGroup }
  return 'devEui' in device ? { name: 'DevEUI', value: device.devEui } : undefined
}

function protocolPropertiesOf({ types }: Namespaces, device: DeviceConfig): DeviceProperty[] {
  const property = (name: string, declared: DataType | NodeId, dataType: DataType, value: unknown): DeviceProperty => ({
    name,
    nameIn: types.index,
    declared,
    dataType,
    value,
  })
  const loraId = loraIdOf(device)
  if (loraId) return [property(loraId.name, DataType.String, DataType.String, loraId.value)]
  if (!('pollMs' in device)) return []
  const pollPeriod = property('PollPeriod', coerceNodeId('i=290'), DataType.Double, device.pollMs)
  return 'unitId' in device
    ? [property('UnitId', DataType.Byte, DataType.Byte, device.unitId), pollPeriod]
    : [pollPeriod]
}
