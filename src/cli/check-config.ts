import type { Origin } from '../config/origins.ts'
import { readConfiguration } from './configuration.ts'

/**
 * `penstock check-config`: 0 and a line about the plant, or ConfigurationRefused, exactly as `run` would say it.
 * `origins` also prints where each setting comes from.
 */
export async function checkConfig(file: string, origins: boolean): Promise<number> {
  const configuration = readConfiguration(file, process.env)
  const { sources } = configuration.config
  const devices = sources.flatMap((source): readonly { tags: readonly unknown[] }[] => source.devices)
  const tags = devices.reduce((sum, device) => sum + device.tags.length, 0)
  const print = (line: string) => process.stdout.write(`${line}\n`)
  print(`${file} is in order: ${sources.length} sources, ${devices.length} devices, ${tags} tags`)
  if (origins) for (const [path, origin] of configuration.origins()) print(`  ${path}: ${inWords(origin)}`)
  return 0
}

function inWords(origin: Origin): string {
  if (origin.from === 'file') return `line ${origin.line}`
  return origin.from === 'environment' ? `environment variable ${origin.variable}` : 'default'
}
