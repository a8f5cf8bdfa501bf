import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  type SecurityModeName,
  type SecurityPolicyName,
  securityModes,
  securityPolicies,
} from '../../config/opcua-choices.ts'
import { ClientFailure, ExitCode } from './failure.ts'

export const clientSecurityModes = ['None', ...securityModes] as const
export const clientSecurityPolicies = ['None', ...securityPolicies] as const

export interface ClientOptions {
  readonly endpoint: string
  /** Absent: an anonymous session. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly mode: SecurityModeName | 'None'
  readonly policy: SecurityPolicyName | 'None'
  /** Folder of the client's own key, its certificate, and the server certificates it trusts. */
  readonly pkiFolder: string
  /** One JSON object a line instead of text. */
  readonly json: boolean
}

/** The options as the command line gives them, by their long names. */
export interface ClientFlags {
  readonly endpoint?: string | undefined
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly mode?: string | undefined
  readonly policy?: string | undefined
  readonly pki?: string | undefined
  readonly json?: boolean | undefined
}

export const defaultEndpoint = 'opc.tcp://localhost:4840/penstock'

/**
 * Completes the flags: user and password from PENSTOCK_USER and PENSTOCK_PASSWORD, an encrypted channel unless told
 * otherwise. Throws ClientFailure (usage) for a mode, policy or endpoint that does not exist, and for a user without a
 * channel that proves who the server is: whoever answers could say that it takes passwords in plain text.
 */
export function clientOptions(flags: ClientFlags, env: Readonly<Record<string, string | undefined>>): ClientOptions {
  const mode = oneOf('--mode', clientSecurityModes, flags.mode ?? 'SignAndEncrypt')
  const policy = oneOf(
    '--policy',
    clientSecurityPolicies,
    flags.policy ?? (mode === 'None' ? 'None' : 'Basic256Sha256'),
  )
  if ((mode === 'None') !== (policy === 'None')) {
    throw new ClientFailure(
      ExitCode.usage,
      `--mode ${mode} and --policy ${policy} exclude each other: give both as None, or neither`,
    )
  }
  const endpoint = flags.endpoint ?? defaultEndpoint
  if (!/^opc\.tcp:\/\/[^\s/]+/.test(endpoint)) {
    throw new ClientFailure(
      ExitCode.usage,
      `--endpoint ${endpoint} is not an OPC UA address such as ${defaultEndpoint}`,
    )
  }
  const user = flags.user ?? env.PENSTOCK_USER
  if (user !== undefined && mode === 'None') {
    throw new ClientFailure(
      ExitCode.usage,
      `--mode None would give the password of ${user} to whoever answers at ${endpoint}: ` +
        'use --mode Sign or SignAndEncrypt, or name no user, neither with --user nor in PENSTOCK_USER',
    )
  }
  return {
    endpoint,
    user,
    password: flags.password ?? env.PENSTOCK_PASSWORD,
    mode,
    policy,
    pkiFolder: flags.pki ?? join(homedir(), '.penstock', 'client'),
    json: flags.json ?? false,
  }
}

function oneOf<Name extends string>(flag: string, names: readonly Name[], given: string): Name {
  const found = names.find((name) => name.toLowerCase() === given.toLowerCase())
  if (found === undefined) throw new ClientFailure(ExitCode.usage, `${flag} ${given} is not one of ${names.join(', ')}`)
  return found
}

/** Where a command writes: its results, and remarks that are no part of them. */
export interface Output {
  line(text: string): void
  notice(text: string): void
}
