import { isGroup, settingOf } from '../raw.ts'
import { allTagColumns, placeColumns } from './columns.ts'
import { csvCell } from './csv.ts'

/** Which tags are meant; with neither: all. */
export interface TagSelection {
  readonly source?: string | undefined
  readonly device?: string | undefined
}

/**
 * The tags of a configuration, given as values, in comma-separated values: a row a tag, a column for every setting that
 * any of them has. Tags of templates and link tags do not stand in it, since they are nobody's own.
 */
export function exportedTags(document: unknown, { source, device }: TagSelection = {}): string {
  const rows = tagsIn(document).filter(
    (row) => (source === undefined || row.source === source) && (device === undefined || row.device === device),
  )
  const columns = [...allTagColumns().keys()].filter(
    (column) =>
      ['key', 'name', 'type', 'address', 'unit'].includes(column) ||
      rows.some(({ tag }) => settingIn(tag, column) !== undefined),
  )
  const lines = rows.map((row) => [
    row.source,
    row.device,
    ...columns.map((column) => cellOf(settingIn(row.tag, column))),
  ])
  return [[...placeColumns, ...columns], ...lines].map((cells) => `${cells.map(csvCell).join(',')}\r\n`).join('')
}

export interface TagAt {
  readonly source: string
  readonly kind: string
  readonly device: string
  readonly tag: unknown
}

/** Every tag that stands in a configuration, with where. */
export function tagsIn(document: unknown): TagAt[] {
  return listOf(document, 'sources').flatMap((source) =>
    listOf(source, 'devices').flatMap((device) =>
      listOf(device, 'tags').map((tag) => ({
        source: textOf(source, 'key'),
        kind: textOf(source, 'kind'),
        device: textOf(device, 'key'),
        tag,
      })),
    ),
  )
}

export const listOf = (value: unknown, name: string): readonly unknown[] => {
  const list = settingOf(value, name)
  return Array.isArray(list) ? list : []
}

export const textOf = (value: unknown, name: string): string => {
  const text = settingOf(value, name)
  return typeof text === 'string' ? text : ''
}

/** `transform.scale` of a tag. */
const settingIn = (tag: unknown, column: string): unknown =>
  column.split('.').reduce<unknown>((value, name) => (isGroup(value) ? value[name] : undefined), tag)

function cellOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
