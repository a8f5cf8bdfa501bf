import {
  type AddressSpace,
  coerceNodeId,
  DataType,
  type Namespace,
  type RolePermissionType,
  type UAObject,
  type UAVariable,
} from 'node-opcua'
import { PenstockError } from '../../core/errors.ts'
import type { SourceHealth } from '../../core/health.ts'
import type { Plant, SourceConfig } from '../../core/plant.ts'
import type { PlantChange } from '../../core/plant-change.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagChange, TagIndex, TagIndexing } from '../../core/tag-index.ts'
import type { StoreHealth } from '../../link/contract.ts'
import { reviveItems } from '../hardening/revive-items.ts'
import { addSteppedConfiguration } from '../history/history-configuration.ts'
import { showUnheard } from '../projected-variable.ts'
import { StatusCodeCache } from '../status-codes.ts'
import type { DeviceConfig, DeviceNodesContext } from './device-nodes.ts'
import { DI_URI, type Namespaces } from './namespaces.ts'
import { NodeFactory, publish } from './node-factory.ts'
import { commandPermissions, readPermissions } from './permissions.ts'
import { SourceNodes } from './source-nodes.ts'
import { addTagVariable, updateTagVariable } from './tag-nodes.ts'

export interface PlantNodesOptions {
  readonly addressSpace: AddressSpace
  readonly namespaces: Namespaces
  readonly plant: Plant
  readonly indexing: TagIndexing
  readonly allowAnonymous: boolean
  readonly now: number
}

interface FormerTag {
  readonly tag: IndexedTag
  readonly variable: UAVariable
}

/** All nodes of the plant: devices with their tags in DI's DeviceSet, the gateway and its sources at `Objects/Penstock`. */
export class PlantNodes {
  /** By tag number; undefined where the plant has that tag no more. */
  readonly tagVariables: (UAVariable | undefined)[] = []
  readonly #addressSpace: AddressSpace
  readonly #namespace: Namespace
  readonly #permissions: readonly RolePermissionType[]
  readonly #writable: readonly RolePermissionType[]
  readonly #context: DeviceNodesContext
  readonly #sourcesFolder: UAObject
  readonly #deviceSet: UAObject
  readonly #sources = new Map<string, SourceNodes>()
  /** The tags that have a variable. */
  readonly #known = new Map<TagIndex, IndexedTag>()
  readonly #tagCount: UAVariable
  readonly #engineConnected: UAVariable
  readonly #storeOk: UAVariable
  readonly #storeReason: UAVariable
  readonly #statuses = new StatusCodeCache()

  constructor({ addressSpace, namespaces, plant, indexing, allowAnonymous, now }: PlantNodesOptions) {
    const permissions = readPermissions(allowAnonymous)
    this.#addressSpace = addressSpace
    this.#namespace = namespaces.plant
    this.#permissions = permissions
    this.#writable = commandPermissions(allowAnonymous)
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
    this.#tagCount = component('TagCount', DataType.UInt32)

    addSteppedConfiguration(factory, gateway)
    this.#sourcesFolder = factory.object({
      id: '#gateway/Sources',
      name: 'Sources',
      nameIn: types,
      type: 'FolderType',
      componentOf: gateway,
    })
    this.#deviceSet = findDeviceSet(addressSpace, namespaces)
    this.#context = { factory, namespaces, statuses }
    for (const source of plant.sources) this.#addSource(source)
    for (const tag of indexing.present) this.#addTag(tag)
    this.#showTagCount(indexing.present.length, now)
  }

  /**
   * Follows one step of a change of the plant. Nodes of what stays are kept, with whoever monitors them, also those of a
   * tag that is of another type from now on and has another number; who monitors a node that comes back gets its values.
   */
  change(change: PlantChange, tags: TagChange, tagCount: number, now: number): void {
    this.#addressSpace.modelChangeTransaction(() => {
      const former = new Map([...tags.updated, ...tags.renewed].map(({ id, index }) => [id, this.#take(index)]))
      const added = new Set(tags.added.map(({ id }) => id))
      for (const { id, index } of tags.retired) {
        if (added.has(id)) former.set(id, this.#take(index))
        else this.#delete(this.#take(index)?.variable)
      }
      for (const key of change.removedSources) this.#removeSource(key)
      for (const key of change.removedDevices) for (const source of this.#sources.values()) source.removeDevice(key)
      for (const source of change.sources) {
        const known = this.#sources.get(source.key)
        if (known) known.update(source, now)
        else this.#addSource(source)
      }
      for (const { source, device } of change.devices) this.#changeDevice(source, device, now)
      for (const tag of [...tags.added, ...tags.updated, ...tags.renewed]) this.#showTag(former.get(tag.id), tag)
      this.#showTagCount(tagCount, now)
    })
    reviveItems(this.#addressSpace)
  }

  /** The engine numbers the same tags otherwise. */
  renumber(indexing: TagIndexing): void {
    const variables = new Map([...this.#known.values()].map(({ id, index }) => [id, this.tagVariables[index]]))
    this.tagVariables.length = 0
    this.#known.clear()
    for (const tag of indexing.present) {
      this.tagVariables[tag.index] = variables.get(tag.id)
      this.#known.set(tag.index, tag)
    }
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

  #addSource(source: SourceConfig): void {
    this.#sources.set(source.key, new SourceNodes(this.#context, this.#sourcesFolder, this.#deviceSet, source))
  }

  #removeSource(key: string): void {
    this.#sources.get(key)?.remove()
    this.#sources.delete(key)
  }

  #changeDevice(sourceKey: string, device: DeviceConfig, now: number): void {
    const source = this.#sources.get(sourceKey)
    if (!source) throw new PenstockError('PROTOCOL_VIOLATION', `Device ${device.key} has no source in the plant`)
    const known = source.devices.get(device.key)
    if (known) {
      known.update(device, now)
      return
    }
    for (const other of this.#sources.values()) other.removeDevice(device.key)
    source.addDevice(device)
  }

  #addTag(tag: IndexedTag): void {
    const device = this.#sources.get(tag.source.key)?.devices.get(tag.device.key)?.object
    if (!device) throw new PenstockError('PROTOCOL_VIOLATION', `Tag ${tag.id} has no device in the plant`)
    this.tagVariables[tag.index] = addTagVariable(this.#namespace, device, tag, this.#permissionsOf(tag))
    this.#known.set(tag.index, tag)
  }

  #permissionsOf({ tag }: IndexedTag): readonly RolePermissionType[] {
    return tag.access === 'readWrite' ? this.#writable : this.#permissions
  }

  /** Takes tag and variable out of their number. */
  #take(index: TagIndex): FormerTag | undefined {
    const tag = this.#known.get(index)
    const variable = this.tagVariables[index]
    this.#known.delete(index)
    this.tagVariables[index] = undefined
    return tag && variable && { tag, variable }
  }

  /** On the variable that it had, if that is still there; it may have gone with its device. */
  #showTag(former: FormerTag | undefined, tag: IndexedTag): void {
    if (!former || former.tag.source.key !== tag.source.key || !this.#has(former.variable)) {
      this.#delete(former?.variable)
      this.#addTag(tag)
      return
    }
    updateTagVariable(this.#namespace, former.variable, former.tag.tag, tag, this.#permissionsOf(tag))
    this.tagVariables[tag.index] = former.variable
    this.#known.set(tag.index, tag)
  }

  #delete(variable: UAVariable | undefined): void {
    if (variable && this.#has(variable)) this.#addressSpace.deleteNode(variable)
  }

  #has(variable: UAVariable): boolean {
    return this.#addressSpace.findNode(variable.nodeId) === variable
  }

  #showTagCount(count: number, now: number): void {
    publish(this.#tagCount, DataType.UInt32, count, this.#statuses.of(StatusCode.Good), now)
  }
}

function findDeviceSet(addressSpace: AddressSpace, namespaces: Namespaces): UAObject {
  const deviceSet = addressSpace.findNode(`ns=${namespaces.di.index};i=5001`)
  if (!deviceSet) throw new PenstockError('PROTOCOL_VIOLATION', `The nodeset ${DI_URI} has no DeviceSet`)
  return deviceSet as UAObject
}
