import type { Milliseconds } from './clock.ts'
import type { ChirpStackDeviceConfig, ChirpStackSourceConfig, TagConfig } from './plant.ts'

/** ChirpStack asks for the status at least once a day, or never; one answer may be lost. */
const BATTERY_STALE_AFTER: Milliseconds = 2.5 * 86_400_000

/**
 * The values that every LoRaWAN device has beside its own. `alike` are other ways to write the address: a tag of the
 * operator with that address, or with the same key, takes the place of this one.
 */
const standardTags: readonly (Pick<TagConfig, 'key' | 'name' | 'type' | 'address' | 'unit' | 'staleAfterMs'> & {
  readonly description: string
  readonly alike?: readonly string[]
})[] = [
  {
    key: 'link-rssi',
    name: 'RSSI',
    description: 'Of the gateway that received the last uplink best.',
    type: 'Int32',
    address: 'link.rssi',
    unit: 'dBm',
  },
  {
    key: 'link-snr',
    name: 'SNR',
    description: 'Of the gateway that received the last uplink best.',
    type: 'Double',
    address: 'link.snr',
    unit: 'dB',
  },
  {
    key: 'link-sf',
    name: 'Spreading factor',
    description: 'Of the last uplink, 7 to 12.',
    type: 'Byte',
    address: 'link.spreadingFactor',
    alike: ['txInfo.modulation.lora.spreadingFactor'],
  },
  {
    key: 'link-frame-counter',
    name: 'Frame counter',
    description: 'Of the last uplink.',
    type: 'UInt32',
    address: 'link.frameCounter',
    alike: ['fCnt'],
  },
  {
    key: 'link-battery',
    name: 'Battery level',
    description: 'Of the last device status; BadNotSupported for a device on external power.',
    type: 'Double',
    address: 'status:batteryLevel',
    unit: '%',
    staleAfterMs: BATTERY_STALE_AFTER,
  },
  {
    key: 'link-last-seen',
    name: 'Last heard',
    description: 'When the network server last heard the device.',
    type: 'DateTime',
    address: 'device.lastSeen',
  },
]

/** Keys of the standard tags, for the documentation of the setting. */
export const linkTagKeys = standardTags.map(({ key }) => key)

/** The device with the standard tags, if it or else its source says so. Applying it twice changes nothing. */
export function withLinkTags<Device extends ChirpStackDeviceConfig>(
  device: Device,
  { linkTags }: Pick<ChirpStackSourceConfig, 'linkTags'>,
): Device {
  return (device.linkTags ?? linkTags) ? { ...device, tags: completed(device.tags) } : device
}

/** The operator's tags with the standard ones that they leave out behind them. */
function completed(tags: readonly TagConfig[]): readonly TagConfig[] {
  const keys = new Set(tags.map(({ key }) => key))
  const addresses = new Set(tags.map(({ address }) => address.replace(/^up:/, '')))
  const added = standardTags
    .filter(({ key, address, alike = [] }) => {
      return !keys.has(key) && ![address, ...alike].some((each) => addresses.has(each))
    })
    .map(({ alike: _ways, ...tag }): TagConfig => ({ ...tag, disabled: false }))
  return [...tags, ...added]
}
