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
  /** Uplinks that the frame counters of the devices show to be missing; not since start, and less when one comes late. */
  'lostUplinks',
  /** Values that did not fit their tag; events of a kind that is not known. */
  'misfits',
  'unknownEvents',
] as const
export type SourceCounter = (typeof sourceCounters)[number]

export interface DeviceHealth {
  readonly key: string
  readonly state: DeviceState
  readonly reason: string
  /** Uplinks missing by its frame counter, since the gateway first heard it; absent where nothing is counted. */
  readonly lostUplinks?: number | undefined
  /** How its requests go, if it is polled. */
  readonly breaker?: BreakerHealth | undefined
}

/**
 * - `closed`: it is read in its cycles - `doubted`: it missed its last requests, and is asked again before it is believed
 * dead - `open`: it is dead, and only probed - `half-open`: a probe is due or under way.
 */
export type BreakerState = 'closed' | 'doubted' | 'open' | 'half-open'

export interface BreakerHealth {
  readonly state: BreakerState
  /** Requests in a row that it did not answer. */
  readonly failures: number
  /** When it is asked next, milliseconds of the epoch; null while it is read in its cycles. */
  readonly nextProbeAt: number | null
}

/** How the polling of a connection goes; null where nothing was measured yet. */
export interface PollingHealth {
  /** Share of the connection's time that the cycles of its devices take, of those that answer; at 1 it is full. */
  readonly load: number
  /** How late cycles began, and how long answers took: the median, and what 99 of 100 did not exceed. */
  readonly latenessP50Ms: number | null
  readonly latenessP99Ms: number | null
  readonly roundTripP50Ms: number | null
  readonly roundTripP99Ms: number | null
  /** By the key of each device that is polled. */
  readonly breakers: Readonly<Record<string, BreakerHealth>>
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
  /** Of sources that are polled, while they run. */
  readonly polling?: Omit<PollingHealth, 'breakers'> | undefined
  readonly devices: readonly DeviceHealth[]
}

/** How the writing of history goes. */
export interface HistoryHealth {
  /** False while samples cannot be written, or not fast enough. */
  readonly ok: boolean
  /** Why, and what to do; empty when all is well. */
  readonly reason: string
  /** Samples written since start, and of these that came now wait to be. */
  readonly written: number
  readonly waiting: number
  /** Samples that history does not have because too many waited. */
  readonly lost: number
  readonly lastCommitAt: number | null
  /** The longest that a commit has held up the engine since start. */
  readonly slowestCommitMs: number
}
