import type { Milliseconds } from './clock.ts'
import type { CommandState } from './command.ts'
import type { DataType } from './data-type.ts'
import type { IdentityReport } from './device-identity.ts'
import type { DeviceHealth, SourceHealth } from './health.ts'
import type { Plain } from './plain-value.ts'

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
  /** Values that were to be written, by how that ended; a write may take several requests. */
  readonly writes?: Readonly<Partial<Record<CommandState, number>>>
  /** From sending to the answer, of lately. */
  readonly roundTrip?: { readonly p50: Milliseconds; readonly p99: Milliseconds }
  /** Bytes of data that answers carried, and of these that tags have; the rest lies between tags. */
  readonly read?: { readonly bytes: number; readonly used: number }
  /** Milliseconds of the epoch. */
  readonly lastAnswerAt?: number
}

/** A device as its line sees it. */
export interface DeviceDiagnostics extends DeviceHealth, RequestFigures {
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

/** An address that is to be read once; each setting as a configuration has it, but still a text that may be wrong. */
export interface WantedReading {
  readonly source: string
  /** Its key; absent: the only device of the source. */
  readonly device?: string | undefined
  readonly address: string
  /** OPC UA data type; absent: what the address says. */
  readonly type?: string | undefined
  readonly encoding?: string | undefined
  readonly byteOrder?: string | undefined
  readonly wordOrder?: string | undefined
  readonly order?: string | undefined
  readonly length?: string | undefined
}

/** What a device said of an address. */
export interface ReadingReport {
  readonly address: string
  readonly type: DataType
  /** null: there is no usable value, `status` says why. */
  readonly value: Exclude<Plain, Uint8Array> | readonly Plain[]
  /** Name of the StatusCode; null: the device is busy, and says nothing of the value. */
  readonly status: string | null
  /** How long the device took. */
  readonly ms: Milliseconds
  /** What went over its connection meanwhile, where that is traced. */
  readonly frames?: readonly FrameRecord[]
}

/** Why an address was not read. */
export interface ReadProblem {
  /**
   * `unknown`: no such source or device; `invalid`: no such address; `busy`: another one is being read; `unconnected`:
   * there is no connection to ask over; `unanswered`: the device did not answer, or nothing valid; `refused`: it does not
   * tell.
   */
  readonly problem: 'unknown' | 'invalid' | 'busy' | 'unconnected' | 'unanswered' | 'refused'
  /** In words, with what to do. */
  readonly error: string
}

export type ReadAnswer = ReadingReport | ReadProblem

/** A device that is to say what it is; `device` absent: the only one of the source. */
export interface WantedIdentity {
  readonly source: string
  readonly device?: string | undefined
}

export type IdentityAnswer = IdentityReport | ReadProblem
