import type { z } from 'zod'
import { isGroup, pathText, type Segments } from './raw.ts'
import { settingsOf } from './schema-walk.ts'

/** Where the value of a setting came from. */
export type Origin =
  | { readonly from: 'default' }
  | { readonly from: 'file'; readonly line: number }
  | { readonly from: 'environment'; readonly variable: string }

/** Origins by path, `opcua.port`. A list, such as `sources`, is one setting: what is in it comes from the file. */
export type Origins = ReadonlyMap<string, Origin>

export function originsOf(parts: {
  schema: z.core.$ZodType
  value: unknown
  /** The variable that decides a setting, by the setting's path. */
  variables: ReadonlyMap<string, string>
  lineOf: (at: Segments) => number
}): Origins {
  const origins = new Map<string, Origin>()
  const walk = (schema: z.core.$ZodType, value: unknown, at: Segments) => {
    const settings = settingsOf(schema)
    if (settings) {
      for (const [name, setting] of Object.entries(settings)) {
        walk(setting, isGroup(value) ? value[name] : undefined, [...at, name])
      }
      return
    }
    const path = pathText(at)
    const variable = parts.variables.get(path)
    if (variable !== undefined) origins.set(path, { from: 'environment', variable })
    else if (value !== undefined) origins.set(path, { from: 'file', line: parts.lineOf(at) })
    else origins.set(path, { from: 'default' })
  }
  walk(parts.schema, parts.value, [])
  return origins
}
