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
