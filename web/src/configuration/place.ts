/** A place of the configuration that has a page: `sources/line/devices/pump`. */
export interface Place {
  readonly at: string
  readonly what: 'plant' | 'source' | 'device' | 'tag' | 'command' | 'template'
  /** What it stands in, from the top. */
  readonly above: readonly { readonly at: string; readonly key: string }[]
}

const kinds = { sources: 'source', devices: 'device', tags: 'tag', commands: 'command', templates: 'template' } as const

export function placeOf(at: string): Place {
  const names = at === '' ? [] : at.split('/')
  const list = names.at(-2)
  const what = list !== undefined && Object.hasOwn(kinds, list) ? kinds[list as keyof typeof kinds] : 'plant'
  const above = names.flatMap((key, depth) =>
    depth % 2 === 1 && depth < names.length - 1 ? [{ at: names.slice(0, depth + 1).join('/'), key }] : [],
  )
  return { at, what, above }
}

/** Where the page of a place is. */
export const addressOf = (at: string): string => `/configuration?at=${encodeURIComponent(at).replaceAll('%2F', '/')}`
