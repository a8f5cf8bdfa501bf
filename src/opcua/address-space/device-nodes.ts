import { coerceNodeId, DataType, LocalizedText, type NodeId, type UAObject, type UAVariable } from 'node-opcua'
import { type DeviceHealth, type DeviceState, deviceStates } from '../../core/health.ts'
import type { DeviceBase, SourceConfig } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { StatusCodeCache } from '../status-codes.ts'
import type { Namespaces } from './namespaces.ts'
import { type NewVariable, type NodeFactory, publish } from './node-factory.ts'

/** DeviceHealthEnumeration of OPC 10000-100 §4.5.4. */
const deviceHealth = { NORMAL: 0, FAILURE: 1 } as const

/** What a device state means for DI's DeviceHealth: nothing is claimed that was not proved. */
const healthOf: Readonly<Record<DeviceState, { readonly value: number | null; readonly status: StatusCode }>> = {
  unknown: { value: null, status: StatusCode.BadWaitingForInitialData },
  online: { value: deviceHealth.NORMAL, status: StatusCode.Good },
  offline: { value: deviceHealth.FAILURE, status: StatusCode.Good },
  disabled: { value: null, status: StatusCode.BadOutOfService },
}

export interface DeviceNodesContext {
  readonly factory: NodeFactory
  readonly namespaces: Namespaces
  readonly statuses: StatusCodeCache
}

/** One device in DeviceSet: `ns=4;s=<device key>`. What is not a tag has a `#` in its identifier, which no key has. */
export class DeviceNodes {
  readonly object: UAObject
  /** Everything that says how the device is, and is not to be believed without the engine. */
  readonly status: readonly UAVariable[]
  readonly #health: UAVariable
  readonly #state: UAVariable
  readonly #reason: UAVariable
  readonly #statuses: StatusCodeCache

  constructor(context: DeviceNodesContext, deviceSet: UAObject, source: SourceConfig, device: DeviceBase) {
    const { factory, namespaces, statuses } = context
    this.#statuses = statuses
    this.object = factory.object({
      id: device.key,
      name: device.key,
      displayName: device.name,
      ...(device.description === undefined ? {} : { description: device.description }),
      type: deviceType(namespaces, source, device),
      componentOf: deviceSet,
    })
    addIdentification(context, this.object, source, device)
    addProtocolProperties(context, this.object, source, device)
    const component = (name: string, dataType: DataType | NodeId, nameIn: number) =>
      factory.component({ parent: this.object, id: `${device.key}#${name}`, name, nameIn, dataType })
    const healthType = coerceNodeId(`ns=${namespaces.di.index};i=6244`)
    const stateType = coerceNodeId(`ns=${namespaces.types.index};i=3002`)
    this.#health = component('DeviceHealth', healthType, namespaces.di.index)
    this.#state = component('State', stateType, namespaces.types.index)
    this.#reason = component('Reason', DataType.String, namespaces.types.index)
    this.status = [this.#health, this.#state, this.#reason]
  }

  show({ state, reason }: DeviceHealth, now: number): void {
    const good = this.#statuses.of(StatusCode.Good)
    const health = healthOf[state]
    publish(this.#health, DataType.Int32, health.value, this.#statuses.of(health.status), now)
    publish(this.#state, DataType.Int32, deviceStates.indexOf(state), good, now)
    publish(this.#reason, DataType.String, reason, good, now)
  }
}

const typeIds: Readonly<Record<SourceConfig['kind'], number>> = { chirpstack: 1002, modbus: 1003, s7: 1004 }

const GATEWAY_TYPE_ID = 1008

const deviceType = (namespaces: Namespaces, source: SourceConfig, device: DeviceBase): NodeId => {
  const id = loraIdOf(source, device)?.name === 'GatewayId' ? GATEWAY_TYPE_ID : typeIds[source.kind]
  return coerceNodeId(`ns=${namespaces.types.index};i=${id}`)
}

/** The nameplate of OPC 10000-100 §4.5.2. A LoRaWAN device or gateway without a serial number is known by its EUI-64. */
function addIdentification(
  { factory, namespaces }: DeviceNodesContext,
  parent: UAObject,
  source: SourceConfig,
  device: DeviceBase,
): void {
  const serialNumber = device.serialNumber ?? loraIdOf(source, device)?.value
  const add = (name: string, dataType: DataType, value: unknown) => {
    const variable: NewVariable = { parent, id: `${device.key}#${name}`, name, nameIn: namespaces.di.index, dataType }
    if (value === undefined) factory.unknownProperty(variable)
    else factory.property(variable, dataType, value)
  }
  add('Manufacturer', DataType.LocalizedText, localized(device.manufacturer))
  add('Model', DataType.LocalizedText, localized(device.model))
  add('SerialNumber', DataType.String, serialNumber)
  for (const name of ['HardwareRevision', 'SoftwareRevision', 'DeviceRevision', 'DeviceManual']) {
    add(name, DataType.String, undefined)
  }
  add('RevisionCounter', DataType.Int32, undefined)
}

const localized = (text: string | undefined) => (text === undefined ? undefined : new LocalizedText({ text }))

function addProtocolProperties(
  { factory, namespaces }: DeviceNodesContext,
  parent: UAObject,
  source: SourceConfig,
  device: DeviceBase,
): void {
  const add = (name: string, declared: DataType | NodeId, dataType: DataType, value: unknown) =>
    factory.property(
      { parent, id: `${device.key}#${name}`, name, nameIn: namespaces.types.index, dataType: declared },
      dataType,
      value,
    )
  const duration = coerceNodeId('i=290')
  switch (source.kind) {
    case 'chirpstack': {
      const id = loraIdOf(source, device)
      if (id) add(id.name, DataType.String, DataType.String, id.value)
      return
    }
    case 'modbus': {
      const modbus = source.devices.find(({ key }) => key === device.key)
      if (!modbus) return
      add('UnitId', DataType.Byte, DataType.Byte, modbus.unitId)
      add('PollPeriod', duration, DataType.Double, modbus.pollMs)
      return
    }
    case 's7': {
      const s7 = source.devices.find(({ key }) => key === device.key)
      if (s7) add('PollPeriod', duration, DataType.Double, s7.pollMs)
      return
    }
  }
}

/** What names an end device or a gateway in a LoRaWAN network. */
function loraIdOf(
  source: SourceConfig,
  { key }: DeviceBase,
): { readonly name: string; readonly value: string } | undefined {
  const found = source.kind === 'chirpstack' ? source.devices.find((each) => each.key === key) : undefined
  if (!found) return undefined
  return 'gatewayId' in found ? { name: 'GatewayId', value: found.gatewayId } : { name: 'DevEUI', value: found.devEui }
}
