import type { Actor } from './command.ts'

/** A device that is to be measured, while its source is off the line. */
export interface WantedCalibration {
  readonly source: string
  /** Its key; absent: the only device of the source. */
  readonly device?: string | undefined
  /** What exists there, as `holding:0-99`; absent: where its tags lie. */
  readonly ranges?: readonly string[] | undefined
  readonly mostRequests: number
  readonly seconds: number
  readonly by: Actor
}

/** Settings as the configuration has them: `timeout: 200ms`; only what the defaults do not do by themselves. */
export interface ProposedSettings {
  readonly source: Readonly<Record<string, string | number>>
  readonly device: Readonly<Record<string, number>>
}

/** One thing that was found out: what, and how it is, in words. */
export interface CalibrationFinding {
  readonly what: string
  readonly words: string
}

/** A calibration that runs, or the last one of its source. */
export interface CalibrationReport {
  readonly source: string
  readonly device: string
  /**
   * `ended`: before all was measured, by its bounds or by the device, and what was found until then holds; `cancelled`: by
   * somebody, a change of the source, or the end of the gateway; `failed`: nothing could be measured.
   */
  readonly state: 'running' | 'done' | 'ended' | 'cancelled' | 'failed'
  /** Who began it. */
  readonly by: string
  /** Milliseconds of the epoch. */
  readonly startedAt: number
  readonly endedAt?: number
  /** What is read, as `holding:0-99`. */
  readonly ranges: readonly string[]
  readonly mostRequests: number
  readonly seconds: number
  /** Sent so far. */
  readonly requests: number
  /** What was tried, in words; while it runs, the last is under way. */
  readonly steps: readonly string[]
  /** Why it ended otherwise than done. */
  readonly reason?: string
  /** While it runs, and where it was cancelled or failed, there are none. */
  readonly findings: readonly CalibrationFinding[]
  readonly proposal?: ProposedSettings
}
