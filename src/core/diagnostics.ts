import type { Milliseconds } from './clock.ts'
import type { DeviceHealth, SourceHealth } from './health.ts'

/** Why a request brought no answer. */
export type RequestFailure =
  /** Not answered in time. */
  | 'timeout'
  /** Answered with something that is no answer to it. */
  | 'violation'
  /** The connection went while it was under way. */
  | 'lost'

/**
 * How requests fared since the source was made. What is not known is absent, never 0; durations are milliseconds.
 */
export interface RequestFigures {
  /** Requests that ended, one way or another, and of these: answered, also with a refusal. */
  readonly requests: number
  readonly answered: number
  /** Requests without an answer, by why. */
  readonly failures: Readonly<Partial<Record<RequestFailure, number>>>
  /** What was refused, by the device's own code: `exception 2`, `return code 0x0a`. */
  readonly refusals: Readonly<Record<string, number>>
  /** From sending to the answer, of lately. */
  readonly roundTrip?: { readonly p50: Milliseconds; readonly p99: Milliseconds }
  /** Bytes of data that answers carried, and of these that tags have; the rest lies between tags. */
  readonly read?: { readonly bytes: number; readonly used: number }
  /** Milliseconds of the epoch. */
  readonly lastAnswerAt?: number
}

/** A device as its line sees it. */
export interface DeviceDiagnostics extends DeviceHealth, RequestFigures {
  /** `closed`: polled; `doubt`: it missed its last request; `open`: offline, probed now and then. */
  readonly breaker?: 'closed' | 'doubt' | 'open'
  /** Misses in a row. */
  readonly misses?: number
  /** Requests that a cycle of each of its poll groups takes together. */
  readonly blocks?: number
  /** Of these, what it does not answer again and again, and what it says that it does not have. */
  readonly muteBlocks?: number
  readonly refusedBlocks?: number
}

/** One source with its devices; a source of events has no figures of requests. */
export interface SourceDiagnostics extends Omit<SourceHealth, 'devices'> {
  /** Milliseconds of the epoch since which `requests` and the devices' figures count. */
  readonly countedSince?: number
  readonly line?: RequestFigures & {
    /** Mean number of requests under way over the last minute: 1 is a line without a pause. */
    readonly underWay: number
  }
  readonly devices: readonly (DeviceHealth & Partial<DeviceDiagnostics>)[]
}

/** One entry of a source's trace. */
export interface FrameRecord {
  /** Counts from 1 without holes. */
  readonly number: number
  /** Milliseconds of the epoch. */
  readonly at: number
  /** `note`: no frame, but something that explains the ones around it, such as a timeout. */
  readonly kind: 'sent' | 'answer' | 'stray' | 'invalid' | 'note'
  /** The bytes, two digits each. */
  readonly hex: string
  /** What they say, in words. */
  readonly text: string
}

/** The end of a source's trace. */
export interface FrameTrace {
  readonly source: string
  /** The oldest first. */
  readonly frames: readonly FrameRecord[]
  /** Entries after the one asked for that are gone already. */
  readonly missed: number
}
