import type { PlantMirror } from '../http/live/plant-mirror.ts'
import type { Selection } from '../http/live/selection.ts'
import { invalid, notFound } from './call-error.ts'

const MOST_NAMED = 10_000
/** How many of those that are not there are named in an error. */
const MOST_SHOWN = 5

/** What a request selects; absent: every tag. Throws CallError where it names too much. */
export function selectionOf(given: Selection | null): Selection {
  const { tags, devices, sources } = given ?? { tags: [], devices: [], sources: [] }
  const named = tags.length + devices.length + sources.length
  if (named <= MOST_NAMED) return { tags, devices, sources }
  throw invalid('selection', `a list of ${named} names`, `at most ${MOST_NAMED}, or devices and sources in their place`)
}

/** Throws NOT_FOUND where the plant does not have all that is selected by name. */
export function refuseUnknown({ indexing, plant }: PlantMirror, { tags, devices, sources }: Selection): void {
  const deviceKeys = new Set(plant.sources.flatMap((source) => source.devices.map(({ key }) => key)))
  const sourceKeys = new Set(plant.sources.map(({ key }) => key))
  const unknown = [
    ...tags.filter((id) => !indexing.byId(id)).map((id) => `tag "${id}"`),
    ...devices.filter((key) => !deviceKeys.has(key)).map((key) => `device "${key}"`),
    ...sources.filter((key) => !sourceKeys.has(key)).map((key) => `source "${key}"`),
  ]
  if (unknown.length === 0) return
  const more = unknown.length > MOST_SHOWN ? ` and ${unknown.length - MOST_SHOWN} others` : ''
  throw notFound(`The plant does not have what selection names: ${unknown.slice(0, MOST_SHOWN).join(', ')}${more}.`)
}
