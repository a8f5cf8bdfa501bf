import type { z } from 'zod'
import { overrides } from './environment.ts'
import { pathText } from './raw.ts'
import { configSchema } from './schema.ts'
import { defaultOf, describedBy, entryOf, settingsOf, variantsOf } from './schema-walk.ts'

type Schema = z.core.$ZodType
/** The same group of settings for each kind of source; one entry with an empty kind where kinds do not matter. */
type Variants = ReadonlyMap<string, Schema>

/** Every setting of the schema, as Markdown: a table for each group of settings. */
export const settingsTables = (): string => tablesOf('', new Map([['', configSchema]])).join('\n\n')

/** The variables that override settings, as a Markdown table. */
export function overridesTable(): string {
  const rows = Object.entries(overrides).map(([variable, at]) => `| \`${variable}\` | \`${pathText(at)}\` |`)
  return ['| Variable | Setting |', '|---|---|', ...rows].join('\n')
}

function tablesOf(path: string, variants: Variants): string[] {
  const [first, ...others] = [...variants.values()].map((schema) => settingsOf(schema) ?? {})
  const shared = Object.keys(first ?? {}).filter((name) => others.every((each) => each[name] === first?.[name]))
  const own = [...variants].flatMap(([kind, schema]) => {
    const names = Object.keys(settingsOf(schema) ?? {}).filter((name) => !shared.includes(name))
    return names.length > 0 ? [table(path, kind, schema, names)] : []
  })
  const [schema] = variants.values()
  const common = schema && shared.length > 0 ? [table(path, others.length > 0 ? 'every kind' : '', schema, shared)] : []
  return [...common, ...own, ...below(path, variants)]
}

/** The groups of settings within this one. */
function below(path: string, variants: Variants): string[] {
  const children = new Map<string, Map<string, Schema>>()
  for (const [kind, schema] of variants) {
    for (const [name, setting] of Object.entries(settingsOf(schema) ?? {})) {
      const entry = entryOf(setting)
      const group = entry ?? setting
      const kinds = variantsOf(group)?.variants
      if (!kinds && !settingsOf(group)) continue
      const at = `${path}${path && '.'}${name}${entry ? '[]' : ''}`
      const known = children.get(at) ?? new Map<string, Schema>()
      for (const [label, variant] of kinds ?? [[kind, group] as const]) known.set(label, variant)
      children.set(at, known)
    }
  }
  return [...children].flatMap(([at, found]) => {
    const distinct = new Set(found.values())
    return tablesOf(at, distinct.size === 1 ? new Map([['', [...distinct][0] as Schema]]) : found)
  })
}

function table(path: string, kind: string, schema: Schema, names: readonly string[]): string {
  const which = kind === '' || kind === 'every kind' ? kind : `\`kind: ${kind}\``
  const title = [path === '' ? 'The file' : `\`${path}\``, which].filter((part) => part !== '').join(', ')
  const settings = settingsOf(schema) ?? {}
  const rows = names.map((name) => rowOf(name, settings[name] as Schema))
  const about = kind === 'every kind' ? [] : [describedBy(schema).description ?? '', '']
  return [`### ${title}`, '', ...about, '| Setting | Meaning | Allowed | Default |', '|---|---|---|---|', ...rows].join(
    '\n',
  )
}

function rowOf(name: string, schema: Schema): string {
  const about = describedBy(schema)
  const cells = [`\`${name}\``, about.description ?? '', allowedFor(schema), defaultFor(schema)]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function allowedFor(schema: Schema): string {
  const entry = entryOf(schema)
  if (entry)
    return settingsOf(entry) || variantsOf(entry) ? 'a list, see below' : `a list, of each: ${allowedFor(entry)}`
  return settingsOf(schema) ? 'settings, see below' : (describedBy(schema).allowed ?? '')
}

function defaultFor(schema: Schema): string {
  const { optional, value } = defaultOf(schema)
  if (!optional) return '**required**'
  if (Array.isArray(value)) return value.length > 0 ? value.map((each) => `\`${each}\``).join(', ') : 'none'
  if (value === undefined) return describedBy(schema).otherwise ?? 'none'
  return typeof value === 'object' ? 'as below' : `\`${value}\``
}
