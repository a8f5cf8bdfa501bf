import type { Milliseconds } from '../core/clock.ts'
import { RoundTrips } from './round-trips.ts'

/** The part of a line's time that may be spent in vain on what did not answer the last time. */
const SHARE = 0.05
/** What is saved up in quiet times, so that a device that missed one request is asked again without delay. */
const MOST_SAVED: Milliseconds = 2_000
const SHORTEST: Milliseconds = 200
/** A device may have become slower, or be another one: every so many attempts it is given its whole time. */
const PATIENT_EVERY = 6

/**
 * How much of a line's time goes to devices and addresses that do not answer: probes cost what they waited in vain,
 * out of a budget that fills with time; one that is answered is a read like any other and costs nothing. A probe waits
 * little longer than the device ever took.
 */
export class ProbeLane {
  readonly #timeoutMs: Milliseconds
  /** Of all devices on the line. */
  readonly #roundTrips = new RoundTrips()
  #budget = MOST_SAVED
  #at: Milliseconds | undefined
  #gaveUpEarly = false
  #short = true

  constructor(timeoutMs: Milliseconds) {
    this.#timeoutMs = timeoutMs
  }

  /** When the next probe may go; not after `now`: at once. */
  freeAt(now: Milliseconds): Milliseconds {
    this.#budget = Math.min(MOST_SAVED, this.#budget + (now - (this.#at ?? now)) * SHARE)
    this.#at = now
    return this.#budget > 0 ? now : now + 1 - this.#budget / SHARE
  }

  /** How long to wait for a device's answer to the probe that follows `failures` misses in a row. */
  deadline(device: RoundTrips, failures: number): Milliseconds {
    const slowest = device.slowest ?? this.#roundTrips.slowest
    if (slowest === undefined || !this.#short || failures % PATIENT_EVERY === 0) return this.#timeoutMs
    return Math.min(this.#timeoutMs, Math.max(SHORTEST, 2 * slowest))
  }

  answered(device: RoundTrips, took: Milliseconds): void {
    device.note(took)
    this.#roundTrips.note(took)
    this.#gaveUpEarly = false
  }

  /** A probe was not answered in the time it was given; `isFree`: nobody else wanted that time. */
  missed(took: Milliseconds, given: Milliseconds, isFree = false): void {
    if (!isFree) this.#budget -= took
    this.#gaveUpEarly = took >= given && given < this.#timeoutMs
  }

  /**
   * A device that had always answered missed a request. Right after a probe that was given up early, the gateway before
   * a serial line may still have been waiting for that probe's answer: then no more are given up early.
   */
  missedByTrusted(): void {
    if (this.#gaveUpEarly) this.#short = false
    this.#gaveUpEarly = false
  }
}
