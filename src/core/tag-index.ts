import type { DeviceBase, Plant, SourceConfig, TagConfig } from './plant.ts'
import { type PlantChange, readsTheSame, withoutDevices } from './plant-change.ts'

/**
 * Dense number of a tag in this run: the row of the tag table. Given in plant order at start and counted on for tags
 * that come later; never given twice in a run, and never persisted.
 */
export type TagIndex = number
/** Of a tag that the plant does not have, and that is read once: no row of the table. */
export const AD_HOC: TagIndex = -1

/** A tag with its place in the plant. `id` is its NodeId's identifier and its name in the store: `device/tag`. */
export interface IndexedTag {
  readonly index: TagIndex
  readonly id: string
  readonly tag: TagConfig
  readonly device: DeviceBase
  /** Its own settings, without the devices. */
  readonly source: SourceConfig
  /** The tag, its device or its source is disabled, or the plant has no such tag any more. */
  readonly disabled: boolean
}

/** The tags of one device, in the order of its configuration. */
export interface DeviceTags<Device extends DeviceBase = DeviceBase> {
  readonly device: Device
  readonly tags: readonly IndexedTag[]
}

/** A plant as it is at `revision`, with the number of each of its tags. */
export interface NumberedPlant {
  /** Counts the changes since the engine began; a plant of another revision is numbered otherwise. */
  readonly revision: number
  readonly plant: Plant
  /** At position `n` the id of tag `n`, null where it is gone. */
  readonly ids: readonly (string | null)[]
}

/** What a change of the plant does to the tags. */
export interface TagChange {
  /** New, with numbers of their own, beyond all former ones. */
  readonly added: readonly IndexedTag[]
  /** As they are now: the same value of the same device, shown or judged otherwise. */
  readonly updated: readonly IndexedTag[]
  /** As they are now: the same tag reads something else from now on, so that its value says nothing any more. */
  readonly renewed: readonly IndexedTag[]
  /** As they were: gone, or of another type and therefore added anew. */
  readonly retired: readonly IndexedTag[]
}

/** Numbers every tag of the plant and answers where each is; follows the plant's changes. */
export class TagIndexing {
  readonly #tags: (IndexedTag | undefined)[] = []
  readonly #byDevice = new Map<string, readonly IndexedTag[]>()
  readonly #byId = new Map<string, IndexedTag>()

  /** `ids`: the numbers that somebody else has given already; they must be those of exactly this plant. */
  constructor(plant: Plant, ids: readonly (string | null)[] = []) {
    const numbers = new Map(ids.map((id, index) => [id, index]))
    this.#tags.length = ids.length
    this.#tags.fill(undefined)
    for (const source of plant.sources) {
      const own = withoutDevices(source)
      for (const device of source.devices) this.#place(device, own, (id) => numbers.get(id))
    }
  }

  /** By number, undefined where the plant has that tag no more; follows every `apply`. */
  get tags(): readonly (IndexedTag | undefined)[] {
    return this.#tags
  }

  /** The tags that the plant has now. */
  get present(): IndexedTag[] {
    return this.#tags.filter((tag) => tag !== undefined)
  }

  /** The ids by number, for whoever is to number the same plant alike. */
  get ids(): (string | null)[] {
    return this.#tags.map((tag) => tag?.id ?? null)
  }

  ofDevice(deviceKey: string): readonly IndexedTag[] {
    return this.#byDevice.get(deviceKey) ?? []
  }

  byId(id: string): IndexedTag | undefined {
    return this.#byId.get(id)
  }

  /** Follows a change, of which `plant` is the outcome. The same changes in the same order give the same numbers. */
  apply(change: PlantChange, plant: Plant): TagChange {
    const former = new Map<string, IndexedTag>()
    for (const key of this.#touchedBy(change)) {
      for (const tag of this.ofDevice(key)) former.set(tag.id, tag)
      this.#displace(key)
    }
    const touched: IndexedTag[] = []
    for (const { device, source } of placesOf(change, plant)) {
      const numberOf = (id: string, { type, arrayLength }: TagConfig) => {
        const before = former.get(id)
        return before?.tag.type === type && before.tag.arrayLength === arrayLength ? before.index : undefined
      }
      touched.push(...this.#place(device, source, numberOf))
    }
    return this.#difference(former, touched)
  }

  /** Devices whose tags go, change or come. */
  #touchedBy({ removedSources, sources, removedDevices, devices }: PlantChange): Set<string> {
    const keys = new Set([...removedDevices, ...devices.map(({ device }) => device.key)])
    const ofSources = new Set([...removedSources, ...sources.map(({ key }) => key)])
    for (const [key, [tag]] of this.#byDevice) if (tag && ofSources.has(tag.source.key)) keys.add(key)
    return keys
  }

  #place(
    device: DeviceBase,
    source: SourceConfig,
    numberOf: (id: string, tag: TagConfig) => TagIndex | undefined,
  ): readonly IndexedTag[] {
    const tags = device.tags.map((tag): IndexedTag => {
      const id = tagId(device.key, tag.key)
      const index = numberOf(id, tag) ?? this.#tags.length
      const disabled = tag.disabled || device.disabled || source.disabled
      const indexed = { index, id, tag, device, source, disabled }
      this.#tags[index] = indexed
      this.#byId.set(id, indexed)
      return indexed
    })
    this.#byDevice.set(device.key, tags)
    return tags
  }

  #displace(deviceKey: string): void {
    for (const { id, index } of this.ofDevice(deviceKey)) {
      this.#byId.delete(id)
      this.#tags[index] = undefined
    }
    this.#byDevice.delete(deviceKey)
  }

  #difference(former: ReadonlyMap<string, IndexedTag>, touched: readonly IndexedTag[]): TagChange {
    const added: IndexedTag[] = []
    const updated: IndexedTag[] = []
    const renewed: IndexedTag[] = []
    for (const tag of touched) {
      const before = former.get(tag.id)
      if (before?.index !== tag.index) added.push(tag)
      else if (readsTheSame(before, tag)) updated.push(tag)
      else renewed.push(tag)
    }
    const retired = [...former.values()].filter(({ index }) => this.#tags[index] === undefined)
    return { added, updated, renewed, retired }
  }
}

/** The devices of a change, and all of those whose source changes around them. */
function placesOf({ sources, devices }: PlantChange, plant: Plant): { device: DeviceBase; source: SourceConfig }[] {
  const changed = new Set(sources.map(({ key }) => key))
  const listed = new Set(devices.map(({ device }) => device.key))
  return plant.sources.flatMap((source) => {
    const own = withoutDevices(source)
    return source.devices
      .filter(({ key }) => changed.has(source.key) || listed.has(key))
      .map((device) => ({ device, source: own }))
  })
}

/** `<device key>/<tag key>`: the NodeId's identifier, unchanged by rename, restart or reorder. */
export const tagId = (deviceKey: string, tagKey: string): string => `${deviceKey}/${tagKey}`
