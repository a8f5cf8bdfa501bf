import type { DiscoveryRule } from '../../src/core/template.ts'
import { Discovery } from '../../src/sources/chirpstack/discovery/discovery.ts'
import { emptyDiscovery } from '../../src/sources/chirpstack/discovery/state.ts'
import type { Measurement, MeasurementKind } from '../../src/sources/chirpstack/listed.ts'
import type { InventoryMirror, MirroredDevice, MirroredProfile } from '../../src/sources/chirpstack/mirror.ts'
import { TENANT } from './chirpstack-plant.ts'

export const HALL = 'a81758fffe0a1001'
export const OFFICE = 'a81758fffe0a1002'

export const measurement = (key: string, kind: MeasurementKind, name = ''): Measurement => ({ key, name, kind })

/** A device in ChirpStack: in the application "Building", with the profile "Climate". */
export const mirrored = (devEui: string, fields: Partial<MirroredDevice> = {}): MirroredDevice => ({
  devEui,
  name: `Device ${devEui.slice(-4)}`,
  description: '',
  applicationId: 'app-building',
  profileId: 'profile-climate',
  profileName: 'Climate',
  tags: {},
  ...fields,
})

export const climateProfile: MirroredProfile = {
  id: 'profile-climate',
  name: 'Climate',
  codec: 'JS',
  measurements: [],
  uplinkInterval: 600,
  statusRequestsPerDay: 0,
  isAlwaysListening: false,
}

export const mirrorOf = (
  devices: readonly MirroredDevice[],
  profiles: readonly MirroredProfile[] = [climateProfile],
): InventoryMirror => ({
  tenantId: TENANT,
  applications: [
    { id: 'app-building', name: 'Building', description: '' },
    { id: 'app-utilities', name: 'Utilities', description: '' },
  ],
  profiles,
  devices,
})

export const rule = (fields: Partial<DiscoveryRule> = {}): DiscoveryRule => ({
  template: 'auto',
  accept: 'auto',
  ignore: false,
  ...fields,
})

/** Discovery that knows the inventory, and has taken these decoded objects of the first device, a minute apart. */
export function discoveryOf(mirror: InventoryMirror, objects: readonly unknown[] = []): Discovery {
  const discovery = new Discovery(emptyDiscovery)
  discovery.takeInventory(mirror)
  const devEui = mirror.devices[0]?.devEui ?? HALL
  objects.forEach((object, position) => {
    discovery.takeUplink({ devEui, time: 60_000 * (position + 1), fPort: 2, object }, 1e12)
  })
  return discovery
}
