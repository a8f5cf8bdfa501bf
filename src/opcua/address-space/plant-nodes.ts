import { type AddressSpace, coerceNodeId, DataType, type UAObject, type UAVariable } from 'node-opcua'
import { PenstockError } from '../../core/errors.ts'
import type { SourceHealth } from '../../core/health.ts'
import type { Plant } from '../../core/plant.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { TagIndexing } from '../../core/tag-index.ts'
import type { StoreHealth } from '../../link/contract.ts'
import { showUnheard } from '../projected-variable.ts'
import { StatusCodeCache } from '../status-codes.ts'
import { DI_URI, type Namespaces } from './namespaces.ts'
import { NodeFactory, publish } from './node-factory.ts'
import { readPermissions } from './permissions.ts'
import { SourceNodes } from './source-nodes.ts'
import { addTagVariable } from './tag-nodes.ts'

export interface PlantNodesOptions {
  readonly addressSpace: AddressSpace
  readonly namespaces: Namespaces
  readonly plant: Plant
  readonly indexing: TagIndexing
  readonly allowAnonymous: boolean
  readonly now: number
}

/** All nodes of the plant: devices with their tags in DI's DeviceSet, the gateway and its sources at `Objects/Penstock`. */
export class PlantNodes {
  /** One variable a tag, in the order of the tags. */
  readonly tagVariables: readonly UAVariable[]
  readonly #sources: ReadonlyMap<string, SourceNodes>
  readonly #engineConnected: UAVariable
  readonly #storeOk: UAVariable
  readonly #storeReason: UAVariable
  readonly #statuses = new StatusCodeCache()

  constructor({ addressSpace, namespaces, plant, indexing, allowAnonymous, now }: PlantNodesOptions) {
    const permissions = readPermissions(allowAnonymous)
    const statuses = this.#statuses
    const factory = new NodeFactory({ namespace: namespaces.plant, permissions, statuses, now })
    const types = namespaces.types.index
    const gateway = factory.object({
      id: '#gateway',
      name: 'Penstock',
      type: coerceNodeId(`ns=${types};i=1007`),
      organizedBy: addressSpace.rootFolder.objects,
    })
    const component = (name: string, dataType: DataType) =>
      factory.component({ parent: gateway, id: `#gateway/${name}`, name, nameIn: types, dataType })
    this.#engineConnected = component('EngineConnected', DataType.Boolean)
    this.#storeOk = component('StoreOk', DataType.Boolean)
    this.#storeReason = component('StoreReason', DataType.String)
    const tagCount = component('TagCount', DataType.UInt32)
    publish(tagCount, DataType.UInt32, indexing.tags.length, statuses.of(StatusCode.Good), now)

    const sources = factory.object({
      id: '#gateway/Sources',
      name: 'Sources',
      nameIn: types,
      type: 'FolderType',
      componentOf: gateway,
    })
    const deviceSet = findDeviceSet(addressSpace, namespaces)
    const context = { factory, namespaces, statuses }
    this.#sources = new Map(
      plant.sources.map((source) => [source.key, new SourceNodes(context, sources, deviceSet, source)]),
    )
    this.tagVariables = indexing.tags.map((tag) => {
      const device = this.#sources.get(tag.source.key)?.devices.get(tag.device.key)?.object
      if (!device) throw new PenstockError('PROTOCOL_VIOLATION', `Tag ${tag.id} has no device in the plant`)
      return addTagVariable(namespaces.plant, device, tag, permissions)
    })
  }

  showSources(sources: readonly SourceHealth[], now: number): void {
    for (const health of sources) this.#sources.get(health.key)?.show(health, now)
  }

  showStore(store: StoreHealth, now: number): void {
    const good = this.#statuses.of(StatusCode.Good)
    publish(this.#storeOk, DataType.Boolean, store.ok, good, now)
    publish(this.#storeReason, DataType.String, store.reason, good, now)
  }

  /** What is known only from the engine turns Uncertain while it is not heard. */
  showEngine(heard: boolean, now: number): void {
    publish(this.#engineConnected, DataType.Boolean, heard, this.#statuses.of(StatusCode.Good), now)
    if (heard) return
    const uncertain = this.#statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    const told = [...this.#sources.values()].flatMap(({ status }) => status)
    for (const variable of [...told, this.#storeOk, this.#storeReason]) showUnheard(variable, uncertain, now)
  }
}

function findDeviceSet(addressSpace: AddressSpace, namespaces: Namespaces): UAObject {
  const deviceSet = addressSpace.findNode(`ns=${namespaces.di.index};i=5001`)
  if (!deviceSet) throw new PenstockError('PROTOCOL_VIOLATION', `The nodeset ${DI_URI} has no DeviceSet`)
  return deviceSet as UAObject
}
