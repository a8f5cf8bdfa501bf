import { join } from 'node:path'
import type { SourceConfig } from '../core/plant.ts'
import type { Problem } from '../core/problem.ts'
import type { PostgresConfig } from '../core/sink.ts'
import type { Environment } from './environment.ts'
import type { Config } from './schema.ts'

/** A secret that the configuration names: which variable holds it, what it is, and the setting that says so. */
export interface SecretUse {
  readonly variable: string
  readonly what: string
  readonly path: string
  /** False for a source that is disabled. */
  readonly needed: boolean
  /** It may also stand in a file of the data folder, which whoever configures the plant can write. */
  readonly keepable?: true
}

/** Folder of the data folder with secrets that were typed at a page: a file each, named as their variable. */
export const keptSecretsFolder = 'secrets'

/** Users and sources at their positions; undefined for those whose settings are wrong. */
export interface SecretOwners {
  readonly users: readonly (Config['opcua']['users'][number] | undefined)[]
  readonly sources: readonly (SourceConfig | undefined)[]
  /** Undefined: there is none, or its settings are wrong. */
  readonly postgres?: PostgresConfig | undefined
}

/** Every secret that the configuration names, as far as it is right. */
export function secretsOf({ users, sources, postgres }: SecretOwners): SecretUse[] {
  const passwords = users.flatMap((user, position) => {
    if (!user) return []
    const what = `the password of the user "${user.name}"`
    return [{ variable: user.passwordEnv, what, path: `opcua.users[${position}].passwordEnv`, needed: true }]
  })
  const apiKeys = sources.flatMap((source, position) => {
    if (source?.kind !== 'chirpstack') return []
    const path = `sources[${position}].apiKeyEnv`
    const what = `the API key of the source "${source.key}"`
    return [{ variable: source.apiKeyEnv, what, path, needed: !source.disabled, keepable: true as const }]
  })
  const clientKeys = sources.flatMap((source, position) => {
    const keyEnv = source && 'tls' in source ? source.tls?.keyEnv : undefined
    if (!source || keyEnv === undefined) return []
    const what = `the key of the client certificate of the source "${source.key}"`
    return [{ variable: keyEnv, what, path: `sources[${position}].tls.keyEnv`, needed: !source.disabled }]
  })
  return [...passwords, ...apiKeys, ...clientKeys, ...(postgres ? ofPostgres(postgres) : [])]
}

function ofPostgres({ passwordEnv, tls }: PostgresConfig): SecretUse[] {
  const at = 'sinks.postgres'
  const password = {
    variable: passwordEnv,
    what: 'the password of PostgreSQL',
    path: `${at}.passwordEnv`,
    needed: true,
  }
  if (tls?.keyEnv === undefined) return [password]
  const what = 'the key of the client certificate for PostgreSQL'
  return [password, { variable: tls.keyEnv, what, path: `${at}.tls.keyEnv`, needed: true }]
}

/** Thrown for a file that everybody on the machine can read: what stands in it is no secret. */
export class OpenSecretError extends Error {}

/** What stands in files to be filled in, and in many that were forgotten. */
const placeholder =
  /^(?:change[-_ ]?(?:me|it|this)|replace[-_ ]?me|placeholder|todo|fixme|x{3,}|\*{3,}|\.{3,}|<.*>|\$\{.*\}|your[-_ ].*|password|passwort|secret)$/i

type Answer = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly problem: Problem }

/**
 * Secrets from the environment: `NAME`, or the content of the file that `NAME_FILE` names, without the newline at its
 * end; for the API keys of sources, where neither is set, what is kept in the data folder. No text that comes from here holds a secret, nor the path of a file, which could be one by mistake.
 */
export class Secrets {
  readonly #env: Environment
  readonly #readFile: (path: string) => string
  readonly #kept: (variable: string) => string | undefined

  /** `readFile` reads a file as UTF-8 text and throws where it cannot. `kept`: what the data folder has; absent: nothing. */
  constructor(parts: {
    env: Environment
    readFile: (path: string) => string
    kept?: ((variable: string) => string | undefined) | undefined
  }) {
    this.#env = parts.env
    this.#readFile = parts.readFile
    this.#kept = parts.kept ?? (() => undefined)
  }

  /** The secret, or why there is none, in words for the operator. */
  read({ variable, what, path, keepable }: SecretUse): Answer {
    const refuse = (message: string, mend: string): Answer => ({ ok: false, problem: { path, message, mend } })
    const file = `${variable}_FILE`
    const value = this.#env[variable]
    const filePath = this.#env[file]
    if (value !== undefined && filePath !== undefined) {
      return refuse(`${what} is given twice: both ${variable} and ${file} are set.`, 'Unset one of the two.')
    }
    const isFilledIn = (secret: string): Answer =>
      placeholder.test(secret.trim())
        ? refuse(`${what} is a placeholder that was never filled in.`, `Give ${variable} a secret of its own.`)
        : { ok: true, value: secret }
    if (value !== undefined) {
      if (value !== '') return isFilledIn(value)
      return refuse(`The environment variable ${variable}, which holds ${what}, is empty.`, 'Set it to the secret.')
    }
    if (filePath === undefined) {
      const kept = keepable && this.#kept(variable)
      if (kept) return { ok: true, value: kept }
      const message = `The environment variable ${variable}, which holds ${what}, is not set.`
      return refuse(message, `Set ${variable}, or set ${file} to the path of a file that holds it.`)
    }
    let content: string
    try {
      content = this.#readFile(filePath).replace(/\r?\n$/, '')
    } catch (error) {
      if (error instanceof OpenSecretError) {
        const message = `Everybody on this machine can read the file that ${file} names, which holds ${what}.`
        return refuse(message, 'Let only the user that runs Penstock read it (chmod 600).')
      }
      const message = `The file that ${file} names, which holds ${what}, cannot be read${codeOf(error)}.`
      return refuse(message, 'Correct the path, or let the user that runs Penstock read the file.')
    }
    if (content !== '') return isFilledIn(content)
    return refuse(`The file that ${file} names, which holds ${what}, is empty.`, 'Put the secret into it.')
  }

  /** Every secret that the configuration needs, by its variable; or what is wrong with each that is not there. */
  collect(
    owners: SecretOwners,
  ): { ok: true; secrets: Readonly<Record<string, string>> } | { ok: false; problems: Problem[] } {
    const problems: Problem[] = []
    const secrets: Record<string, string> = {}
    const seen = new Set<string>()
    for (const use of secretsOf(owners)) {
      if (!use.needed || seen.has(use.variable)) continue
      seen.add(use.variable)
      const answer = this.read(use)
      if (answer.ok) secrets[use.variable] = answer.value
      else problems.push(answer.problem)
    }
    return problems.length > 0 ? { ok: false, problems } : { ok: true, secrets }
  }
}

/** What the data folder keeps of secrets, without the newline at its end; undefined: nothing, or nothing that can be read. */
export const keptIn =
  (dataFolder: string, readFile: (path: string) => string) =>
  (variable: string): string | undefined => {
    try {
      return readFile(join(dataFolder, keptSecretsFolder, variable)).replace(/\r?\n$/, '')
    } catch {
      return undefined
    }
  }

/** The system's word for it, such as ENOENT; its message would show the path. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? ` (${code})` : ''
}
