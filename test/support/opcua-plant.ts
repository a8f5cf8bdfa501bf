import { dataTypes } from '../../src/core/data-type.ts'
import type {
  ChirpStackDeviceConfig,
  ChirpStackGatewayConfig,
  ChirpStackGroupConfig,
  ModbusDeviceConfig,
  Plant,
  S7DeviceConfig,
  TagConfig,
} from '../../src/core/plant.ts'

export const tagConfig = (key: string, rest: Partial<TagConfig> = {}): TagConfig => ({
  key,
  name: `Name of ${key}`,
  disabled: false,
  type: 'Double',
  address: 'holding:0',
  ...rest,
})

export const modbusDevice = (key: string, tags: readonly TagConfig[]): ModbusDeviceConfig => ({
  key,
  name: `Device ${key}`,
  disabled: false,
  manufacturer: 'ACME',
  model: 'B-7',
  serialNumber: '0815',
  badAfterMs: 60_000,
  unitId: 17,
  pollMs: 1_000,
  byteOrder: 'big',
  wordOrder: 'big',
  maxRegisters: 125,
  maxCoils: 2_000,
  tags,
})

export const lorawanDevice = (key: string, tags: readonly TagConfig[]): ChirpStackDeviceConfig => ({
  key,
  name: `Device ${key}`,
  disabled: false,
  badAfterMs: 60_000,
  devEui: '0102030405060708',
  tags,
})

export const gateway = (key: string): ChirpStackGatewayConfig => ({
  key,
  name: `Device ${key}`,
  disabled: false,
  badAfterMs: 60_000,
  gatewayId: '0016c001f1500001',
  tags: [],
})

export const multicastGroup = (key: string): ChirpStackGroupConfig => ({
  key,
  name: `Device ${key}`,
  disabled: false,
  badAfterMs: 60_000,
  multicastGroup: '3f0c7f8e-5c1b-4f0a-9a55-0c1d2e3f4a5b',
  tags: [],
})

export const s7Device = (key: string, tags: readonly TagConfig[]): S7DeviceConfig => ({
  key,
  name: `Device ${key}`,
  disabled: false,
  badAfterMs: 60_000,
  pollMs: 500,
  tags,
})

export const modbusPlant = (devices: readonly ModbusDeviceConfig[]): Plant => ({
  sources: [
    {
      kind: 'modbus',
      key: 'line-1',
      name: 'Line 1',
      disabled: false,
      devices,
      transport: 'tcp',
      host: '10.0.0.7',
      port: 502,
      timeoutMs: 1_000,
      connectTimeoutMs: 1_000,
      delayBetweenRequestsMs: 0,
      delayAfterConnectMs: 0,
    },
  ],
})

/** One source of each kind; the Modbus device `boiler` has one tag of each data type, named like the type. */
export const smallPlant = (): Plant => ({
  sources: [
    ...modbusPlant([
      modbusDevice('boiler', [
        ...dataTypes.map((type) => tagConfig(type.toLowerCase(), { type })),
        tagConfig('temperature', { unit: '°C', range: { low: -40, high: 120 }, description: 'Flow temperature' }),
        tagConfig('pressure', { unit: 'bar' }),
        tagConfig('level', { range: { low: 0, high: 100 } }),
      ]),
    ]).sources,
    {
      kind: 'chirpstack',
      key: 'field',
      name: 'Field network',
      disabled: false,
      devices: [
        lorawanDevice('meter', [tagConfig('energy', { unit: 'kWh', address: 'object.energy' })]),
        gateway('roof'),
        multicastGroup('lamps'),
      ],
      url: 'http://user:secret@chirpstack.example:8080',
      tenantId: '52f14cd4-c6f1-4fbd-8f87-4025e1d49242',
      apiKeyEnv: 'CHIRPSTACK_API_KEY',
      callTimeoutMs: 5_000,
      inventoryPeriodMs: 60_000,
      metricsPeriodMs: 60_000,
      linkTags: false,
    },
    {
      kind: 's7',
      key: 'press',
      name: 'Press',
      disabled: false,
      devices: [s7Device('press-cpu', [tagConfig('cycles', { type: 'UInt32', address: 'DB1,DWORD0' })])],
      host: '10.0.0.9',
      port: 102,
      rack: 0,
      slot: 1,
      timeoutMs: 1_000,
      connectTimeoutMs: 1_000,
    },
  ],
})
