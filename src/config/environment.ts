import { z } from 'zod'
import { nearest } from '../core/nearest.ts'
import type { Problem } from '../core/problem.ts'
import { apiKeyEnvOf, environmentNamePattern, passwordEnvOf } from './names.ts'
import { type Group, isGroup, pathText, type Segments, settingOf } from './raw.ts'
import { bare, schemaAt } from './schema-walk.ts'
import { postgresPasswordEnv } from './sink-schema.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Settings that the environment overrides, by variable. */
export const overrides = {
  PENSTOCK_DATA: ['gateway', 'data'],
  PENSTOCK_OPCUA_PORT: ['opcua', 'port'],
  PENSTOCK_OPCUA_BIND: ['opcua', 'bind'],
  PENSTOCK_OPCUA_HOSTNAME: ['opcua', 'hostname'],
  PENSTOCK_HTTP_PORT: ['http', 'port'],
  PENSTOCK_HTTP_BIND: ['http', 'bind'],
  PENSTOCK_HTTP_TLS: ['http', 'tls', 'enabled'],
  PENSTOCK_HTTP_TLS_CERTIFICATE_FILE: ['http', 'tls', 'certificateFile'],
  PENSTOCK_HTTP_TLS_KEY_FILE: ['http', 'tls', 'keyFile'],
  PENSTOCK_GRPC_PORT: ['grpc', 'port'],
  PENSTOCK_GRPC_BIND: ['grpc', 'bind'],
  PENSTOCK_LOG_LEVEL: ['log', 'level'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['telemetry', 'otlp', 'endpoint'],
  PENSTOCK_POSTGRES_HOST: ['sinks', 'postgres', 'host'],
  PENSTOCK_POSTGRES_PORT: ['sinks', 'postgres', 'port'],
  PENSTOCK_POSTGRES_DATABASE: ['sinks', 'postgres', 'database'],
  PENSTOCK_POSTGRES_USER: ['sinks', 'postgres', 'user'],
} as const satisfies Record<string, readonly [section: string, ...settings: string[]]>

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
  let result: Group = value
  for (const [variable, at] of Object.entries(overrides)) {
    const given = isServiceLink(variable, env[variable] ?? '') ? undefined : env[variable]
    const changed = given === undefined ? undefined : withSetting(result, at, typed(given, at, schema))
    if (!changed) continue
    result = changed
    variables.set(pathText(at), variable)
  }
  return { value: result, variables }
}

/** The same settings with this one among them; undefined where something else stands in the place of a group. */
function withSetting(settings: Group, [name, ...below]: readonly string[], value: unknown): Group | undefined {
  if (name === undefined) return undefined
  if (below.length === 0) return { ...settings, [name]: value }
  const group = settings[name] ?? {}
  const changed = isGroup(group) ? withSetting(group, below, value) : undefined
  return changed && { ...settings, [name]: changed }
}

/** Text, or the number or truth that a setting needs; text that is none stays as it is, for the schema to refuse. */
function typed(given: string, at: Segments, root: z.core.$ZodType): unknown {
  const schema = schemaAt(root, at, undefined)
  if (schema && bare(schema) instanceof z.ZodBoolean && /^(?:true|false)$/.test(given)) return given === 'true'
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
  // Set by whoever deploys, whether the file has a sink or not.
  const names = [...secrets.names, postgresPasswordEnv]
  const known = [...Object.keys(overrides), ...names]
  const expected = new Set([...known, ...clientVariables, ...userVariables, ...names.map((name) => `${name}_FILE`)])
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
  const postgres = settingOf(settingOf(config, 'sinks'), 'postgres')
  return [
    ...(postgres === undefined ? [] : nameOf(postgres, 'passwordEnv', 'host', () => postgresPasswordEnv)),
    ...nameOf(settingOf(postgres, 'tls'), 'keyEnv', 'keyEnv', (name) => name),
    ...entries(settingOf(settingOf(config, 'opcua'), 'users')).flatMap((user) =>
      nameOf(user, 'passwordEnv', 'name', passwordEnvOf),
    ),
    ...entries(settingOf(config, 'sources')).flatMap((source) => [
      ...(settingOf(source, 'kind') === 'chirpstack' ? nameOf(source, 'apiKeyEnv', 'key', apiKeyEnvOf) : []),
      ...nameOf(settingOf(source, 'tls'), 'keyEnv', 'keyEnv', (name) => name),
    ]),
  ]
}
