import { z } from 'zod'
import type { SourceKind } from '../../core/plant.ts'
import { configSchema } from '../schema.ts'
import { bare, entryOf, settingsOf, variantsOf } from '../schema-walk.ts'

/** How a cell says a setting. */
export type CellKind = 'number' | 'flag' | 'text' | 'either' | 'json'

/** Settings of tags that have a column of their own, in this order; groups have one for each of their settings. */
const first = ['key', 'name', 'description', 'type', 'address', 'expression', 'unit', 'access', 'poll', 'history']
/** Columns before those of the tag's own settings: where it stands. */
export const placeColumns = ['source', 'device'] as const

type Columns = ReadonlyMap<string, CellKind>

/** The settings of the tags of a kind of source, by the name of their column: `unit`, `transform.scale`. */
export function tagColumns(kind: SourceKind): Columns {
  const source = variantsOf(entryOf(settingsOf(configSchema)?.sources as z.ZodType) as z.ZodType)?.variants.get(kind)
  const device = source && entryOf(settingsOf(source)?.devices as z.ZodType)
  const tag = device && entryOf(settingsOf(device)?.tags as z.ZodType)
  return new Map(tag ? columnsOf(tag, '') : [])
}

/** The columns of every kind of source. */
export function allTagColumns(): Columns {
  const all = new Map((['modbus', 's7', 'chirpstack', 'calculated'] as const).flatMap((kind) => [...tagColumns(kind)]))
  const rank = (name: string) => (first.includes(name) ? first.indexOf(name) : first.length)
  return new Map([...all].toSorted(([one], [other]) => rank(one) - rank(other)))
}

function columnsOf(schema: z.core.$ZodType, prefix: string): [string, CellKind][] {
  return Object.entries(settingsOf(schema) ?? {}).flatMap(([name, setting]): [string, CellKind][] =>
    settingsOf(setting) ? columnsOf(setting, `${prefix}${name}.`) : [[`${prefix}${name}`, kindOf(setting)]],
  )
}

function kindOf(schema: z.core.$ZodType): CellKind {
  const core = bare(schema)
  if (core instanceof z.ZodNumber) return 'number'
  if (core instanceof z.ZodBoolean) return 'flag'
  if (core instanceof z.ZodString || core instanceof z.ZodEnum) return 'text'
  const isPlain = core instanceof z.ZodUnion && core.options.every((each) => ['number', 'text'].includes(kindOf(each)))
  return isPlain ? 'either' : 'json'
}
