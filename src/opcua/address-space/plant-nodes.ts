import type { AddressSpace, Namespace, RolePermissionType, UAObject, UAVariable } from 'node-opcua'
import { PenstockError } from '../../core/errors.ts'
import type { SourceHealth } from '../../core/health.ts'
import type { Plant, SourceConfig } from '../../core/plant.ts'
import type { PlantChange } from '../../core/plant-change.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { IndexedTag, TagChange, TagIndex, TagIndexing } from '../../core/tag-index.ts'
import { reviveItems } from '../hardening/revive-items.ts'
import { showUnheard } from '../projected-variable.ts'
import { StatusCodeCache } from '../status-codes.ts'
import { areOfOneType, type DeviceConfig, type DeviceNodesContext } from './device-nodes.ts'
import { FolderTree } from './folder-tree.ts'
import { type GatewayIdentity, GatewayNodes } from './gateway-nodes.ts'
import { ModelChanges } from './model-changes.ts'
import { DI_URI, type Namespaces } from './namespaces.ts'
import { NodeFactory } from './node-factory.ts'
import { commandPermissions, readPermissions } from './permissions.ts'
import { SourceNodes } from './source-nodes.ts'
import { addTagVariable, updateTagVariable } from './tag-nodes.ts'

export interface PlantNodesOptions {
  readonly addressSpace: AddressSpace
  readonly namespaces: Namespaces
  readonly plant: Plant
  readonly indexing: TagIndexing
  readonly identity: GatewayIdentity
  readonly allowAnonymous: boolean
  readonly now: number
}

interface FormerTag {
  readonly tag: IndexedTag
  readonly variable: UAVariable
}

/** All nodes of the plant: devices with their tags in DI's DeviceSet, the gateway and its sources at `Objects/Penstock`. */
export class PlantNodes {
  readonly gateway: GatewayNodes
  /** What clients are to be told, by whoever follows the whole of a step. */
  readonly changes: ModelChanges
  /** By tag number; undefined where the plant has that tag no more. */
  readonly tagVariables: (UAVariable | undefined)[] = []
  readonly #addressSpace: AddressSpace
  readonly #namespace: Namespace
  readonly #permissions: readonly RolePermissionType[]
  readonly #writable: readonly RolePermissionType[]
  readonly #context: DeviceNodesContext
  readonly #sources = new Map<string, SourceNodes>()
  /** The tags that have a variable. */
  readonly #known = new Map<TagIndex, IndexedTag>()
  readonly #statuses = new StatusCodeCache()

  constructor({ addressSpace, namespaces, plant, indexing, identity, allowAnonymous, now }: PlantNodesOptions) {
    const permissions = readPermissions(allowAnonymous)
    this.#addressSpace = addressSpace
    this.#namespace = namespaces.plant
    this.#permissions = permissions
    this.#writable = commandPermissions(allowAnonymous)
    const statuses = this.#statuses
    const factory = new NodeFactory({ namespace: namespaces.plant, permissions, statuses, now })
    const changes = new ModelChanges({ addressSpace, factory, statuses })
    this.changes = changes
    const { objects } = addressSpace.rootFolder
    const types = namespaces.types.index
    this.gateway = new GatewayNodes({ factory, statuses, objects, types, identity })
    const { object: gateway, sourcesFolder } = this.gateway
    const folders = new FolderTree({ factory, changes, gateway, nameIn: types, now })
    const deviceSet = findDeviceSet(addressSpace, namespaces)
    changes.version(sourcesFolder, '#gateway/Sources#NodeVersion', now)
    changes.version(deviceSet, '#DeviceSet#NodeVersion', now)
    this.#context = { factory, namespaces, statuses, folders, changes, deviceSet }
    for (const source of plant.sources) {
      const nodes = this.#addSource(source, now)
      for (const device of source.devices) nodes.addDevice(device, now)
    }
    for (const tag of indexing.present) this.#addTag(tag)
    this.gateway.showTagCount(indexing.present.length, now)
    changes.forget()
  }

  /**
   * Follows one step of a change of the plant, in small steps of its own, each of them one node or device: yields each
   * tag whose value begins anew, and undefined after all else. Nodes of what stays are kept, with whoever monitors them,
   * also those of a tag that is of another type from now on and has another number; who monitors a node that comes back
   * gets its values.
   */
  *change(
    change: PlantChange,
    tags: TagChange,
    tagCount: number,
    now: number,
  ): Generator<IndexedTag | undefined, void> {
    const added = new Map(tags.added.map((tag) => [tag.id, tag]))
    const retyped = new Map<string, FormerTag>()
    for (const gone of tags.retired) {
      const former = this.#take(gone.index)
      if (!former) continue
      if (standAlike(added.get(gone.id), gone)) retyped.set(gone.id, former)
      else this.#delete(former)
      yield
    }
    for (const tag of [...tags.updated, ...tags.renewed]) {
      if (standAlike(this.#known.get(tag.index), tag)) continue
      const former = this.#take(tag.index)
      if (former) this.#delete(former)
      yield
    }
    yield* this.#changeDevices(change, now)
    const renewed = new Set(tags.renewed)
    for (const tag of [...tags.added, ...tags.updated, ...tags.renewed]) {
      this.#showTag(retyped.get(tag.id) ?? this.#take(tag.index), tag)
      yield renewed.has(tag) || added.has(tag.id) ? tag : undefined
    }
    this.gateway.showTagCount(tagCount, now)
    yield* reviveItems(this.#addressSpace)
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
    this.gateway.showSources(sources, now)
    for (const health of sources) this.#sources.get(health.key)?.show(health, now)
  }

  /** What is known only from the engine turns Uncertain while it is not heard. */
  showEngine(heard: boolean, now: number): void {
    this.gateway.showEngine(heard, now)
    if (heard) return
    const uncertain = this.#statuses.of(StatusCode.UncertainNoCommunicationLastUsableValue)
    for (const { status, devices } of this.#sources.values()) {
      for (const variable of status) showUnheard(variable, uncertain, now)
      for (const device of devices.values()) device.shown = undefined
    }
  }

  *#changeDevices(change: PlantChange, now: number): Generator<undefined, void> {
    for (const key of change.removedSources) {
      const source = this.#sources.get(key)
      this.#sources.delete(key)
      if (source) yield* source.remove()
    }
    for (const key of change.removedDevices) {
      for (const source of this.#sources.values()) source.removeDevice(key)
      yield
    }
    for (const source of change.sources) {
      const known = this.#sources.get(source.key)
      if (known) known.update(source, now)
      else this.#addSource(source, now)
      yield
    }
    for (const { source, device } of change.devices) {
      this.#changeDevice(source, device, now)
      yield
    }
  }

  #addSource(source: SourceConfig, now: number): SourceNodes {
    const nodes = new SourceNodes(this.#context, this.gateway.sourcesFolder, source, now)
    this.#sources.set(source.key, nodes)
    return nodes
  }

  #changeDevice(sourceKey: string, device: DeviceConfig, now: number): void {
    const source = this.#sources.get(sourceKey)
    if (!source) throw new PenstockError('PROTOCOL_VIOLATION', `Device ${device.key} has no source in the plant`)
    const known = source.devices.get(device.key)
    if (known?.isOf(device)) {
      known.update(device, now)
      return
    }
    for (const other of this.#sources.values()) other.removeDevice(device.key)
    source.addDevice(device, now)
    if (known?.shown) source.devices.get(device.key)?.show(known.shown, now)
  }

  #addTag(tag: IndexedTag): void {
    const device = this.#deviceOf(tag)
    if (!device) throw new PenstockError('PROTOCOL_VIOLATION', `Tag ${tag.id} has no device in the plant`)
    const variable = addTagVariable(this.#namespace, device, tag, this.#permissionsOf(tag))
    this.changes.added(variable, device)
    this.tagVariables[tag.index] = variable
    this.#known.set(tag.index, tag)
  }

  #permissionsOf({ tag }: IndexedTag): readonly RolePermissionType[] {
    return tag.access === 'readWrite' ? this.#writable : this.#permissions
  }

  #deviceOf({ source, device }: IndexedTag): UAObject | undefined {
    return this.#sources.get(source.key)?.devices.get(device.key)?.object
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
    if (!(former && this.#has(former.variable))) {
      this.#addTag(tag)
      return
    }
    updateTagVariable(this.#namespace, former.variable, former.tag.tag, tag, this.#permissionsOf(tag))
    if (former.tag.tag.type !== tag.tag.type) this.changes.dataTypeChanged(former.variable)
    this.tagVariables[tag.index] = former.variable
    this.#known.set(tag.index, tag)
  }

  #delete({ tag, variable }: FormerTag): void {
    if (!this.#has(variable)) return
    const device = this.#deviceOf(tag)
    this.changes.removed(variable, ...(device ? [device] : []))
    this.#addressSpace.deleteNode(variable)
  }

  #has(variable: UAVariable): boolean {
    return this.#addressSpace.findNode(variable.nodeId) === variable
  }
}

/** Whether both belong to the same node of a device. */
const standAlike = (before: IndexedTag | undefined, now: IndexedTag): boolean =>
  before?.source.key === now.source.key && areOfOneType(before.device, now.device)

function findDeviceSet(addressSpace: AddressSpace, namespaces: Namespaces): UAObject {
  const deviceSet = addressSpace.findNode(`ns=${namespaces.di.index};i=5001`)
  if (!deviceSet) throw new PenstockError('PROTOCOL_VIOLATION', `The nodeset ${DI_URI} has no DeviceSet`)
  return deviceSet as UAObject
}
