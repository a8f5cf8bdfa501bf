import { z } from 'zod'
import { historyPolicyOf } from '../../core/history-policy.ts'
import type { SourceConfig } from '../../core/plant.ts'
import type { IndexedTag } from '../../core/tag-index.ts'
import { notFound } from '../api/problem.ts'
import { type Route, route } from '../api/route.ts'
import {
  type DeviceAnswer,
  device as deviceSchema,
  plant,
  type TagAnswer,
  tagDetail,
  tagPage,
  tagWatchers,
} from '../api/schemas/plant.ts'
import { addressOf, endpointOf, tagsOf } from '../live/plant-lists.ts'
import { qualityOf } from '../live/value-answer.ts'
import { given } from './given.ts'
import { mirrorOf, orSilent, type WebService } from './service.ts'
import { seesWho } from './setup/client-routes.ts'
import { wayOf } from './value-way.ts'

const MOST_TAGS = 5_000

const tagsQuery = z.strictObject({
  source: z.string().optional().describe('Only of this source.'),
  device: z.string().optional().describe('Only of this device.'),
  search: z.string().max(200).optional().describe('Only those whose id, name, device or address has this text.'),
  quality: z.enum(['good', 'uncertain', 'bad']).optional().describe('Only those that are so now.'),
  after: z.string().optional().describe('`next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(MOST_TAGS).default(1_000),
})

/** The plant as it runs: sources, devices, tags. */
export function plantRoutes(service: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/plant',
      right: 'read',
      group: 'Plant',
      summary: 'Every source with its devices',
      answer: plant,
      etag: true,
      handle: async () => {
        const mirror = await mirrorOf(service)
        const sources = mirror.plant.sources.map((source) => ({
          key: source.key,
          name: source.name,
          kind: source.kind,
          disabled: source.disabled,
          endpoint: endpointOf(source),
          devices: source.devices.map((device) => deviceAnswer(source, device)),
        }))
        return { revision: mirror.revision, tags: mirror.indexing.present.length, sources }
      },
    }),
    route({
      method: 'GET',
      path: '/devices/{device}',
      right: 'read',
      group: 'Plant',
      summary: 'One device',
      pathParameters: z.strictObject({ device: z.string() }),
      answer: deviceSchema,
      etag: true,
      handle: async ({ path }) => {
        const { plant } = await mirrorOf(service)
        for (const source of plant.sources) {
          const device = source.devices.find(({ key }) => key === path.device)
          if (device) return deviceAnswer(source, device)
        }
        throw notFound(`The plant has no device with the key "${path.device}".`)
      },
    }),
    route({
      method: 'GET',
      path: '/tags',
      right: 'read',
      group: 'Plant',
      summary: 'Tags, page by page',
      query: tagsQuery,
      answer: tagPage,
      etag: true,
      handle: async ({ query }) => {
        const { source, device, search, quality, after, limit } = query
        const mirror = await mirrorOf(service)
        const matching = tagsOf(mirror, { source, device, search }).filter(
          (tag) => quality === undefined || qualityOf(mirror.valueOf(tag).status) === quality,
        )
        const begin = after === undefined ? 0 : matching.findIndex(({ id }) => id === after) + 1
        const page = matching.slice(begin, begin + limit)
        const last = page.at(-1)
        const isMore = begin + limit < matching.length && last !== undefined
        return {
          revision: mirror.revision,
          total: matching.length,
          tags: page.map(tagAnswer),
          ...(isMore ? { next: last.id } : {}),
        }
      },
    }),
    route({
      method: 'GET',
      path: '/tags/{device}/{tag}',
      right: 'read',
      group: 'Plant',
      summary: 'One tag, with the way of its value from the device to the clients',
      pathParameters: z.strictObject({ device: z.string(), tag: z.string() }),
      answer: tagDetail,
      handle: async ({ path }) => {
        const { indexing } = await mirrorOf(service)
        const found = indexing.byId(`${path.device}/${path.tag}`)
        if (!found) throw notFound(`The plant has no tag "${path.device}/${path.tag}".`)
        return { ...tagAnswer(found), nodeId: `nsu=urn:penstock:plant;s=${found.id}`, way: wayOf(found) }
      },
    }),
    route({
      method: 'GET',
      path: '/tags/{device}/{tag}/watchers',
      right: 'read',
      group: 'Plant',
      summary: 'The OPC UA clients that monitor a tag',
      pathParameters: z.strictObject({ device: z.string(), tag: z.string() }),
      answer: tagWatchers,
      handle: async ({ path }, { visitor }) => {
        const watchers = await orSilent(
          () => service.tagWatchers.watchers(`${path.device}/${path.tag}`),
          'The OPC UA server does not answer just now; ask again in some seconds.',
        )
        return {
          watchers: watchers.map(({ user, ...watcher }) => ({ ...watcher, ...(seesWho(visitor) ? { user } : {}) })),
        }
      },
    }),
  ]
}

function deviceAnswer(source: SourceConfig, device: SourceConfig['devices'][number]): DeviceAnswer {
  const { key, name, description, manufacturer, model, serialNumber, tags, commands } = device
  return {
    key,
    name,
    ...given({ description, manufacturer, model, serialNumber }),
    source: source.key,
    disabled: source.disabled || device.disabled,
    address: addressOf(device),
    tags: tags.length,
    commands: commands?.length ?? 0,
  }
}

function tagAnswer(indexed: IndexedTag): TagAnswer {
  const { id, tag, device, source, disabled } = indexed
  const { key, name, description, type, arrayLength, address, unit, range, states, access = 'read' } = tag
  return {
    id,
    key,
    name,
    ...given({ description, arrayLength, unit, range }),
    ...(states ? { states: states.map((state) => ({ value: state.value, name: state.name })) } : {}),
    device: device.key,
    source: source.key,
    type,
    address,
    access,
    history: historyPolicyOf(indexed),
    disabled,
  }
}
