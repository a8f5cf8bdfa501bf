import { z } from 'zod'
import { nearest } from '../core/nearest.ts'
import { showValue } from '../core/problem.ts'
import { apiKeyEnvOf, passwordEnvOf } from './names.ts'
import { isGroup, type Segments, settingOf, valueAt } from './raw.ts'
import { type Described, describedBy, entryOf, freeValueOf, schemaAt, settingsOf, variantsOf } from './schema-walk.ts'

/** A problem whose place is still segments, so that its line can be found. */
export interface Finding {
  readonly at: Segments
  readonly value?: string
  readonly message: string
  readonly mend: string
}

/** What the schema was held against. */
export interface Written {
  readonly schema: z.core.$ZodType
  readonly raw: unknown
  /** How an unquoted value is written, before YAML made a number or a truth value of it. */
  readonly unquotedAt: (at: Segments) => string | undefined
}

/** What an issue of the schema means for the author of the file. No finding shows what may be a secret. */
export function findingsOf(issue: z.core.$ZodIssue, written: Written): Finding[] {
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownSetting([...issue.path, key], written))
  const at = issue.path
  const value = valueAt(written.raw, at)
  const schema = schemaAt(written.schema, at, written.raw)
  const about = { ...choicesOf(issue), ...(schema ? describedBy(schema) : {}) }
  if (issue.code === 'custom' && typeof issue.params?.mend === 'string') {
    return [{ at, ...shown(value, about), message: issue.message, mend: issue.params.mend }]
  }
  if (value === undefined) return [missing(at, about)]
  if (value === null) return [{ at, message: 'It has no value.', mend: 'Give it one, or remove the line.' }]
  if (schema && (groupOf(schema) || entryOf(schema))) return [wrongStructure(at, value, schema, issue)]
  if (isGroup(value) || Array.isArray(value)) {
    const message = `A single value belongs here, not ${kindOf(value)}; allowed is ${about.allowed}.`
    return [{ at, message, mend: `Write for example ${about.example}.` }]
  }
  const mend = inQuotes(written.unquotedAt(at), schema) ?? mendOf(value, about, issue)
  return [{ at, ...shown(value, about), message: `Allowed is ${about.allowed}.`, mend }]
}

function unknownSetting(at: Segments, { schema, raw }: Written): Finding {
  const name = String(at.at(-1))
  const group = schemaAt(schema, at.slice(0, -1), raw)
  const known = Object.keys((group && settingsOf(group)) ?? {})
  const meant = nearest(name, known)
  if (looksSecret(name) && !(meant && looksSecret(meant)))
    return literalSecret(at, known, valueAt(raw, at.slice(0, -1)))
  const mend = meant ? `Write "${meant}".` : `Remove it; the settings here are ${known.join(', ')}.`
  return { at, message: 'There is no such setting here.', mend }
}

/** `password`, `apiKey`, `secret_token`, but not `passwordEnv`, which only says where one is. */
export const looksSecret = (name: string): boolean =>
  /passw|passphrase|pwd|secret|token|api[-_ ]?key|credential/i.test(name) && !/env$/i.test(name)

function literalSecret(at: Segments, known: readonly string[], group: unknown): Finding {
  const named = (setting: string, of: (name: string) => string, from: string) => {
    if (!known.includes(setting)) return undefined
    const name = settingOf(group, from)
    return typeof name === 'string' ? of(name.slice(0, 64)) : of('name')
  }
  const variable = named('passwordEnv', passwordEnvOf, 'name') ?? named('apiKeyEnv', apiKeyEnvOf, 'key')
  const message = 'A secret must not stand in the configuration file.'
  if (!variable) return { at, message, mend: 'Remove it; no secret is needed here.' }
  return {
    at,
    message,
    mend: `Remove it, and give it in the environment variable ${variable} or a file named by ${variable}_FILE.`,
  }
}

function missing(at: Segments, about: Described): Finding {
  const name = String(at.at(-1))
  const message = `It is missing. ${about.description ?? ''}`.trimEnd()
  const mend = about.allowed
    ? `Add for example "${name}: ${about.example}"; allowed is ${about.allowed}.`
    : `Add "${name}:".`
  return { at, message, mend }
}

function wrongStructure(at: Segments, value: unknown, schema: z.core.$ZodType, issue: z.core.$ZodIssue): Finding {
  const settings = groupOf(schema)
  if (settings) {
    const message = `A group of settings belongs here, not ${kindOf(value)}.`
    return { at, message, mend: `Write for example "${Object.keys(settings)[0]}: …", indented below.` }
  }
  if (Array.isArray(value)) {
    const bound = issue.code === 'too_big' ? `at most ${issue.maximum} entries` : 'at least one entry'
    return { at, message: `It has ${value.length} entries; allowed are ${bound}.`, mend: 'Correct the list.' }
  }
  const message = `A list belongs here, not ${kindOf(value)}.`
  return { at, message, mend: 'Begin each entry with "- ", indented below.' }
}

/** The settings of a group, any where they have any names; of the first variant where it has several. */
function groupOf(schema: z.core.$ZodType): Readonly<Record<string, unknown>> | undefined {
  const [variant] = variantsOf(schema)?.variants.values() ?? []
  const value = freeValueOf(schema)
  return value ? { name: value } : settingsOf(variant ?? schema)
}

function choicesOf(issue: z.core.$ZodIssue): Described {
  const [example, ...others] = optionsOf(issue)
  return example === undefined ? {} : { allowed: `one of ${[example, ...others].join(', ')}`, example }
}

function optionsOf(issue: z.core.$ZodIssue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  return issue.code === 'invalid_union' && 'options' in issue ? (issue.options ?? []).map(String) : []
}

/** Where a text is needed that YAML reads as something else: a DevEUI of digits, a serial number. */
function inQuotes(unquoted: string | undefined, schema: z.core.$ZodType | undefined): string | undefined {
  if (unquoted === undefined || !schema || !z.safeParse(schema, unquoted).success) return undefined
  return `Put it in quotes, since YAML takes it for something else: "${unquoted}".`
}

function mendOf(value: unknown, about: Described, issue: z.core.$ZodIssue): string {
  if (about.mend) return about.mend
  const meant = typeof value === 'string' ? nearest(value, optionsOf(issue)) : undefined
  if (meant) return `Write ${meant}.`
  const isNumber = issue.code === 'invalid_type' && issue.expected === 'number' && typeof value === 'string'
  if (isNumber && /^-?\d+(\.\d+)?$/.test(value)) return 'Remove the quotes.'
  return `Write for example ${about.example}.`
}

function shown(value: unknown, about: Described): { value?: string } {
  if (about.concealed || value === undefined || typeof value === 'object') return {}
  const hasCredentials = typeof value === 'string' && value.includes('://') && value.includes('@')
  return hasCredentials ? {} : { value: showValue(value) }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return isGroup(value) ? 'a group of settings' : 'a single value'
}
