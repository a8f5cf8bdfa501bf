import type {
  ModbusDeviceConfig,
  ModbusNetworkSourceConfig,
  ModbusSourceConfig,
  TagConfig,
} from '../../src/core/plant.ts'
import { type DeviceTags, TagIndexing } from '../../src/core/tag-index.ts'

/** A tag with the defaults of the configuration. */
export const tag = (key: string, fields: Partial<TagConfig> & Pick<TagConfig, 'type' | 'address'>): TagConfig => ({
  key,
  name: key,
  disabled: false,
  ...fields,
})

/** A Modbus device with the defaults of the configuration. */
export const device = (key: string, fields: Partial<ModbusDeviceConfig> = {}): ModbusDeviceConfig => ({
  key,
  name: key,
  disabled: false,
  badAfterMs: 600_000,
  tags: [],
  unitId: 1,
  pollMs: 1_000,
  byteOrder: 'big',
  wordOrder: 'big',
  maxRegisters: 125,
  maxCoils: 2000,
  ...fields,
})

/** A Modbus source over TCP with the defaults of the configuration. */
export const source = (
  devices: readonly ModbusDeviceConfig[],
  fields: Partial<ModbusNetworkSourceConfig> = {},
): ModbusNetworkSourceConfig => ({
  kind: 'modbus',
  key: 'line',
  name: 'Line',
  disabled: false,
  transport: 'tcp',
  host: '127.0.0.1',
  port: 502,
  timeoutMs: 1_000,
  connectTimeoutMs: 2_000,
  delayBetweenRequestsMs: 0,
  delayAfterConnectMs: 0,
  devices,
  ...fields,
})

/** The tags of a source, numbered as the engine does. */
export function devicesOf(config: ModbusSourceConfig): DeviceTags<ModbusDeviceConfig>[] {
  const indexing = new TagIndexing({ sources: [config] })
  return config.devices.map((each) => ({ device: each, tags: indexing.ofDevice(each.key) }))
}
