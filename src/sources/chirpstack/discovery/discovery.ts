import type { Milliseconds } from '../../../core/clock.ts'
import type { InventoryMirror, MirroredDevice, MirroredProfile } from '../mirror.ts'
import { type DerivedTag, type DerivedType, deriveTags } from './derive.ts'
import { changesBetween, type InventoryChange } from './inventory-change.ts'
import { nothingObserved, observe } from './observation.ts'
import type { DiscoveryState, KnownDevice } from './state.ts'

/** An uplink as discovery needs it. */
export interface ObservedUplink {
  /** In lower case. */
  readonly devEui: string
  readonly time: Milliseconds
  /** LoRaWAN port; 0 carries MAC commands alone, which no codec decodes. */
  readonly fPort: number | undefined
  /** What the codec decoded; undefined: nothing. */
  readonly object: unknown
}

/**
 * After so many uplinks with another profile its tags are taken to be made for that one: by then, `device-drift.ts` names
 * each tag that is in none of them, or does not fit.
 */
export const UPLINKS_OF_NEW_PROFILE = 10

/** All devices together may need so much to be remembered; beyond it new ones are not observed. */
const MOST_DEVICES = 20_000

/**
 * What is learned of a tenant's devices over time: the inventory, and what each sends. It does
 * no I/O: `state` is what to keep, and `decide` says what it means for the plant.
 */
export class Discovery {
  readonly #devices: Map<string, KnownDevice>
  #mirror: InventoryMirror | undefined
  #listed: ReadonlyMap<string, MirroredDevice> = new Map()
  #profiles: ReadonlyMap<string, MirroredProfile> = new Map()
  /** By profile, what its devices were found to send, by address: the first of them to be sure decides. */
  readonly #types = new Map<string, Map<string, DerivedType>>()

  readonly #onChange: (devEui: string, learned: boolean) => void

  /** `onChange` hears of each device of which something else is known now; `learned`: more than counts. */
  constructor(state: DiscoveryState, onChange: (devEui: string, learned: boolean) => void = () => undefined) {
    this.#onChange = onChange
    this.#mirror = state.mirror
    this.#devices = new Map(state.devices.map((device) => [device.devEui, device]))
    this.#index()
  }

  /** Everything that is known, as plain data; the same after JSON. */
  get state(): DiscoveryState {
    const devices = [...this.#devices.values()].sort((one, other) => (one.devEui < other.devEui ? -1 : 1))
    return { version: 1, ...(this.#mirror ? { mirror: this.#mirror } : {}), devices }
  }

  get mirror(): InventoryMirror | undefined {
    return this.#mirror
  }

  /**
   * Takes a whole inventory and answers what changed since the one before. A device that is gone is forgotten, with
   * its tags; one with another profile is observed anew, and keeps its tags.
   */
  takeInventory(mirror: InventoryMirror): InventoryChange[] {
    const changes = changesBetween(this.#mirror, mirror)
    this.#mirror = mirror
    for (const { devEui, kind } of changes) if (kind === 'deleted') this.forget(devEui)
    for (const { devEui, profileId, profileName } of mirror.devices) {
      const known = this.#known(devEui)
      if (!known) continue
      const { profile = { id: profileId, name: profileName } } = known
      if (profile === known.profile && known.observedProfileId === profileId) continue
      const sameCodec = (known.observedProfileId ?? profileId) === profileId
      const { observation } = sameCodec ? known : { observation: nothingObserved }
      this.#put({ ...known, profile, observedProfileId: profileId, observation }, true)
    }
    this.#index()
    return changes
  }

  /** Nothing is known of the device any more. */
  forget(devEui: string): void {
    if (this.#devices.delete(devEui)) this.#onChange(devEui, true)
  }

  /** Whether anything was learned of the device. */
  hasLearned(devEui: string): boolean {
    const known = this.#devices.get(devEui)
    return known !== undefined && (known.tags.length > 0 || known.observation !== nothingObserved)
  }

  devicesWhere(isMeant: (devEui: string) => boolean): KnownDevice[] {
    return [...this.#devices.values()].filter(({ devEui }) => isMeant(devEui))
  }

  /**
   * Takes an uplink; an older one than was taken before, as streams repeat them, says nothing new. Answers whether there
   * is something to decide: tags were learned from it, or it is the last that another profile was waited for.
   */
  takeUplink({ devEui, time, fPort, object }: ObservedUplink, now: Milliseconds): boolean {
    const known = this.#known(devEui)
    const at = Math.min(time, now)
    if (!known || fPort === 0 || at <= (known.observedTime ?? Number.NEGATIVE_INFINITY)) return false
    const observation = observe(known.observation, object)
    const { profileId, profileName = '' } = this.#listed.get(devEui) ?? {}
    const profile = this.#profiles.get(profileId ?? '')
    const { tags } = deriveTags({
      observation,
      tags: known.tags,
      measurements: profile?.measurements ?? [],
      siblings: this.#types.get(profileId ?? '') ?? new Map<string, DerivedType>(),
    })
    const settles =
      profileId !== undefined &&
      known.profile?.id !== profileId &&
      observation.uplinks + observation.undecoded >= UPLINKS_OF_NEW_PROFILE
    const learned = settles || tags.length > known.tags.length
    const settled = settles ? { profile: { id: profileId, name: profileName } } : {}
    this.#put({ ...known, ...settled, observedTime: at, observation, tags }, learned)
    if (tags.length > known.tags.length) this.#learned(profileId, tags)
    return learned
  }

  #known(devEui: string): KnownDevice | undefined {
    const known = this.#devices.get(devEui)
    if (known || !/^[0-9a-f]{16}$/.test(devEui) || this.#devices.size >= MOST_DEVICES) return known
    return { devEui, observation: nothingObserved, tags: [] }
  }

  #put(device: KnownDevice, learned: boolean): void {
    this.#devices.set(device.devEui, device)
    this.#onChange(device.devEui, learned)
  }

  #learned(profileId: string | undefined, tags: readonly DerivedTag[]): void {
    if (profileId === undefined) return
    const types = this.#types.get(profileId) ?? new Map<string, DerivedType>()
    for (const { address, type } of tags) if (!types.has(address)) types.set(address, type)
    this.#types.set(profileId, types)
  }

  #index(): void {
    this.#listed = new Map(this.#mirror?.devices.map((device) => [device.devEui, device]))
    this.#profiles = new Map(this.#mirror?.profiles.map((profile) => [profile.id, profile]))
    this.#types.clear()
    for (const { observedProfileId, tags } of this.#devices.values()) this.#learned(observedProfileId, tags)
  }
}
