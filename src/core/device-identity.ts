import type { Milliseconds } from './clock.ts'

/** What a device says of itself that stands on nameplates (OPC 10000-100 §4.5.2); what it does not say is absent. */
export interface Nameplate {
  readonly manufacturer?: string
  readonly model?: string
  readonly productCode?: string
  readonly serialNumber?: string
  readonly hardwareRevision?: string
  readonly softwareRevision?: string
  /** Of the device as a whole, where it does not say of which part. */
  readonly deviceRevision?: string
}

/** One thing that a device says of itself, by the name that its protocol has for it. */
export interface IdentityFact {
  readonly name: string
  readonly value: string
}

/** What a device says of itself. */
export interface DeviceIdentity {
  /** What it was asked with, in the words of its protocol. */
  readonly by: string
  readonly nameplate: Nameplate
  /** Everything that it says, in its own order. */
  readonly facts: readonly IdentityFact[]
}

export interface IdentityReport extends DeviceIdentity {
  /** Key of the device. */
  readonly device: string
  /** How long all its answers took together. */
  readonly ms: Milliseconds
}

/** The nameplate in one line; what else it says where there is nothing of a nameplate. */
export function plateWords({ nameplate, facts, by }: DeviceIdentity): string {
  const { manufacturer, model, productCode, serialNumber, hardwareRevision, softwareRevision, deviceRevision } =
    nameplate
  const marked = (mark: string, value: string | undefined) => (value === undefined ? [] : [`${mark} ${value}`])
  const name = [manufacturer, model, productCode === model ? undefined : productCode].filter(
    (each) => each !== undefined,
  )
  const words = [
    ...(name.length > 0 ? [name.join(' ')] : []),
    ...marked('serial number', serialNumber),
    ...marked('hardware', hardwareRevision),
    ...marked('software', softwareRevision),
    ...marked('revision', deviceRevision),
  ]
  if (words.length > 0) return words.join(', ')
  return facts.map(({ name: of, value }) => `${of} ${value}`).join(', ') || `nothing of itself with ${by}`
}
