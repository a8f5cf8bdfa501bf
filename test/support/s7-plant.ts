import type { S7DeviceConfig, S7SourceConfig, TagConfig } from '../../src/core/plant.ts'
import { type DeviceTags, TagIndexing } from '../../src/core/tag-index.ts'

/** A tag with the defaults of the configuration. */
export const s7Tag = (key: string, fields: Partial<TagConfig> & Pick<TagConfig, 'type' | 'address'>): TagConfig => ({
  key,
  name: key,
  disabled: false,
  ...fields,
})

/** A device of a CPU with the defaults of the configuration. */
export const s7Device = (
  key: string,
  tags: readonly TagConfig[],
  fields: Partial<S7DeviceConfig> = {},
): S7DeviceConfig => ({
  key,
  name: key,
  disabled: false,
  badAfterMs: 600_000,
  pollMs: 100,
  tags,
  ...fields,
})

/** A CPU with the defaults of the configuration. */
export const s7SourceConfig = (
  devices: readonly S7DeviceConfig[],
  fields: Partial<S7SourceConfig> = {},
): S7SourceConfig => ({
  kind: 's7',
  key: 'cpu',
  name: 'CPU',
  disabled: false,
  host: '127.0.0.1',
  port: 102,
  rack: 0,
  slot: 2,
  timeoutMs: 2_000,
  connectTimeoutMs: 5_000,
  devices,
  ...fields,
})

/** The tags of a source, numbered as the engine does. */
export function s7DevicesOf(config: S7SourceConfig): DeviceTags<S7DeviceConfig>[] {
  const indexing = new TagIndexing({ sources: [config] })
  return config.devices.map((device) => ({ device, tags: indexing.ofDevice(device.key) }))
}
