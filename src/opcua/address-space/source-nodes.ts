import { coerceNodeId, DataType, type NodeId, type UAObject, type UAVariable } from 'node-opcua'
import { type SourceHealth, sourceCounters, sourceStates } from '../../core/health.ts'
import { fieldEndpointOf, type SourceConfig } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import { toHighLow } from '../data-values.ts'
import { type DeviceConfig, DeviceNodes, type DeviceNodesContext } from './device-nodes.ts'
import { publish } from './node-factory.ts'

/** One source below `Penstock/Sources`, `ns=4;s=#source/<source key>`, with its devices, which stand in DeviceSet. */
export class SourceNodes {
  readonly devices = new Map<string, DeviceNodes>()
  readonly object: UAObject
  readonly #context: DeviceNodesContext
  readonly #state: UAVariable
  readonly #reason: UAVariable
  readonly #since: UAVariable
  readonly #counters: readonly UAVariable[]
  readonly #endpoint: UAVariable
  readonly #folder: UAObject
  readonly #sourcesFolder: UAObject
  #source: SourceConfig

  /** Its devices are still to be added. */
  constructor(context: DeviceNodesContext, sourcesFolder: UAObject, source: SourceConfig, now: number) {
    this.#context = context
    this.#sourcesFolder = sourcesFolder
    this.#source = source
    const { factory, namespaces, changes } = context
    const types = namespaces.types.index
    const id = `#source/${source.key}`
    const type = (identifier: number) => coerceNodeId(`ns=${types};i=${identifier}`)
    const object = factory.object({
      id,
      name: source.key,
      displayName: source.name,
      type: type(1005),
      componentOf: sourcesFolder,
    })
    const variable = (parent: UAObject, name: string, dataType: DataType | NodeId, path = name) => ({
      parent,
      id: `${id}/${path}`,
      name,
      nameIn: types,
      dataType,
    })
    this.object = object
    factory.property(variable(object, 'Kind', DataType.String), DataType.String, source.kind)
    const endpoint = variable(object, 'Endpoint', DataType.String)
    this.#endpoint = factory.property(endpoint, DataType.String, endpointOf(source))
    this.#state = factory.component(variable(object, 'State', type(3001)))
    this.#reason = factory.component(variable(object, 'Reason', DataType.String))
    this.#since = factory.component(variable(object, 'Since', coerceNodeId('i=294')))

    const counters = factory.object({
      id: `${id}/Counters`,
      name: 'Counters',
      nameIn: types,
      type: type(1006),
      componentOf: object,
    })
    this.#counters = sourceCounters.map((counter) => {
      const name = capitalized(counter)
      return factory.component(variable(counters, name, DataType.UInt64, `Counters/${name}`))
    })

    this.#folder = factory.object({
      id: `${id}/Devices`,
      name: 'Devices',
      nameIn: types,
      type: 'FolderType',
      componentOf: object,
    })
    changes.version(this.#folder, `${id}/Devices#NodeVersion`, now)
    changes.added(object, sourcesFolder)
  }

  addDevice(device: DeviceConfig, now: number): void {
    const nodes = new DeviceNodes(this.#context, this.#source, device, now)
    this.#folder.addReference({ referenceType: 'Organizes', nodeId: nodes.object })
    this.#context.changes.referenceAdded(this.#folder, nodes.object)
    this.devices.set(device.key, nodes)
  }

  removeDevice(key: string): void {
    const nodes = this.devices.get(key)
    if (!nodes) return
    this.devices.delete(key)
    this.#context.changes.referenceRemoved(this.#folder, nodes.object)
    nodes.remove()
  }

  /** The source's own settings are these now, the protocol being the same. */
  update(source: SourceConfig, now: number): void {
    this.#source = source
    this.object.setDisplayName(source.name)
    const good = this.#context.statuses.of(StatusCode.Good)
    publish(this.#endpoint, DataType.String, endpointOf(source), good, now)
  }

  /** Removes the source and every device that it still has, each in a step. */
  *remove(): Generator<undefined, void> {
    for (const key of [...this.devices.keys()]) {
      this.removeDevice(key)
      yield
    }
    const { changes } = this.#context
    changes.removed(this.#folder)
    changes.removed(this.object, this.#sourcesFolder)
    this.object.addressSpace.deleteNode(this.object)
  }

  /** Everything that says how the source and its devices are. */
  get status(): readonly UAVariable[] {
    const own = [this.#state, this.#reason, this.#since, ...this.#counters]
    return [...own, ...[...this.devices.values()].flatMap(({ status }) => status)]
  }

  show(health: SourceHealth, now: number): void {
    const good = this.#context.statuses.of(StatusCode.Good)
    publish(this.#state, DataType.Int32, sourceStates.indexOf(health.state), good, now)
    publish(this.#reason, DataType.String, health.reason, good, now)
    publish(this.#since, DataType.DateTime, new Date(health.since), good, now)
    for (const [position, counter] of sourceCounters.entries()) {
      const node = this.#counters[position] as UAVariable
      publish(node, DataType.UInt64, toHighLow(BigInt(health.counters[counter])), good, now)
    }
    for (const device of health.devices) this.devices.get(device.key)?.show(device, now)
  }
}

const capitalized = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)

/** Where the source connects to, if anywhere; credentials that somebody put into a URL do not show. */
function endpointOf(source: SourceConfig): string {
  if (source.kind === 'calculated') return ''
  if (source.kind !== 'chirpstack') return fieldEndpointOf(source)
  if (!URL.canParse(source.url)) return ''
  const { protocol, host } = new URL(source.url)
  return `${protocol}//${host}`
}
