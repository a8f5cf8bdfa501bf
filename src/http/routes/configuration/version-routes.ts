import { z } from 'zod'
import { changesBetween } from '../../../config/differences.ts'
import { configFormSchema } from '../../../config/json-schema.ts'
import { notFound } from '../../api/problem.ts'
import { type Route, route } from '../../api/route.ts'
import { applied, current, differences, versionDetail, versions } from '../../api/schemas/configuration.ts'
import { actorOf } from '../command-api-routes.ts'
import type { WebService } from '../service.ts'
import { appliedOr, checkGuarded, matchOf, tagOfVersion } from './changing.ts'

const named = z.strictObject({ version: z.coerce.number().int().min(1) })
const group = 'Configuration'
const right = 'configure'

/** The configuration that holds, and the ones before it. */
export function versionRoutes({ configuration: desk, drafts }: WebService): Route[] {
  const versionOf = (id: number) => {
    const text = desk.text(id)
    const [version] = desk.versions(1, id + 1)
    if (text === undefined || version?.id !== id) throw notFound(`There is no version ${id}, or none any more.`)
    return { version, text }
  }
  let formSchema: ReturnType<typeof configFormSchema> | undefined
  return [
    route({
      method: 'GET',
      path: '/configuration',
      right,
      group,
      summary: 'The configuration that holds, and where each setting comes from',
      description: 'Its ETag, `"v12"`, is the version.',
      answer: current,
      handle: async (_input, { context }) => {
        await desk.prepare(drafts.textOf(drafts.holds.id))
        const { version, text, origins } = desk.current()
        context.set('ETag', tagOfVersion(version.id))
        return { ...version, text, origins: Object.fromEntries(origins) }
      },
    }),
    route({
      method: 'GET',
      path: '/configuration.yaml',
      right,
      group,
      summary: 'The configuration that holds, or an older one, as a file',
      query: z.strictObject({ version: z.coerce.number().int().min(1).optional() }),
      answer: z.string(),
      mediaType: 'application/yaml',
      handle: async ({ query }, { context }) => {
        const { version, text } = versionOf(query.version ?? drafts.holds.id)
        context.set('ETag', tagOfVersion(version.id))
        context.attachment(`penstock-${version.id}.yaml`)
        context.type = 'application/yaml'
        context.body = text
        return text
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/schema',
      right,
      group,
      summary: 'Every setting with its meaning, what is allowed and what holds without it, in JSON Schema',
      answer: z.looseObject({}),
      etag: true,
      handle: async () => {
        formSchema ??= configFormSchema()
        return formSchema
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/versions',
      right,
      group,
      summary: 'Who changed the configuration, when and why, the newest first',
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(200).default(50),
        before: z.coerce.number().int().optional().describe('`next` of the page before.'),
      }),
      answer: versions,
      handle: async ({ query }) => {
        const found = desk.versions(query.limit, query.before)
        const last = found.at(-1)
        return { versions: [...found], ...(last && found.length === query.limit ? { next: last.id } : {}) }
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/versions/{version}',
      right,
      group,
      summary: 'One version, and what it changed',
      pathParameters: named,
      answer: versionDetail,
      handle: async ({ path }) => {
        const { version, text } = versionOf(path.version)
        return { ...version, text, changes: changesBetween(desk.text(path.version - 1) ?? '', text) }
      },
    }),
    route({
      method: 'GET',
      path: '/configuration/versions/{version}/differences',
      right,
      group,
      summary: 'In what two versions differ, in words',
      pathParameters: named,
      query: z.strictObject({
        to: z.coerce.number().int().min(1).optional().describe('Absent: the one that holds.'),
      }),
      answer: differences,
      handle: async ({ path, query }) => {
        const to = versionOf(query.to ?? drafts.holds.id)
        return { changes: changesBetween(versionOf(path.version).text, to.text) }
      },
    }),
    route({
      method: 'POST',
      path: '/configuration/versions/{version}/restore',
      right,
      group,
      summary: 'Let an older version hold again, as the newest',
      description: 'With `If-Match: "v12"` only while version 12 holds.',
      pathParameters: named,
      body: z.strictObject({ comment: z.string().max(1_000).default('') }),
      answer: applied,
      handle: async ({ path, body }, asked) => {
        const { text } = versionOf(path.version)
        checkGuarded(drafts, text, asked)
        const comment = body.comment || `version ${path.version} restored`
        const basedOn = matchOf(asked).version
        return appliedOr(await desk.apply({ draft: { text }, by: actorOf(asked), comment, basedOn }), asked)
      },
    }),
  ]
}
