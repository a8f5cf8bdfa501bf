/** Where a setting stands in the file: names of settings and positions in lists, from the top. */
export type Segments = readonly PropertyKey[]

export type Group = Readonly<Record<string, unknown>>

/** True for a group of settings, as the file has it: not a list, not a single value. */
export const isGroup = (value: unknown): value is Group =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A setting of something that should be a group of settings. */
export const settingOf = (group: unknown, name: string): unknown => (isGroup(group) ? group[name] : undefined)

/** What stands at a place, or undefined. */
export const valueAt = (root: unknown, at: Segments): unknown =>
  at.reduce<unknown>((value, segment) => {
    if (typeof segment === 'number') return Array.isArray(value) ? value[segment] : undefined
    return settingOf(value, String(segment))
  }, root)

/** `sources[0].devices[2].tags[1].address` */
export function pathText(at: Segments): string {
  const text = at.map((segment) => {
    if (typeof segment === 'number') return `[${segment}]`
    const name = String(segment)
    return /^[\w-]{1,64}$/.test(name) ? `.${name}` : `[${JSON.stringify(shortened(name))}]`
  })
  return text.join('').replace(/^\./, '')
}

const shortened = (name: string): string => (name.length > 40 ? `${name.slice(0, 37)}...` : name)

/** The segments of a path as `pathText` writes it for the settings there are. */
export const segmentsOf = (path: string): Segments =>
  [...path.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, position, name]) => (position ? Number(position) : (name ?? '')))
