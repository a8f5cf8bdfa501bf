import { z } from 'zod'
import type { Drafts } from '../../../config/drafts.ts'
import type { Edit } from '../../../config/edit.ts'
import { settingOf } from '../../../config/raw.ts'
import { invalid, notFound } from '../../api/problem.ts'
import { type Route, route } from '../../api/route.ts'
import { changed, folders } from '../../api/schemas/configuration.ts'
import type { WebService } from '../service.ts'
import { change, userOf } from './changing.ts'

const named = z.strictObject({ folder: z.string().describe('With `%2F` between its parts: `Hall 1%2FLine 2`.') })
const group = 'Configuration of the plant'
const right = 'configure'

interface Standing {
  readonly key: string
  readonly place: readonly string[]
  readonly folder: string | undefined
}

/** The operator's own tree. A folder is where devices stand: it comes with the first of them and goes with the last. */
export function folderRoutes({ drafts }: WebService): Route[] {
  const inside = (user: string, folder: string) => {
    const found = devicesOf(drafts, user).filter(
      (each) => each.folder === folder || each.folder?.startsWith(`${folder}/`),
    )
    if (found.length === 0) throw notFound(`No device stands in the folder "${folder}".`)
    return found
  }
  return [
    route({
      method: 'GET',
      path: '/configuration/folders',
      right,
      group,
      summary: 'The folders, and the devices that stand in them',
      answer: folders,
      handle: async (_input, asked) => {
        const byName = new Map<string, string[]>()
        for (const { key, folder } of devicesOf(drafts, userOf(asked))) {
          if (folder !== undefined) byName.set(folder, [...(byName.get(folder) ?? []), key])
        }
        return { folders: [...byName].toSorted().map(([name, devices]) => ({ name, devices })) }
      },
    }),
    route({
      method: 'POST',
      path: '/configuration/folders',
      right,
      group,
      summary: 'Let devices stand in a folder, which is made where there is none',
      body: z.strictObject({ name: z.string().min(1).max(200), devices: z.array(z.string()).min(1).max(10_000) }),
      answer: changed,
      handle: async ({ body }, asked) => {
        const known = new Map(devicesOf(drafts, userOf(asked)).map((device) => [device.key, device]))
        const missing = body.devices.filter((key) => !known.has(key))
        if (missing.length > 0) {
          throw invalid(
            missing.map((key) => ({ in: 'body', field: 'devices', message: `There is no device "${key}".` })),
          )
        }
        const edits = body.devices.flatMap((key): Edit[] => {
          const device = known.get(key)
          return device ? [{ set: [...device.place, 'folder'], value: body.name }] : []
        })
        return change(drafts, edits, asked)
      },
    }),
    route({
      method: 'PUT',
      path: '/configuration/folders/{folder}',
      right,
      group,
      summary: 'Give a folder another name or place; what stands below it comes along',
      pathParameters: named,
      body: z.strictObject({ name: z.string().min(1).max(200) }),
      answer: changed,
      handle: async ({ path, body }, asked) => {
        const edits = inside(userOf(asked), path.folder).map(({ place, folder = '' }) => ({
          set: [...place, 'folder'],
          value: `${body.name}${folder.slice(path.folder.length)}`,
        }))
        return change(drafts, edits, asked)
      },
    }),
    route({
      method: 'DELETE',
      path: '/configuration/folders/{folder}',
      right,
      group,
      summary: 'Take a folder away; its devices stand in the plant itself then',
      pathParameters: named,
      answer: changed,
      handle: async ({ path }, asked) =>
        change(
          drafts,
          inside(userOf(asked), path.folder).map(({ place }) => ({ remove: [...place, 'folder'] })),
          asked,
        ),
    }),
  ]
}

function devicesOf(drafts: Drafts, user: string): Standing[] {
  const listOf = (value: unknown, name: string): readonly unknown[] => {
    const list = settingOf(value, name)
    return Array.isArray(list) ? list : []
  }
  const textOf = (value: unknown, name: string) => {
    const text = settingOf(value, name)
    return typeof text === 'string' ? text : undefined
  }
  return listOf(drafts.document(user), 'sources').flatMap((source) =>
    listOf(source, 'devices').map((device) => {
      const key = textOf(device, 'key') ?? ''
      return { key, place: ['sources', textOf(source, 'key') ?? '', 'devices', key], folder: textOf(device, 'folder') }
    }),
  )
}
