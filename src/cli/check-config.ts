import { readConfiguration } from './configuration.ts'

/** `penstock check-config`: 0 and a line about the plant, or ConfigurationRefused, exactly as `run` would say it. */
export async function checkConfig(file: string): Promise<number> {
  const { config } = readConfiguration(file, process.env)
  const devices = config.sources.flatMap((source): readonly { tags: readonly unknown[] }[] => source.devices)
  const tags = devices.reduce((sum, device) => sum + device.tags.length, 0)
  process.stdout.write(
    `${file} is in order: ${config.sources.length} sources, ${devices.length} devices, ${tags} tags\n`,
  )
  return 0
}
