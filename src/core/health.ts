/**
 * - `starting`: nothing proved yet
 * - `connected`: the last proof of the connection succeeded
 * - `degraded`: connected, but at least one device behind it does not answer, or not for all its addresses
 * - `backoff`: not connected, will try again
 * - `refused`: the other end refuses us (credentials, tenant); tried again slowly
 * - `stopped`: by the operator, or disabled
 */
export const sourceStates = ['starting', 'connected', 'degraded', 'backoff', 'refused', 'stopped'] as const
export type SourceState = (typeof sourceStates)[number]

/** - `unknown`: nothing proved yet - `online`: it spoke within its expected time - `offline`: it does not answer. */
export const deviceStates = ['unknown', 'online', 'offline', 'disabled'] as const
export type DeviceState = (typeof deviceStates)[number]

/** What every source counts, cumulative since its room started. */
export const sourceCounters = [
  /** Connections made, and attempts that failed. */
  'connects',
  'connectFailures',
  /** Requests sent, and of these: not answered in time, refused by the device. */
  'requests',
  'timeouts',
  'refusals',
  /** Frames that answer nothing that was asked. */
  'strays',
  /** Poll cycles left out because the one before was not finished. */
  'skippedCycles',
  /** Events taken, left out as already known, older than the last value, not understood. */
  'events',
  'duplicates',
  'late',
  'malformed',
] as const
export type SourceCounter = (typeof sourceCounters)[number]

export interface DeviceHealth {
  readonly key: string
  readonly state: DeviceState
  readonly reason: string
}

/** How one source is, as its state machine knows it: never better than what was proved. */
export interface SourceHealth {
  readonly key: string
  readonly state: SourceState
  /** In words for the operator: what was seen and what to do; empty when all is well. */
  readonly reason: string
  /** When it entered this state, milliseconds of the epoch. */
  readonly since: number
  readonly counters: Readonly<Record<SourceCounter, number>>
  readonly devices: readonly DeviceHealth[]
}
