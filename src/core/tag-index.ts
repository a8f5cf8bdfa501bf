import type { DeviceBase, Plant, SourceConfig, TagConfig } from './plant.ts'

/** Dense number of a tag in this run: the row of the tag table. Given at start, in plant order; never persisted. */
export type TagIndex = number

/** A tag with its place in the plant. `id` is its NodeId's identifier and its name in the store: `device/tag`. */
export interface IndexedTag {
  readonly index: TagIndex
  readonly id: string
  readonly tag: TagConfig
  readonly device: DeviceBase
  readonly source: SourceConfig
  /** The tag, its device or its source is disabled. */
  readonly disabled: boolean
}

/** The tags of one device, in the order of its configuration. */
export interface DeviceTags<Device extends DeviceBase = DeviceBase> {
  readonly device: Device
  readonly tags: readonly IndexedTag[]
}

/** Numbers every tag of the plant and answers where each is. */
export class TagIndexing {
  readonly tags: readonly IndexedTag[]
  readonly #byDevice = new Map<string, readonly IndexedTag[]>()
  readonly #byId = new Map<string, IndexedTag>()

  constructor(plant: Plant) {
    const tags: IndexedTag[] = []
    for (const source of plant.sources) {
      for (const device of source.devices) {
        const ofDevice = device.tags.map((tag, position): IndexedTag => {
          const disabled = tag.disabled || device.disabled || source.disabled
          return { index: tags.length + position, id: tagId(device.key, tag.key), tag, device, source, disabled }
        })
        tags.push(...ofDevice)
        this.#byDevice.set(device.key, ofDevice)
        for (const tag of ofDevice) this.#byId.set(tag.id, tag)
      }
    }
    this.tags = tags
  }

  ofDevice(deviceKey: string): readonly IndexedTag[] {
    return this.#byDevice.get(deviceKey) ?? []
  }

  byId(id: string): IndexedTag | undefined {
    return this.#byId.get(id)
  }
}

/** `<device key>/<tag key>`: the NodeId's identifier (DESIGN §5), unchanged by rename, restart or reorder. */
export const tagId = (deviceKey: string, tagKey: string): string => `${deviceKey}/${tagKey}`
