import type { ModbusDeviceConfig, ModbusNetworkSourceConfig, Plant, TagConfig } from '../../src/core/plant.ts'
import { type IndexedTag, TagIndexing } from '../../src/core/tag-index.ts'

/** A tag with nothing but a name, to which a test adds what it is about. */
export function aTag(key: string, settings: Partial<TagConfig> = {}): TagConfig {
  return { key, name: key, disabled: false, type: 'Double', address: 'holding:0', ...settings }
}

export function aModbusDevice(key: string, tags: readonly TagConfig[], settings: Partial<ModbusDeviceConfig> = {}) {
  return {
    key,
    name: key,
    disabled: false,
    badAfterMs: 600_000,
    unitId: 1,
    pollMs: 1_000,
    byteOrder: 'big',
    wordOrder: 'big',
    maxRegisters: 125,
    maxCoils: 2_000,
    tags,
    ...settings,
  } satisfies ModbusDeviceConfig
}

/** A plant of one Modbus source. */
export function aPlant(
  devices: readonly ModbusDeviceConfig[],
  settings: Partial<ModbusNetworkSourceConfig> = {},
): Plant {
  return {
    sources: [
      {
        kind: 'modbus',
        key: 'line',
        name: 'line',
        disabled: false,
        transport: 'tcp',
        host: '127.0.0.1',
        port: 502,
        timeoutMs: 1_000,
        connectTimeoutMs: 3_000,
        delayBetweenRequestsMs: 0,
        delayAfterConnectMs: 0,
        devices,
        ...settings,
      },
    ],
  }
}

/** The indexed tags of a plant with one device that has `tags`. */
export function indexed(tags: readonly TagConfig[], device: Partial<ModbusDeviceConfig> = {}): readonly IndexedTag[] {
  return new TagIndexing(aPlant([aModbusDevice('meter', tags, device)])).present
}
