import { distance } from 'fastest-levenshtein'
import { shapeName } from '../../../core/data-type.ts'
import type { DriftEntry } from '../../../core/drift.ts'
import type { ChirpStackDeviceConfig, TagConfig } from '../../../core/plant.ts'
import type { MirroredDevice, MirroredProfile } from '../mirror.ts'
import { deriveTags } from './derive.ts'
import { flatKey } from './derived-names.ts'
import { UPLINKS_OF_NEW_PROFILE } from './discovery.ts'
import { type Observation, observationBounds } from './observation.ts'
import type { DiscoveryState, KnownDevice } from './state.ts'
import { misfitOf } from './type-fit.ts'

/** A device that is served, and everything that is known of it. */
export interface Looked {
  readonly config: ChirpStackDeviceConfig
  /** Where its tags are from: its own configuration, a template that a rule named, or its uplinks. */
  readonly origin: 'configured' | 'template' | 'learned'
  readonly listed: MirroredDevice | undefined
  readonly profile: MirroredProfile | undefined
  readonly known: KnownDevice | undefined
  readonly state: DiscoveryState
  /** Where ChirpStack does not have it: whether to look for what may be meant. */
  readonly lookFor: boolean
}

/** A tag is missed when it was in none of so many uplinks, one after another. */
export const UPLINKS_TO_MISS = 10
/** Uplinks without a decoded object, one after another, after which the codec is suspected. */
const UPLINKS_WITHOUT_OBJECT = 3

type Said = Pick<DriftEntry, 'kind' | 'reason' | 'mend' | 'tag'>

/** In what a device that is served differs from ChirpStack. */
export function deviceDrift(looked: Looked): DriftEntry[] {
  const { config, listed, state } = looked
  if (!state.mirror) return []
  const said = listed
    ? [...ofDevice(looked, listed), ...(listed.disabled ? [] : [...ofCodec(looked), ...ofTags(looked)])]
    : [notThere(config, looked.lookFor ? state.mirror.devices : [])]
  const { devEui, name, key } = config
  return said.map(({ kind, ...rest }) => ({ kind, devEui, name, device: key, ...rest }))
}

function notThere({ devEui }: ChirpStackDeviceConfig, devices: readonly MirroredDevice[]): Said {
  const near = (digits: number) => devices.find((device) => distance(device.devEui, devEui) === digits)
  const alike = near(1) ?? near(2)
  const meant = alike ? ` ChirpStack has "${alike.name}" with the DevEUI ${alike.devEui}.` : ''
  return {
    kind: 'not_in_chirpstack',
    reason: `The tenant has no device ${devEui}: it was deleted, never added, or is in another tenant.`,
    mend: `Correct the DevEUI, add the device to ChirpStack, or remove it here.${meant}`,
  }
}

function ofDevice({ config, origin, known }: Looked, listed: MirroredDevice): Said[] {
  const said: Said[] = []
  if (listed.disabled && !(origin === 'configured' && config.disabled)) {
    said.push({
      kind: 'disabled_in_chirpstack',
      reason: 'It is disabled in ChirpStack, so its uplinks are dropped there and nothing new comes.',
      mend: 'Enable it in ChirpStack, or disable it here too.',
    })
  }
  if (origin === 'configured' && config.name !== listed.name && listed.name !== '') {
    said.push({
      kind: 'name_differs',
      reason: `Its name is "${listed.name}" in ChirpStack and "${config.name}" here.`,
      mend: 'Make the two names the same, if they mean the same device.',
    })
  }
  // The tags of a template are of the rule that matches it with the profile that it has now.
  if (origin !== 'template' && known?.profile && known.profile.id !== listed.profileId) {
    const relearn =
      'To have them learned anew at once, put its DevEUI into `rejected` of the source, and take it out again.'
    said.push({
      kind: 'profile_changed',
      reason: `Its profile was "${known.profile.name}" and is "${listed.profileName}" now; its tags are those from before.`,
      mend:
        `Nothing, if they still fit: after ${UPLINKS_OF_NEW_PROFILE} uplinks each tag that does not is named.` +
        (origin === 'learned' ? ` ${relearn}` : ''),
    })
  }
  return said
}

const readsObject = ({ address, disabled }: TagConfig): boolean => /^(?:up:)?object[.[]/.test(address) && !disabled

function ofCodec({ config, origin, profile, known }: Looked): Said[] {
  if (origin !== 'learned' && !config.tags.some(readsObject)) return []
  if (profile?.codec === 'NONE') {
    return [
      {
        kind: 'codec_missing',
        reason: `Its profile "${profile.name}" has no payload codec, so that ChirpStack decodes nothing.`,
        mend: 'Choose a codec in the device profile.',
      },
    ]
  }
  const undecoded = known?.observation.undecoded ?? 0
  if (undecoded < UPLINKS_WITHOUT_OBJECT) return []
  const reason = `Its last ${undecoded} uplinks came without a decoded object.`
  return [{ kind: 'codec_missing', reason, mend: 'Look in ChirpStack under Events why its codec decodes nothing.' }]
}

function ofTags(looked: Looked): Said[] {
  const { config, profile, known } = looked
  const tags = config.tags.filter(readsObject)
  const addresses = new Map(tags.map((tag) => [tag.address.replace(/^up:/, ''), tag]))
  const said: Said[] = []
  for (const [address, tag] of addresses) {
    const misfit = known && misfitOf(known.observation, address, tag)
    if (misfit) said.push(conflict(tag.key, `It is a ${shapeName(tag)}, and ${address} was ${misfit}.`, looked.origin))
    else if (known && isMissed(known, address)) said.push(neverSeen(tag, address))
  }
  if (looked.origin === 'learned' && known && known.observation.leftOut > 0) said.push(leftOut(known.observation))
  if (looked.origin === 'learned' && known && profile) {
    const { observation, tags: derived } = known
    const { conflicts } = deriveTags({
      observation,
      tags: derived,
      measurements: profile.measurements,
      siblings: new Map(),
    })
    for (const { address, reason } of conflicts) {
      const tag = addresses.get(address)
      said.push(conflict(tag?.key ?? address, tag ? reason : `${reason} No tag was made of it.`, looked.origin))
    }
  }
  const served = new Set([...addresses.keys()].map(flatKey))
  for (const { key, name, kind } of profile?.measurements ?? []) {
    if (served.has(key)) continue
    said.push({
      kind: 'measurement_without_tag',
      tag: key,
      reason: `Its profile measures "${name || key}" (${key}, ${kind}), and no tag reads it.`,
      mend:
        looked.origin === 'learned'
          ? 'Nothing, if the device will send it: the tag comes with it.'
          : 'Add a tag for it, if it is of use.',
    })
  }
  return said
}

const conflict = (tag: string, reason: string, origin: Looked['origin']): Said => ({
  kind: 'type_conflict',
  tag,
  reason,
  mend:
    origin === 'learned'
      ? 'Let the codec give one type at this path, as the profile has it, then put its DevEUI into `rejected` of the source, and take it out again, to have it learned anew.'
      : 'Correct the type of the tag, or let the codec give this type at this path.',
})

const leftOut = ({ leftOut: count }: Observation): Said => ({
  kind: 'values_left_out',
  reason:
    `At least ${count} values of its last uplink are not learned: of a device at most ${observationBounds.paths} paths are, ` +
    `${observationBounds.depth} levels deep, and ${observationBounds.elements} elements of each list.`,
  mend: 'Let the codec give less, or use a template with the tags that are of use.',
})

const neverSeen = (tag: TagConfig, address: string): Said => ({
  kind: 'tag_never_seen',
  tag: tag.key,
  reason: `None of its last ${UPLINKS_TO_MISS} uplinks has ${address}.`,
  mend: 'Correct the address of the tag, or remove it.',
})

/** Where values were left out, one that is not known may be among them. */
function isMissed({ observation }: KnownDevice, address: string): boolean {
  const { paths, uplinks, leftOut } = observation
  const seen = Object.hasOwn(paths, address) ? paths[address] : undefined
  return seen ? uplinks - seen.last >= UPLINKS_TO_MISS : uplinks >= UPLINKS_TO_MISS && leftOut === 0
}
