/** In what a plant and its ChirpStack differ. */
export const driftKinds = [
  'not_in_chirpstack',
  'disabled_in_chirpstack',
  'name_differs',
  'profile_changed',
  'unmapped',
  'proposed',
  'rejected',
  'key_clash',
  'template_missing',
  'codec_missing',
  'measurement_without_tag',
  'tag_never_seen',
  'type_conflict',
  'values_left_out',
  'group_without_device',
] as const
export type DriftKind = (typeof driftKinds)[number]

/** One difference, with why it is one and what to do, in words for an operator. Plain data. */
export interface DriftEntry {
  readonly kind: DriftKind
  /** Of a multicast group its id. */
  readonly devEui: string
  /** In the plant or, for what is not there, in ChirpStack. */
  readonly name: string
  /** Key of the device where it is served. */
  readonly device?: string
  /** Key of the tag, or the measurement or the address for which there is none. */
  readonly tag?: string
  readonly reason: string
  readonly mend: string
}

/** What a source that looks for devices by itself has found. Plain data. */
export interface Findings {
  /** Key of the source. */
  readonly source: string
  readonly proposals: readonly Proposal[]
  readonly drift: readonly DriftEntry[]
}

/** A device that a rule matches and that waits for an operator. Plain data. */
export interface Proposal {
  readonly devEui: string
  readonly name: string
  readonly application: string
  readonly profile: string
  /** Position of the rule in the configuration, counted from 0. */
  readonly rule: number
  /** Key of the template, or `auto`. */
  readonly template: string
  readonly why: string
}
