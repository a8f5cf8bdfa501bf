import type { Origin } from '../config/origins.ts'
import { systemClock } from '../core/clock.ts'
import { describeError } from '../core/errors.ts'
import { doubtfulAddresses, readAs } from '../sources/modbus/read-as.ts'
import { type Configuration, readConfiguration } from './configuration.ts'

/**
 * `penstock check-config`: 0 and a line about the plant, or ConfigurationRefused, exactly as `run` would say it.
 * Files of TLS are looked at as they are now and here, so what is wrong with them is a warning. `origins` also prints
 * where each setting comes from, `addresses` where the value of each Modbus tag is read, and as what.
 */
export async function checkConfig(
  file: string,
  { origins = false, addresses = false }: { readonly origins?: boolean; readonly addresses?: boolean } = {},
): Promise<number> {
  const configuration = readConfiguration(file, process.env)
  const { sources } = configuration.config
  const devices = sources.flatMap((source): readonly { tags: readonly unknown[] }[] => source.devices)
  const tags = devices.reduce((sum, device) => sum + device.tags.length, 0)
  const print = (line: string) => process.stdout.write(`${line}\n`)
  print(`${file} is in order: ${sources.length} sources, ${devices.length} devices, ${tags} tags`)
  for (const warning of await tlsWarnings(configuration)) print(`  warning: ${warning}`)
  for (const source of sources) {
    if (source.kind !== 'modbus') continue
    for (const doubt of doubtfulAddresses(source)) print(`  warning: source "${source.key}": ${doubt}`)
    if (addresses) for (const line of readAs(source)) print(`  ${line}`)
  }
  if (origins) for (const [path, origin] of configuration.origins()) print(`  ${path}: ${inWords(origin)}`)
  return 0
}

function inWords(origin: Origin): string {
  if (origin.from === 'file') return `line ${origin.line}`
  return origin.from === 'environment' ? `environment variable ${origin.variable}` : 'default'
}

async function tlsWarnings({ config, secrets }: Configuration): Promise<readonly string[]> {
  const warnings: string[] = []
  if (config.grpc.tls && config.grpc.port !== undefined) {
    const { grpcCertificate } = await import('../gateway/grpc-certificate.ts')
    await grpcCertificate(config.grpc.tls).catch((error: unknown) => warnings.push(describeError(error)))
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
