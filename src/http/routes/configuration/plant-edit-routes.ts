import { z } from 'zod'
import type { Drafts } from '../../../config/drafts.ts'
import { type Edit, placeOfEdit } from '../../../config/edit.ts'
import { saysTheSame } from '../../../config/places.ts'
import { isGroup, settingOf } from '../../../config/raw.ts'
import { invalid, notFound } from '../../api/problem.ts'
import { type Asked, type Route, route } from '../../api/route.ts'
import { changed, changedOrSeen, outline, setting } from '../../api/schemas/configuration.ts'
import type { WebService } from '../service.ts'
import { change, LONGEST_CONFIGURATION, userOf } from './changing.ts'

/** What can be added, changed and removed by itself; below its own path its siblings are told apart by their keys. */
interface Kind {
  readonly path: string
  readonly one: string
  /** Names of the parameters before its own, with the list that each stands in. */
  readonly above: readonly (readonly [list: string, parameter: string])[]
  readonly list: string
  readonly parameter: string
}

const kinds: readonly Kind[] = [
  { path: '/sources', one: 'source', above: [], list: 'sources', parameter: 'source' },
  {
    path: '/sources/{source}/devices',
    one: 'device',
    above: [['sources', 'source']],
    list: 'devices',
    parameter: 'device',
  },
  {
    path: '/sources/{source}/devices/{device}/tags',
    one: 'tag',
    above: [
      ['sources', 'source'],
      ['devices', 'device'],
    ],
    list: 'tags',
    parameter: 'tag',
  },
  {
    path: '/sources/{source}/devices/{device}/commands',
    one: 'command',
    above: [
      ['sources', 'source'],
      ['devices', 'device'],
    ],
    list: 'commands',
    parameter: 'command',
  },
  {
    path: '/templates/{template}/commands',
    one: 'command of a template',
    above: [['templates', 'template']],
    list: 'commands',
    parameter: 'command',
  },
  {
    path: '/templates/{template}/tags',
    one: 'tag of a template',
    above: [['templates', 'template']],
    list: 'tags',
    parameter: 'tag',
  },
  { path: '/templates', one: 'template', above: [], list: 'templates', parameter: 'template' },
]

/** Lists that a thing keeps when it is given anew without them. */
const lists = ['devices', 'tags', 'commands']
const thing = z.looseObject({ key: z.string().min(1).max(63) })
const group = 'Configuration of the plant'
const right = 'configure'
const where = 'Goes into your draft; with `If-Match: "v12"` it is applied at once, while version 12 holds.'

/** Sources, devices, tags and templates one by one, as they are written. */
export function plantEditRoutes({ drafts }: WebService): Route[] {
  return [
    route({
      method: 'GET',
      path: '/configuration/sources',
      right,
      group,
      summary: 'Sources, devices and templates as they are written, by their keys and names',
      answer: outline,
      handle: async (_input, asked) => outlineOf(drafts, userOf(asked)),
    }),
    ...kinds.flatMap((kind) => routesOf(kind, drafts)),
    route({
      method: 'POST',
      path: '/configuration/tags',
      right,
      group,
      summary: 'Change the same settings of many tags',
      description: `${where} With \`preview\` nothing is done, only said.`,
      body: z.strictObject({
        tags: z.array(z.string()).min(1).max(100_000).describe('Ids, `device/tag`.'),
        set: z
          .record(z.string().min(1).max(100), z.unknown())
          .default({})
          .describe('By their names; `transform/scale` is one too.'),
        remove: z.array(z.string()).default([]).describe('Settings that are left out from now on.'),
        namePrefix: z
          .string()
          .max(100)
          .default('')
          .describe('Put before the name of each tag, where it does not begin with it.'),
        delete: z.boolean().default(false).describe('The tags themselves are removed.'),
        preview: z.boolean().default(false),
      }),
      longestBody: LONGEST_CONFIGURATION,
      answer: changedOrSeen,
      handle: async ({ body }, asked) => {
        const places = placesOfTags(drafts, userOf(asked), body.tags)
        const edits = places.flatMap((place): Edit[] => {
          if (body.delete) return [{ remove: place.at }]
          const sets = Object.entries(body.set).map(([name, value]) => ({
            set: [...place.at, ...name.split('/')],
            value,
          }))
          const there = body.remove.filter((name) => settingOf(place.value, name) !== undefined)
          const named = withPrefix(place, body.namePrefix)
          return [...sets, ...named, ...there.map((name) => ({ remove: [...place.at, name] }))]
        })
        if (edits.length === 0) throw invalid([{ in: 'body', field: 'set', message: 'Name what is to be changed.' }])
        if (body.preview) return { preview: previewOf(drafts, userOf(asked), edits) }
        return change(drafts, edits, asked)
      },
    }),
  ]
}

function routesOf({ path, one, above, list, parameter }: Kind, drafts: Drafts): Route[] {
  const parents = z.strictObject(Object.fromEntries(above.map(([, name]) => [name, z.string()])))
  const own = z.strictObject(
    Object.fromEntries([...above.map(([, name]) => name), parameter].map((name) => [name, z.string()])),
  )
  const listOf = (given: Readonly<Record<string, string>>) => [
    ...above.flatMap(([name, key]) => [name, given[key] ?? '']),
    list,
  ]
  const placeOf = (given: Readonly<Record<string, string>>) => [...listOf(given), given[parameter] ?? '']
  const found = (given: Readonly<Record<string, string>>, asked: Asked): Readonly<Record<string, unknown>> => {
    const place = placeOf(given)
    const value = drafts.valueAt(userOf(asked), place)
    if (isGroup(value)) return value
    throw notFound(`There is no ${one} at ${place.join('/')}.`)
  }
  return [
    route({
      method: 'POST',
      path: `/configuration${path}`,
      right,
      group,
      summary: `Add a ${one}`,
      description: where,
      pathParameters: parents,
      body: thing,
      longestBody: LONGEST_CONFIGURATION,
      answer: changed,
      handle: async ({ path: given, body }, asked) => {
        const at = listOf(given)
        const parent = at.slice(0, -1)
        if (parent.length > 0 && drafts.valueAt(userOf(asked), parent) === undefined)
          throw notFound(`There is no ${parent.join('/')}.`)
        if (drafts.valueAt(userOf(asked), [...at, body.key]) !== undefined) {
          const message = `There is a ${one} with the key "${body.key}" already; choose another key, or change that one.`
          throw invalid([{ in: 'body', field: 'key', message }])
        }
        return change(drafts, [{ add: at, value: body }], asked)
      },
    }),
    route({
      method: 'GET',
      path: `/configuration${path}/{${parameter}}`,
      right,
      group,
      summary: `A ${one} as it is written`,
      pathParameters: own,
      answer: setting,
      handle: async ({ path: given }, asked) => ({
        at: placeOf(given).join('/'),
        value: found(given, asked),
        inDraft: drafts.has(userOf(asked)),
      }),
    }),
    route({
      method: 'PUT',
      path: `/configuration${path}/{${parameter}}`,
      right,
      group,
      summary: `Give a ${one} these settings and no others`,
      description: `${lists.join(', ')} stay as they are where they are left out. ${where}`,
      pathParameters: own,
      body: thing,
      longestBody: LONGEST_CONFIGURATION,
      answer: changed,
      handle: async ({ path: given, body }, asked) => {
        if (body.key !== given[parameter]) {
          const message = 'A key never changes, since NodeIds are made of it; change the name, or add another.'
          throw invalid([{ in: 'body', field: 'key', message }])
        }
        return change(drafts, replacing(placeOf(given), found(given, asked), body), asked)
      },
    }),
    route({
      method: 'DELETE',
      path: `/configuration${path}/{${parameter}}`,
      right,
      group,
      summary: `Remove a ${one}, with everything in it`,
      description: where,
      pathParameters: own,
      answer: changed,
      handle: async ({ path: given }, asked) => {
        found(given, asked)
        return change(drafts, [{ remove: placeOf(given) }], asked)
      },
    }),
  ]
}

/** Setting by setting, so that what stays the same keeps its comments. */
function replacing(
  place: readonly string[],
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Edit[] {
  const sets = Object.entries(after)
    .filter(([name, value]) => !saysTheSame(value, before[name]))
    .map(([name, value]) => ({ set: [...place, name], value }))
  const gone = Object.keys(before).filter((name) => after[name] === undefined && !lists.includes(name))
  return [...sets, ...gone.map((name) => ({ remove: [...place, name] }))]
}

const listIn = (value: unknown, name: string): readonly unknown[] => {
  const list = settingOf(value, name)
  return Array.isArray(list) ? list : []
}
const textIn = (value: unknown, name: string): string | undefined => {
  const text = settingOf(value, name)
  return typeof text === 'string' ? text : undefined
}

function outlineOf(drafts: Drafts, user: string): z.output<typeof outline> {
  const document = drafts.document(user)
  const named = (value: unknown) => ({
    key: textIn(value, 'key') ?? '',
    name: textIn(value, 'name') ?? textIn(value, 'key') ?? '',
  })
  const sources = listIn(document, 'sources').map((source) => ({
    ...named(source),
    kind: textIn(source, 'kind') ?? '',
    devices: listIn(source, 'devices').map((device) => {
      const folder = textIn(device, 'folder')
      return { ...named(device), tags: listIn(device, 'tags').length, ...(folder === undefined ? {} : { folder }) }
    }),
  }))
  const templates = listIn(document, 'templates').map((each) => ({ ...named(each), tags: listIn(each, 'tags').length }))
  return { sources, templates, inDraft: drafts.has(user) }
}

function withPrefix({ at, value }: { readonly at: string[]; readonly value: unknown }, prefix: string): Edit[] {
  const name = textIn(value, 'name') ?? textIn(value, 'key') ?? ''
  return prefix === '' || name.startsWith(prefix) ? [] : [{ set: [...at, 'name'], value: `${prefix}${name}` }]
}

const MOST_SEEN = 500
/** `sources/line/devices/pump/tags/level`. */
const TAG_DEPTH = 6

function previewOf(drafts: Drafts, user: string, edits: readonly Edit[]) {
  const { changes, problems: found } = drafts.preview(user, edits)
  const touched = new Set(edits.map((edit) => placeOfEdit(edit).slice(0, TAG_DEPTH).join('/')))
  const problems = found.filter(({ at = '' }) => touched.has(at.split('/').slice(0, TAG_DEPTH).join('/')))
  return {
    changes: changes.slice(0, MOST_SEEN),
    count: changes.length,
    problems: problems.slice(0, MOST_SEEN).map((each) => ({ ...each })),
  }
}

/** Where tags stand, by their ids; throws ApiProblem for those that the configuration does not name. */
function placesOfTags(drafts: Drafts, user: string, ids: readonly string[]): { at: string[]; value: unknown }[] {
  const known = new Map<string, { at: string[]; value: unknown }>()
  for (const source of listIn(drafts.document(user), 'sources')) {
    for (const device of listIn(source, 'devices')) {
      const [ofSource, ofDevice] = [textIn(source, 'key') ?? '', textIn(device, 'key') ?? '']
      for (const tag of listIn(device, 'tags')) {
        const key = textIn(tag, 'key') ?? ''
        known.set(`${ofDevice}/${key}`, { at: ['sources', ofSource, 'devices', ofDevice, 'tags', key], value: tag })
      }
    }
  }
  const unknown = ids.filter((id) => !known.has(id))
  if (unknown.length === 0) return ids.flatMap((id) => known.get(id) ?? [])
  const reason = 'is no tag of its own in the configuration; tags of templates and link tags are changed there.'
  throw invalid(unknown.slice(0, 100).map((id) => ({ in: 'body', field: 'tags', message: `"${id}" ${reason}` })))
}
