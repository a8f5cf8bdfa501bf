import { readFileSync } from 'node:fs'
import { Secrets } from '../../config/secrets.ts'
import type { WantedReading } from '../../core/diagnostics.ts'
import { nearest } from '../../core/nearest.ts'
import { formatProblem, type Problem } from '../../core/problem.ts'
import { sourceTypes } from '../../engine/source-types.ts'
import type { OneOffTarget } from '../../sources/one-off.ts'
import { type CheckedTag, type FieldDevice, type FieldSource, wantedTag } from '../../sources/wanted-tag.ts'
import { ClientFailure, ExitCode } from '../client/failure.ts'
import { checkConfiguration, type Environment, readConfiguration } from '../configuration.ts'

/** Which device a tool speaks to: one of a configuration, or one that the command line describes. */
export interface TargetFlags {
  readonly config: string
  readonly modbus?: string | undefined
  readonly unit?: string | undefined
  readonly s7?: string | undefined
  readonly rack?: string | undefined
  readonly slot?: string | undefined
  readonly timeout?: string | undefined
}

export interface Target extends OneOffTarget {
  /** The data folder of the configuration, where one was read. */
  readonly dataFolder: string | undefined
}

/** The key of the source and the device that the command line describes. */
const GIVEN = 'given'

/** Throws ClientFailure (usage, unknownNode), ConfigurationRefused. */
export function targetOf(key: string | undefined, flags: TargetFlags, env: Environment): Target {
  if (flags.modbus !== undefined || flags.s7 !== undefined)
    return { source: given(key, flags), dataFolder: undefined, secret: () => undefined }
  if (key === undefined) {
    const message = 'Name a source of the configuration, or a device with --modbus <host:port> or --s7 <host:port>'
    throw new ClientFailure(ExitCode.usage, message)
  }
  const { config } = readConfiguration(flags.config, env, false)
  const sources = config.sources.filter((source) => source.kind === 'modbus' || source.kind === 's7')
  const source = sources.find((each) => each.key === key)
  if (source) return { source, dataFolder: config.gateway.data, secret: secretsOf(env) }
  throw unknown(`${flags.config} has no Modbus or S7 source "${key}"`, key, sources)
}

/** The device of this key, or the only one there is. Throws ClientFailure (usage, unknownNode). */
export function deviceOf(source: FieldSource, key: string | undefined): FieldDevice {
  const devices: readonly FieldDevice[] = source.devices
  const [only] = devices
  if (key === undefined && only && devices.length === 1) return only
  const keys = devices.map((device) => device.key).join(', ')
  if (key === undefined) {
    throw new ClientFailure(
      ExitCode.usage,
      `Choose a device of "${source.key}" with --device: ${keys || 'it has none'}`,
    )
  }
  const found = devices.find((device) => device.key === key)
  if (found) return found
  throw unknown(`The source "${source.key}" has no device "${key}"`, key, devices)
}

/** The tag at this address that the command line asks for, and everything wrong with it. */
export const tagAt = (
  source: FieldSource,
  device: FieldDevice,
  wanted: Omit<WantedReading, 'source' | 'device'>,
): CheckedTag => wantedTag(sourceTypes, source, device, wanted)

/** Everything wrong with what the command line asks for, in words. */
export const usage = (problems: readonly Problem[]): ClientFailure =>
  new ClientFailure(ExitCode.usage, problems.map(formatProblem).join(' '))

/** Read when they are needed: a source that names none needs none of the others'. */
function secretsOf(env: Environment): Target['secret'] {
  const secrets = new Secrets({ env, readFile: (path) => readFileSync(path, 'utf8') })
  return (variable) => {
    const answer = secrets.read({ variable, what: 'a secret of the source', path: variable, needed: true })
    return answer.ok ? answer.value : undefined
  }
}

function given(key: string | undefined, flags: TargetFlags): FieldSource {
  const { modbus, s7, unit, rack, slot, timeout } = flags
  if (key !== undefined || (modbus !== undefined && s7 !== undefined)) {
    throw new ClientFailure(ExitCode.usage, 'Give one of: a source of the configuration, --modbus, --s7')
  }
  const [host, port] = endpointOf(modbus ?? s7 ?? '', modbus === undefined ? 102 : 502)
  const shared = { key: GIVEN, host, port, ...(timeout === undefined ? {} : { timeout }) }
  const source =
    modbus === undefined
      ? { kind: 's7', ...shared, rack: numberOf(rack), slot: numberOf(slot), devices: [{ key: GIVEN }] }
      : { kind: 'modbus', ...shared, devices: [{ key: GIVEN, unitId: numberOf(unit) ?? 1 }] }
  // The same checks, words and defaults as for a file; the environment may be that of a gateway, which is of no concern.
  const { config } = checkConfiguration(JSON.stringify({ sources: [source] }), 'the command line', {}, false)
  return config.sources[0] as FieldSource
}

function endpointOf(text: string, otherwise: number): [host: string, port: number] {
  const [, bracketed, plain = text, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? []
  return [bracketed ?? plain, port === undefined ? otherwise : Number(port)]
}

/** Whatever is no number is left for the configuration's own checks to refuse. */
const numberOf = (text: string | undefined): number | string | undefined =>
  text === undefined || !/^\d+$/.test(text) ? text : Number(text)

function unknown(message: string, key: string, all: readonly { readonly key: string }[]): ClientFailure {
  const keys = all.map((each) => each.key)
  const meant = nearest(key, keys)
  const hint = meant === undefined ? `there are: ${keys.join(', ') || 'none'}` : `did you mean "${meant}"?`
  return new ClientFailure(ExitCode.unknownNode, `${message}; ${hint}`)
}
