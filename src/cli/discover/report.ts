import type { DriftEntry, Proposal } from '../../core/drift.ts'
import type { ChirpStackSourceConfig, TagConfig } from '../../core/plant.ts'
import type { Decision } from '../../sources/chirpstack/discovery/decide.ts'
import { autoTags, type DerivedTag } from '../../sources/chirpstack/discovery/derive.ts'
import { slug, tagKey } from '../../sources/chirpstack/discovery/derived-names.ts'
import { applicationName } from '../../sources/chirpstack/discovery/inventory-change.ts'
import type { DiscoveryState } from '../../sources/chirpstack/discovery/state.ts'
import type { MirroredDevice } from '../../sources/chirpstack/mirror.ts'

/** What `penstock discover` found, as its JSON has it. */
export interface DiscoverReport {
  readonly source: string
  readonly tenant: { readonly id: string; readonly name?: string | undefined }
  readonly devices: readonly ReportedDevice[]
  readonly proposals: readonly Proposal[]
  readonly drift: readonly DriftEntry[]
  /** One for each profile whose devices were heard, to be pasted into the configuration. */
  readonly templates: readonly ReportedTemplate[]
}

export interface ReportedDevice {
  readonly devEui: string
  readonly name: string
  readonly application: string
  readonly profile: string
  readonly disabled: boolean | undefined
  readonly lastSeen: string | undefined
  /** Uplinks with a decoded object that were heard. */
  readonly uplinks: number
  /** Why it could not be listened to; absent: it could. */
  readonly notHeard?: string | undefined
  /** Key under which it is served; absent: it is not. */
  readonly servedAs?: string
  /** How many tags it then has. */
  readonly tags?: number
}

export interface ReportedTemplate {
  readonly key: string
  readonly name: string
  readonly tags: readonly Pick<TagConfig, 'key' | 'name' | 'type' | 'address' | 'unit'>[]
}

interface Found {
  readonly source: ChirpStackSourceConfig
  readonly state: DiscoveryState
  readonly decision: Decision
  /** Devices that could not be listened to, and why, by DevEUI. */
  readonly unheard: ReadonlyMap<string, string>
}

export function reportOf({ source, state, decision, unheard }: Found): DiscoverReport {
  const { mirror } = state
  return {
    source: source.key,
    tenant: { id: source.tenantId, ...(mirror?.tenantName ? { name: mirror.tenantName } : {}) },
    devices: devicesOf(state, decision, unheard),
    proposals: decision.proposals,
    drift: decision.drift,
    templates: templatesOf(state),
  }
}

function devicesOf(
  { mirror, devices }: DiscoveryState,
  decision: Decision,
  unheard: Found['unheard'],
): ReportedDevice[] {
  const known = new Map(devices.map((device) => [device.devEui, device]))
  const served = new Map(decision.devices.map((device) => ['devEui' in device ? device.devEui : '', device]))
  return (mirror?.devices ?? []).map((device) => {
    const { devEui, name, applicationId, profileName, disabled } = device
    const as = served.get(devEui)
    return {
      devEui,
      name,
      application: mirror ? applicationName(mirror, applicationId) : applicationId,
      profile: profileName,
      disabled,
      lastSeen: device.lastSeenAt === undefined ? undefined : new Date(device.lastSeenAt).toISOString(),
      uplinks: known.get(devEui)?.observation.uplinks ?? 0,
      ...(unheard.has(devEui) ? { notHeard: unheard.get(devEui) } : {}),
      ...(as ? { servedAs: as.key, tags: as.tags.length } : {}),
    }
  })
}

/** All that the devices of a profile were found to send, together. */
function templatesOf({ mirror, devices }: DiscoveryState): ReportedTemplate[] {
  const listed = new Map(mirror?.devices.map((device) => [device.devEui, device]))
  const byProfile = new Map<string, { readonly device: MirroredDevice; readonly tags: Map<string, DerivedTag> }>()
  for (const { devEui, tags } of devices) {
    const device = listed.get(devEui)
    if (!device || tags.length === 0) continue
    const group = byProfile.get(device.profileId) ?? { device, tags: new Map<string, DerivedTag>() }
    byProfile.set(device.profileId, group)
    for (const tag of tags) if (!group.tags.has(tag.address)) group.tags.set(tag.address, tag)
  }
  const taken = new Set<string>()
  return [...byProfile].map(([profileId, { device, tags }]) => {
    const key = free(slug(device.profileName) || 'profile', taken)
    const profile = mirror?.profiles.find(({ id }) => id === profileId)
    return { key, name: device.profileName || key, tags: autoTags(distinct([...tags.values()]), profile).map(shortTag) }
  })
}

/** Devices that learned in another order can have one key for two addresses. */
function distinct(tags: readonly DerivedTag[]): DerivedTag[] {
  const taken = new Set<string>()
  return tags.map((tag) => {
    const key = taken.has(tag.key) ? tagKey(tag.address, taken) : tag.key
    taken.add(key)
    return { ...tag, key }
  })
}

function free(key: string, taken: Set<string>): string {
  let candidate = key === 'auto' ? 'auto-1' : key
  for (let count = 2; taken.has(candidate); count++) candidate = `${key.slice(0, 58)}-${count}`
  taken.add(candidate)
  return candidate
}

const shortTag = ({ key, name, type, address, unit }: TagConfig): ReportedTemplate['tags'][number] => ({
  key,
  name,
  type,
  address,
  ...(unit === undefined ? {} : { unit }),
})
