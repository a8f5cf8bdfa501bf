import { z } from 'zod'
import { ApiProblem, invalid, notFound } from '../api/problem.ts'
import { type Route, route } from '../api/route.ts'
import { trend, values } from '../api/schemas/values.ts'
import { canBeDrawn, trendOf } from '../history/trend.ts'
import { LiveStream } from '../live/live-stream.ts'
import { selected } from '../live/selection.ts'
import { valueAnswer } from '../live/value-answer.ts'
import { mirrorOf, orSilent, type WebService } from './service.ts'

const MOST_STREAMS = 64
/** So that nobody keeps all others from following. */
const MOST_OF_USER = 32
const MOST_NAMED = 1_000

/** A parameter that may be given several times. */
const many = (description: string) =>
  z
    .preprocess(
      (given) => (given === undefined || Array.isArray(given) ? (given ?? []) : [given]),
      z.array(z.string()).max(MOST_NAMED),
    )
    .describe(description)

const selection = z.strictObject({
  tag: many('Ids of tags; may be given several times. With none of these three: all tags.'),
  device: many('Keys of devices, all of whose tags are meant.'),
  source: many('Keys of sources, all of whose tags are meant.'),
})

const trendQuery = z.strictObject({
  tag: z.string().describe('Id of the tag, `device/tag`.'),
  from: z.coerce.number().int().describe('Milliseconds of the epoch.'),
  to: z.coerce.number().int(),
  parts: z.coerce.number().int().min(1).max(4_000).default(1_000).describe('As how many pixels it will be drawn.'),
})

/** Values now, as they change, and as they were. */
export function valueRoutes(service: WebService): Route[] {
  /** With who follows. */
  const streams = new Map<LiveStream, string>()
  return [
    route({
      method: 'GET',
      path: '/values',
      right: 'read',
      group: 'Values',
      summary: 'The values of tags now',
      query: selection,
      answer: values,
      handle: async ({ query }) => {
        const mirror = await mirrorOf(service)
        const unknown = query.tag.filter((id) => !mirror.indexing.byId(id))
        if (unknown.length > 0) {
          throw invalid(unknown.map((id) => ({ in: 'query', field: 'tag', message: `The plant has no tag "${id}".` })))
        }
        const tags = selected(mirror, { tags: query.tag, devices: query.device, sources: query.source })
        return { heard: mirror.heard, values: tags.map((tag) => valueAnswer(mirror, tag)) }
      },
    }),
    route({
      method: 'GET',
      path: '/live',
      right: 'read',
      group: 'Values',
      summary: 'What changes, as it does',
      description:
        'Server-sent events, at most four times a second: `values`, `sources`, `plant`, `engine` and `beat`. With ' +
        '`Last-Event-ID`, or `after`, only what is different since that event.',
      query: selection.extend({
        only: z.literal('state').optional().describe('No values, only how the gateway and its sources are.'),
        after: z.string().max(100).optional().describe('Id of the last event you have.'),
      }),
      answer: z.string(),
      mediaType: 'text/event-stream',
      handle: async ({ query }, { context, visitor }) => {
        const user = visitor?.name ?? ''
        const own = [...streams.values()].filter((each) => each === user).length
        if (streams.size >= MOST_STREAMS || own >= MOST_OF_USER) {
          const of = own >= MOST_OF_USER ? `${own} pages or programs of "${user}"` : `${MOST_STREAMS} pages or programs`
          const detail = `${of} follow the values already; close one of them.`
          throw new ApiProblem({ status: 503, code: 'STREAMS_FULL', detail, headers: { 'Retry-After': '10' } })
        }
        const stream = new LiveStream({
          feed: service.feed,
          selection: query.only ? 'none' : { tags: query.tag, devices: query.device, sources: query.source },
          after: context.get('Last-Event-ID') || query.after,
          clock: service.clock,
          mayRead: () => service.gate.stillReads(context),
        })
        streams.set(stream, user)
        stream.body.on('close', () => streams.delete(stream))
        context.req.on('close', () => stream.end())
        context.set({ 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no', 'Cache-Control': 'no-store' })
        context.status = 200
        context.body = stream.body
        return ''
      },
    }),
    route({
      method: 'GET',
      path: '/history',
      right: 'read',
      group: 'Values',
      summary: 'A tag over a span of time, as a line of so many pixels needs it',
      query: trendQuery,
      answer: trend,
      handle: async ({ query }, { context }) => {
        const { tag, from, to, parts } = query
        if (to <= from) throw invalid([{ in: 'query', field: 'to', message: 'It has to be later than `from`.' }])
        const { indexing } = await mirrorOf(service)
        const found = indexing.byId(tag)
        if (!found) throw notFound(`The plant has no tag "${tag}".`)
        const { type, arrayLength } = found.tag
        if (!canBeDrawn(found.tag)) {
          const message = `"${tag}" holds ${arrayLength === undefined ? type : 'an array'}, which is no line.`
          throw invalid([{ in: 'query', field: 'tag', message }])
        }
        const ended = new AbortController()
        context.res.on('close', () => ended.abort())
        const series = { tag, shape: { type, arrayLength } }
        const line = await orSilent(() => trendOf(service.history, series, { from, to, parts }, ended.signal))
        return { tag, ...line }
      },
    }),
  ]
}
