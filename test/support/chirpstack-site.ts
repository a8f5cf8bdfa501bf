import type { Scope } from '../../src/demo/chirpstack/access.ts'
import type { SimulatedChirpStack } from '../../src/demo/chirpstack/simulated-chirpstack.ts'
import { TENANT } from './chirpstack-plant.ts'
import { TENANT_KEY } from './chirpstack-server.ts'

type Directory = SimulatedChirpStack['directory']
/** What a method of the directory takes. */
type Added<Method extends 'addTenant' | 'addApplication' | 'addProfile' | 'addDevice' | 'addGateway'> = Parameters<
  Directory[Method]
>[0]

/** What is configured in a simulated ChirpStack, as plain data that can be sent to another process. */
export interface ChirpStackSite {
  readonly tenants: readonly Added<'addTenant'>[]
  readonly keys: readonly { readonly key: string; readonly scope: Scope }[]
  readonly applications: readonly Added<'addApplication'>[]
  readonly profiles: readonly Added<'addProfile'>[]
  readonly devices: readonly Added<'addDevice'>[]
  readonly gateways?: readonly Added<'addGateway'>[]
  /** `per_device_event_log_max_history`. */
  readonly history?: number
  readonly timeZone?: string
  readonly maxConcurrentStreams?: number
}

export const SITE_APPLICATION = '5f0dbd02-2a7a-4ab4-a5ad-65c3a4d1b0c1'
export const SITE_PROFILE = '9c1f0a30-51b7-4dd0-8f5e-1d4f4cf7a6b2'

/** One tenant with one key, one application and one profile, and these devices. */
export const siteOf = (devEuis: readonly string[], fields: Partial<ChirpStackSite> = {}): ChirpStackSite => ({
  tenants: [{ id: TENANT, name: 'Works' }],
  keys: [{ key: TENANT_KEY, scope: { admin: false, tenantId: TENANT } }],
  applications: [{ id: SITE_APPLICATION, tenantId: TENANT, name: 'Building' }],
  profiles: [{ id: SITE_PROFILE, tenantId: TENANT, name: 'Climate', uplinkInterval: 60 }],
  devices: devEuis.map((devEui) => ({
    devEui,
    applicationId: SITE_APPLICATION,
    profileId: SITE_PROFILE,
    name: devEui,
  })),
  ...fields,
})

/** Writes the site into a simulated ChirpStack. */
export function setUp(chirpStack: SimulatedChirpStack, site: ChirpStackSite): void {
  const { directory, access, logs } = chirpStack
  for (const tenant of site.tenants) directory.addTenant(tenant)
  for (const { key, scope } of site.keys) access.add(key, scope)
  for (const application of site.applications) directory.addApplication(application)
  for (const profile of site.profiles) directory.addProfile(profile)
  for (const device of site.devices) directory.addDevice(device)
  for (const gateway of site.gateways ?? []) directory.addGateway(gateway)
  if (site.history !== undefined) logs.history = site.history
}
