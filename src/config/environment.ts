import { z } from 'zod'
import { nearest } from '../core/nearest.ts'
import type { Problem } from '../core/problem.ts'
import { apiKeyEnvOf, environmentNamePattern, passwordEnvOf } from './names.ts'
import { isGroup, pathText, type Segments, settingOf } from './raw.ts'
import { bare, schemaAt } from './schema-walk.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Settings that the environment overrides, by variable. */
export const overrides = {
  PENSTOCK_DATA: ['gateway', 'data'],
  PENSTOCK_OPCUA_PORT: ['opcua', 'port'],
  PENSTOCK_OPCUA_BIND: ['opcua', 'bind'],
  PENSTOCK_OPCUA_HOSTNAME: ['opcua', 'hostname'],
  PENSTOCK_HTTP_PORT: ['http', 'port'],
  PENSTOCK_HTTP_BIND: ['http', 'bind'],
  PENSTOCK_GRPC_PORT: ['grpc', 'port'],
  PENSTOCK_GRPC_BIND: ['grpc', 'bind'],
  PENSTOCK_LOG_LEVEL: ['log', 'level'],
} as const satisfies Record<string, readonly [section: string, setting: string]>

/** Variables of the client commands (`browse`, `read`, `watch`). */
const clientVariables = ['PENSTOCK_USER', 'PENSTOCK_PASSWORD', 'PENSTOCK_CONFIG', 'PENSTOCK_ENDPOINT']

/** Variables of the first administrator, and of a new password for `penstock user`. */
const userVariables = [
  'PENSTOCK_ADMIN_USER',
  'PENSTOCK_ADMIN_PASSWORD',
  'PENSTOCK_ADMIN_PASSWORD_FILE',
  'PENSTOCK_NEW_PASSWORD',
  'PENSTOCK_NEW_PASSWORD_FILE',
]

/** What Kubernetes tells every container about a service called `penstock…`; its addresses are no ports of ours. */
function isServiceLink(name: string, value: string): boolean {
  if (/^PENSTOCK(_[A-Z0-9_]+)?_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/.test(name)) return true
  if (/^PENSTOCK(_[A-Z0-9_]+)?_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name)) return true
  return /^PENSTOCK(_[A-Z0-9_]+)?_PORT$/.test(name) && /^(tcp|udp|sctp):\/\//.test(value)
}

export interface Overridden {
  readonly value: unknown
  /** The variable that decides a setting, by the setting's path. */
  readonly variables: ReadonlyMap<string, string>
}

/** What the file says with what the environment says in its place; the schema then checks both alike. */
export function override(value: unknown, env: Environment, schema: z.core.$ZodType): Overridden {
  const variables = new Map<string, string>()
  if (!isGroup(value)) return { value, variables }
  const result: Record<string, unknown> = { ...value }
  for (const [variable, at] of Object.entries(overrides)) {
    const given = isServiceLink(variable, env[variable] ?? '') ? undefined : env[variable]
    const [section, setting] = at
    const settings = result[section] ?? {}
    if (given === undefined || !isGroup(settings)) continue
    result[section] = { ...settings, [setting]: typed(given, at, schema) }
    variables.set(pathText(at), variable)
  }
  return { value: result, variables }
}

/** Text, or the number that a setting needs; text that is no number stays as it is, for the schema to refuse. */
function typed(given: string, at: Segments, root: z.core.$ZodType): unknown {
  const schema = schemaAt(root, at, undefined)
  return schema && bare(schema) instanceof z.ZodNumber && /^\d{1,9}$/.test(given) ? Number(given) : given
}

/**
 * Each variable beginning with PENSTOCK_ that nothing would ever read: its author meant something by it. While it is
 * not certain which secrets the configuration names, a variable that looks like one is believed.
 */
export function unknownVariables(
  env: Environment,
  secrets: { readonly names: readonly string[]; readonly certain: boolean },
): Problem[] {
  const known = [...Object.keys(overrides), ...secrets.names]
  const expected = new Set([
    ...known,
    ...clientVariables,
    ...userVariables,
    ...secrets.names.map((name) => `${name}_FILE`),
  ])
  const believed = (name: string) => !secrets.certain && /_(PASSWORD|API_KEY)(_FILE)?$/.test(name)
  return Object.keys(env)
    .filter((name) => name.startsWith('PENSTOCK_') && env[name] !== undefined)
    .filter((name) => !expected.has(name) && !believed(name) && !isServiceLink(name, env[name] ?? ''))
    .map((name) => {
      const meant = nearest(name, [...expected])
      const mend = meant ? `Write ${meant}, or unset it.` : `Unset it; known are ${known.join(', ')}.`
      return { path: name, message: 'No environment variable of this name is known.', mend }
    })
}

/** The variables that the configuration names for secrets, as far as it can be understood: it may be wrong anywhere. */
export function secretNames(config: unknown): string[] {
  const entries = (list: unknown): unknown[] => (Array.isArray(list) ? list : [])
  const nameOf = (entry: unknown, setting: string, from: string, derive: (name: string) => string) => {
    const origin = settingOf(entry, from)
    const name = settingOf(entry, setting) ?? (typeof origin === 'string' ? derive(origin) : undefined)
    return typeof name === 'string' && environmentNamePattern.test(name) ? [name] : []
  }
  return [
    ...entries(settingOf(settingOf(config, 'opcua'), 'users')).flatMap((user) =>
      nameOf(user, 'passwordEnv', 'name', passwordEnvOf),
    ),
    ...entries(settingOf(config, 'sources')).flatMap((source) => [
      ...(settingOf(source, 'kind') === 'chirpstack' ? nameOf(source, 'apiKeyEnv', 'key', apiKeyEnvOf) : []),
      ...nameOf(settingOf(source, 'tls'), 'keyEnv', 'keyEnv', (name) => name),
    ]),
  ]
}
