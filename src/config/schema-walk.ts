import { z } from 'zod'
import type { FieldMeta } from './fields.ts'
import { isGroup, type Segments } from './raw.ts'

type Schema = z.core.$ZodType
export type Described = Partial<FieldMeta>

/** What the user is told of the setting, from whichever wrapper of its schema says it. */
export function describedBy(schema: Schema): Described {
  const meta = z.globalRegistry.get(schema)
  if (meta?.description !== undefined) return meta as Described
  const inner = within(schema)
  return inner ? describedBy(inner) : {}
}

/** The schema of what is written in the file, without defaults, optionality and what happens after reading. */
export function bare(schema: Schema): Schema {
  const inner = within(schema)
  return inner ? bare(inner) : schema
}

/** Whether the setting may be left out, and what then holds, as it would be written in the file. */
export function defaultOf(schema: Schema): { optional: boolean; value?: unknown } {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return { optional: true, value: schema.def.defaultValue }
  }
  return { optional: schema instanceof z.ZodOptional }
}

/** The settings of a group by name; undefined where the schema is not a group. */
export function settingsOf(schema: Schema): Readonly<Record<string, Schema>> | undefined {
  const core = bare(schema)
  return core instanceof z.ZodObject ? (core.shape as Readonly<Record<string, Schema>>) : undefined
}

/** The schema of a list's entries; undefined where the schema is not a list. */
export function entryOf(schema: Schema): Schema | undefined {
  const core = bare(schema)
  return core instanceof z.ZodArray ? core.element : undefined
}

/** The schema of a group's values where the settings have any names; undefined where the schema is no such group. */
export function freeValueOf(schema: Schema): Schema | undefined {
  const core = bare(schema)
  return core instanceof z.ZodRecord ? (core.def.valueType as Schema) : undefined
}

/** The variants of a group by what their discriminator says; undefined where there are none. */
export function variantsOf(
  schema: Schema,
): { discriminator: string; variants: ReadonlyMap<string, Schema> } | undefined {
  const core = bare(schema)
  if (!(core instanceof z.ZodDiscriminatedUnion)) return undefined
  const { discriminator } = core.def
  const named = core.options.map((variant): [string, Schema] => {
    const tag = bare(settingsOf(variant)?.[discriminator] as Schema)
    return [tag instanceof z.ZodLiteral ? String(tag.value) : '', variant]
  })
  return { discriminator, variants: new Map(named) }
}

/** The schema of the setting at a place of the file; `raw`, what the file says, decides between variants. */
export function schemaAt(schema: Schema, at: Segments, raw: unknown): Schema | undefined {
  const [segment, ...rest] = at
  const chosen = variantFor(schema, raw)
  if (segment === undefined) return chosen
  const next = typeof segment === 'number' ? entryOf(chosen) : named(chosen, String(segment))
  if (!next) return undefined
  const below =
    typeof segment === 'number' ? (Array.isArray(raw) ? raw[segment] : undefined) : isGroup(raw) && raw[String(segment)]
  return schemaAt(next, rest, below)
}

function named(schema: Schema, name: string): Schema | undefined {
  const settings = settingsOf(schema)
  return settings && Object.hasOwn(settings, name) ? settings[name] : freeValueOf(schema)
}

function variantFor(schema: Schema, raw: unknown): Schema {
  const union = variantsOf(schema)
  if (!union || !isGroup(raw)) return schema
  const which = raw[union.discriminator]
  return (typeof which === 'string' ? union.variants.get(which) : undefined) ?? schema
}

function within(schema: Schema): Schema | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault) {
    return schema.def.innerType as Schema
  }
  return schema instanceof z.ZodPipe ? (schema.def.in as Schema) : undefined
}
