import { tagsOf } from '../http/live/plant-lists.ts'
import type { PlantMirror } from '../http/live/plant-mirror.ts'
import type { Calls } from './call.ts'
import { invalid, notFound } from './call-error.ts'
import { type PageRequest, pageOf } from './pages.ts'
import { deviceMessage, sourceMessage, tagMessage } from './plant-messages.ts'
import { type GrpcService, LOOK_WITHIN } from './service.ts'

interface DevicesRequest extends PageRequest {
  readonly source: string
}

interface TagsRequest extends DevicesRequest {
  readonly device: string
  readonly search: string
}

const LONGEST_SEARCH = 200

/** penstock.v1.PlantService. */
export function plantService(calls: Calls, { feed }: GrpcService) {
  const look = () => feed.look(LOOK_WITHIN)
  return {
    ListSources: calls.unary(async ({ request }: { request: PageRequest }) => {
      const { plant, sources, revision } = await look()
      const health = new Map(sources.map((each) => [each.key, each]))
      const page = pageOf(plant.sources, request, { revision, most: 1_000, usual: 100 })
      return { ...page, sources: page.elements.map((source) => sourceMessage(source, health.get(source.key))) }
    }),
    ListDevices: calls.unary(async ({ request }: { request: DevicesRequest }) => {
      const mirror = await look()
      const source = known(mirror, 'source', request.source)
      const all = mirror.plant.sources
        .filter(({ key }) => source === undefined || key === source)
        .flatMap((each) => each.devices.map((device) => ({ source: each, device })))
      const page = pageOf(all, request, { revision: mirror.revision, most: 1_000, usual: 100 })
      return { ...page, devices: page.elements.map(({ source, device }) => deviceMessage(source, device)) }
    }),
    ListTags: calls.unary(async ({ request }: { request: TagsRequest }) => {
      const mirror = await look()
      if (request.search.length > LONGEST_SEARCH) {
        throw invalid('search', `${request.search.length} characters long`, `a text of at most ${LONGEST_SEARCH}`)
      }
      const source = known(mirror, 'source', request.source)
      const device = known(mirror, 'device', request.device)
      const matching = tagsOf(mirror, { source, device, search: request.search || undefined })
      const page = pageOf(matching, request, { revision: mirror.revision, most: 5_000, usual: 1_000 })
      return { ...page, tags: page.elements.map(tagMessage) }
    }),
  }
}

/** The key, undefined where none is given. Throws NOT_FOUND for one that the plant does not have. */
function known({ plant }: PlantMirror, what: 'source' | 'device', key: string): string | undefined {
  if (key === '') return undefined
  const all = what === 'source' ? plant.sources : plant.sources.flatMap(({ devices }) => devices)
  if (all.some((each) => each.key === key)) return key
  throw notFound(`The plant has no ${what} with the key "${key}".`)
}
