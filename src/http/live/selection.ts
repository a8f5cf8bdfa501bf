import type { IndexedTag } from '../../core/tag-index.ts'
import type { PlantMirror } from './plant-mirror.ts'

/** Which tags somebody looks at; with none of these: all. */
export interface Selection {
  readonly tags: readonly string[]
  readonly devices: readonly string[]
  readonly sources: readonly string[]
}

/** The tags of a selection that the plant has now. */
export function selected({ indexing, plant }: PlantMirror, { tags, devices, sources }: Selection): IndexedTag[] {
  if (tags.length + devices.length + sources.length === 0) return indexing.present
  const keys = new Set(devices)
  for (const source of plant.sources) {
    if (sources.includes(source.key)) for (const { key } of source.devices) keys.add(key)
  }
  const found = new Map<string, IndexedTag>()
  for (const key of keys) for (const tag of indexing.ofDevice(key)) found.set(tag.id, tag)
  for (const id of tags) {
    const tag = indexing.byId(id)
    if (tag) found.set(id, tag)
  }
  return [...found.values()]
}
