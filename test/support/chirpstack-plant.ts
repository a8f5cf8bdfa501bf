import type {
  ChirpStackDeviceConfig,
  ChirpStackGatewayConfig,
  ChirpStackGroupConfig,
  ChirpStackSourceConfig,
  TagConfig,
} from '../../src/core/plant.ts'
import { type DeviceTags, TagIndexing } from '../../src/core/tag-index.ts'

export const TENANT = '52f14cd4-c6f1-4fbd-8f87-4025e1d49242'
export const API_KEY_ENV = 'CHIRPSTACK_KEY'

/** A tag with the defaults of the configuration. */
export const loraTag = (key: string, address: string, fields: Partial<TagConfig> = {}): TagConfig => ({
  key,
  name: key,
  disabled: false,
  type: 'Double',
  address,
  ...fields,
})

/** A LoRaWAN device with the defaults of the configuration. */
export const loraDevice = (
  key: string,
  devEui: string,
  tags: readonly TagConfig[],
  fields: Partial<ChirpStackDeviceConfig> = {},
): ChirpStackDeviceConfig => ({
  key,
  name: key,
  disabled: false,
  badAfterMs: 600_000,
  devEui,
  tags,
  ...fields,
})

/** A LoRaWAN gateway with the defaults of the configuration. */
export const loraGateway = (
  key: string,
  gatewayId: string,
  tags: readonly TagConfig[],
  fields: Partial<ChirpStackGatewayConfig> = {},
): ChirpStackGatewayConfig => ({ key, name: key, disabled: false, badAfterMs: 600_000, gatewayId, tags, ...fields })

/** A multicast group with the defaults of the configuration. */
export const loraGroup = (
  key: string,
  multicastGroup: string,
  fields: Partial<ChirpStackGroupConfig> = {},
): ChirpStackGroupConfig => ({
  key,
  name: key,
  disabled: false,
  badAfterMs: 600_000,
  multicastGroup,
  tags: [],
  ...fields,
})

/** A ChirpStack source with the defaults of the configuration. */
export const chirpStackConfig = (
  devices: ChirpStackSourceConfig['devices'],
  fields: Partial<ChirpStackSourceConfig> = {},
): ChirpStackSourceConfig => ({
  kind: 'chirpstack',
  key: 'lora',
  name: 'LoRa',
  disabled: false,
  url: 'http://127.0.0.1:8080',
  tenantId: TENANT,
  apiKeyEnv: API_KEY_ENV,
  callTimeoutMs: 5_000,
  inventoryPeriodMs: 300_000,
  metricsPeriodMs: 300_000,
  linkTags: false,
  devices,
  ...fields,
})

/** The tags of a source, numbered as the engine does. */
export function indexedDevicesOf(
  config: ChirpStackSourceConfig,
): DeviceTags<ChirpStackSourceConfig['devices'][number]>[] {
  const indexing = new TagIndexing({ sources: [config] })
  return config.devices.map((device) => ({ device, tags: indexing.ofDevice(device.key) }))
}

/** The same, of the end devices alone. */
export const loraDevicesOf = (config: ChirpStackSourceConfig): DeviceTags<ChirpStackDeviceConfig>[] =>
  indexedDevicesOf(config).flatMap(({ device, tags }) => ('devEui' in device ? [{ device, tags }] : []))
