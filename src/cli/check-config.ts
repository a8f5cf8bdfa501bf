import type { Origin } from '../config/origins.ts'
import type { Config } from '../config/schema.ts'
import { systemClock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import { passwordWarnings } from '../core/password-rule.ts'
import { doubtfulAddresses, readAs } from '../sources/modbus/read-as.ts'
import { type Configuration, readConfiguration } from './configuration.ts'

/**
 * `penstock check-config`: 0 and a line about the plant, or ConfigurationRefused, exactly as `run` would say it.
 * Files of TLS are looked at as they are now and here, so what is wrong with them is a warning. `origins` also prints
 * where each setting comes from, `addresses` where the value of each Modbus tag is read, and as what.
 */
export async function checkConfig(
  file: string,
  { origins = false, addresses = false, json = false }: CheckFlags = {},
): Promise<number> {
  const configuration = readConfiguration(file, process.env)
  const { sources } = configuration.config
  const devices = sources.flatMap((source): readonly { tags: readonly unknown[] }[] => source.devices)
  const tags = devices.reduce((sum, device) => sum + device.tags.length, 0)
  const print = (line: string) => process.stdout.write(`${line}\n`)
  const lines = await linesOf(configuration, { origins, addresses })
  if (json) {
    const counts = { sources: sources.length, devices: devices.length, tags }
    const from = origins ? { origins: Object.fromEntries(configuration.origins()) } : {}
    const read = addresses ? { addresses: lines.addresses } : {}
    print(JSON.stringify({ file, ...counts, warnings: lines.warnings, ...from, ...read }, null, 2))
    return 0
  }
  print(`${file} is in order: ${sources.length} sources, ${devices.length} devices, ${tags} tags`)
  for (const line of [...lines.shown, ...lines.origins]) print(`  ${line}`)
  return 0
}

interface CheckFlags {
  readonly origins?: boolean
  readonly addresses?: boolean
  readonly json?: boolean
}

async function linesOf(configuration: Configuration, { origins, addresses }: CheckFlags) {
  const ofParts = [...(await tlsWarnings(configuration)), ...weakPasswords(configuration)]
  const modbus = configuration.config.sources.filter((source) => source.kind === 'modbus')
  const doubts = addressDoubts(configuration.config)
  const read = modbus.map((source) => (addresses ? [...readAs(source)] : []))
  const shown = doubts.flatMap((ofSource, at) => [...ofSource.map((doubt) => `warning: ${doubt}`), ...(read[at] ?? [])])
  return {
    shown: [...ofParts.map((warning) => `warning: ${warning}`), ...shown],
    warnings: [...ofParts, ...doubts.flat()],
    addresses: read.flat(),
    origins: origins ? [...configuration.origins()].map(([path, origin]) => `${path}: ${inWords(origin)}`) : [],
  }
}

/** Addresses that are probably meant otherwise, of each Modbus source. */
export const addressDoubts = ({ sources }: Config): string[][] =>
  sources
    .filter((source) => source.kind === 'modbus')
    .map((source) => doubtfulAddresses(source).map((doubt) => `source "${source.key}": ${doubt}`))

function inWords(origin: Origin): string {
  if (origin.from === 'file') return `line ${origin.line}`
  return origin.from === 'environment' ? `environment variable ${origin.variable}` : 'default'
}

/** Of users of the configuration: those of the data folder could not have them. */
const weakPasswords = ({ config, secrets }: Configuration): readonly string[] =>
  passwordWarnings(
    config.opcua.users.flatMap(({ name, passwordEnv }) => {
      const password = secrets[passwordEnv]
      return password === undefined ? [] : [{ name, password }]
    }),
  )

/** What is wrong with files of TLS, as they are now and here. */
export async function tlsWarnings({
  config,
  secrets,
}: Pick<Configuration, 'config' | 'secrets'>): Promise<readonly string[]> {
  const warnings: string[] = []
  if (config.grpc.tls && config.grpc.port !== undefined) {
    const { grpcCertificate } = await import('../gateway/grpc-certificate.ts')
    await grpcCertificate(config.grpc.tls).catch((error: unknown) => warnings.push(describeError(error)))
  }
  const web = config.http.tls?.enabled ? config.http.tls : undefined
  if (web) {
    const { filesOf, readPair } = await import('../gateway/web-tls-of.ts')
    const files = filesOf(web)
    if (files) await readPair(files, systemClock.now()).catch((error: unknown) => warnings.push(describeError(error)))
  }
  for (const source of config.sources) {
    if (!('tls' in source) || !source.tls || source.disabled) continue
    const { readTlsMaterial } = await import('../sources/tls-material.ts')
    try {
      await readTlsMaterial(source.tls, (name) => secrets[name], systemClock.now())
    } catch (error) {
      warnings.push(`source "${source.key}": ${describeError(error)}`)
    }
  }
  return warnings
}
