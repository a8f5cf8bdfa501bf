import type { UAObject } from 'node-opcua'
import type { ModelChanges } from './model-changes.ts'
import type { NodeFactory } from './node-factory.ts'

interface Folder {
  readonly object: UAObject
  /** Where it stands; undefined: it is the plant itself. */
  readonly parent: Folder | undefined
  readonly path: string
  /** Devices and folders in it. */
  members: number
}

export interface FolderTreeOptions {
  readonly factory: NodeFactory
  readonly changes: ModelChanges
  readonly gateway: UAObject
  /** Index of the namespace that defines the name of the tree. */
  readonly nameIn: number
  readonly now: number
}

/**
 * The operator's own tree, `Objects/Penstock/Plant`: folders that are there as long as something stands in them, with
 * the devices of DeviceSet. A folder is its path, `ns=4;s=#folder/Hall 1/Line 2`; a device that moves stays the same node.
 */
export class FolderTree {
  readonly #factory: NodeFactory
  readonly #changes: ModelChanges
  readonly #plant: Folder
  readonly #folders = new Map<string, Folder>()
  readonly #places = new Map<UAObject, Folder>()

  constructor({ factory, changes, gateway, nameIn, now }: FolderTreeOptions) {
    this.#factory = factory
    this.#changes = changes
    const id = '#gateway/Plant'
    const object = factory.object({ id, name: 'Plant', nameIn, type: 'FolderType', componentOf: gateway })
    this.#plant = { object, parent: undefined, path: '', members: 0 }
    changes.version(object, `${id}#NodeVersion`, now)
  }

  /** The device stands in this folder from now on, and in no other; without a path in the plant itself. */
  place(device: UAObject, path: string | undefined, now: number): void {
    const before = this.#places.get(device)
    if (before && before.path === (path ?? '')) return
    const folder = this.#folder(path ?? '', now)
    folder.object.addReference({ referenceType: 'Organizes', nodeId: device })
    folder.members++
    this.#places.set(device, folder)
    this.#changes.referenceAdded(folder.object, device)
    // What both have in common must not be empty in between.
    if (before) this.#leave(before, device)
  }

  /** The device is about to go. */
  remove(device: UAObject): void {
    const folder = this.#places.get(device)
    this.#places.delete(device)
    if (folder) this.#leave(folder, device)
  }

  #leave(folder: Folder, device: UAObject): void {
    folder.object.removeReference({ referenceType: 'Organizes', isForward: true, nodeId: device.nodeId })
    this.#changes.referenceRemoved(folder.object, device)
    this.#empty(folder)
  }

  /** One member less; a folder with none is no more. node-opcua deletes with a folder whatever stands in it. */
  #empty(folder: Folder): void {
    folder.members--
    const { parent, object, path } = folder
    if (folder.members > 0 || !parent) return
    this.#folders.delete(path)
    this.#changes.removed(object, parent.object)
    object.addressSpace.deleteNode(object)
    this.#empty(parent)
  }

  #folder(path: string, now: number): Folder {
    if (path === '') return this.#plant
    const known = this.#folders.get(path)
    if (known) return known
    const end = path.lastIndexOf('/')
    const parent = this.#folder(path.slice(0, Math.max(0, end)), now)
    const id = `#folder/${path}`
    const name = path.slice(end + 1)
    const object = this.#factory.object({ id, name, type: 'FolderType', organizedBy: parent.object })
    // A folder may be called anything, also like another one's property.
    this.#changes.version(object, `#folder-version/${path}`, now)
    this.#changes.added(object, parent.object)
    parent.members++
    const folder: Folder = { object, parent, path, members: 0 }
    this.#folders.set(path, folder)
    return folder
  }
}
