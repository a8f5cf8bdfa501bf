import type { Milliseconds } from './clock.ts'
import type { ReadingReport } from './diagnostics.ts'

/** A source that is to be tried, as its form has it: it need not be right, nor whole. */
export interface WantedTest {
  readonly source: Readonly<Record<string, unknown>>
  /** The API key of ChirpStack as somebody typed it; used for this test, and kept nowhere. */
  readonly apiKey?: string | undefined
}

/**
 * What is tried, in this order: that the settings are right, that the name has an address, that there is a connection,
 * that both ends prove who they are, that the key is taken, what is there, and a value.
 */
export const testSteps = ['settings', 'resolve', 'connect', 'tls', 'login', 'identify', 'read'] as const

export interface TestStep {
  readonly step: (typeof testSteps)[number]
  /** Whether it went well; null: it does not matter, or cannot be tried. */
  readonly ok: boolean | null
  /** What was seen, and where it went wrong what to do. */
  readonly text: string
  /** How long it took, where it was timed. */
  readonly ms?: Milliseconds
}

/** What a test of a ChirpStack came upon. */
export interface FoundInventory {
  /** Of a key that may know them all, while no tenant is chosen. */
  readonly tenants: readonly { readonly id: string; readonly name: string }[]
  readonly tenantName?: string
  readonly applications: readonly { readonly name: string; readonly devices: number }[]
  readonly profiles: readonly { readonly name: string; readonly devices: number; readonly measurements: number }[]
  /** The first of them; `devices` of `applications` count all. */
  readonly devices: readonly FoundDevice[]
}

export interface FoundDevice {
  readonly devEui: string
  readonly name: string
  readonly application: string
  readonly profile: string
  /** Milliseconds of the epoch; absent: never. */
  readonly lastSeenAt?: Milliseconds
  /** Key under which the rules of the definition serve it; absent: they do not. */
  readonly servedAs?: string
}

export interface TestReport {
  /** Nothing that was tried failed. */
  readonly ok: boolean
  readonly steps: readonly TestStep[]
  /** What the first tag of the definition reads. */
  readonly reading?: ReadingReport
  readonly found?: FoundInventory
}
