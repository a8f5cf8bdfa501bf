import type { Clock, Milliseconds } from '../core/clock.ts'
import { PenstockError } from '../core/errors.ts'

/** More than anything honest has under way at once: late and repeated answers, echoes, what another master is told. */
const MOST_AT_ONCE = 32 * 1024
/** More than a serial line of 921,600 baud brings. */
const MOST_A_SECOND = 128 * 1024

/**
 * What a device sends unasked, byte by byte. Some of it is common: answers that come late, noise, the answers to another
 * master. A device or gateway that sends without end would keep the engine busy for nothing, so beyond these limits its
 * connection is to be ended; the backoff before the next one gives everybody else their time.
 */
export class UnaskedBytes {
  readonly #clock: Clock
  #credit = MOST_AT_ONCE
  #at: Milliseconds

  constructor(clock: Clock) {
    this.#clock = clock
    this.#at = clock.monotonic()
  }

  /** Whether so many more can be borne. */
  bear(bytes: number): boolean {
    const now = this.#clock.monotonic()
    this.#credit = Math.min(MOST_AT_ONCE, this.#credit + ((now - this.#at) * MOST_A_SECOND) / 1_000) - bytes
    this.#at = now
    return this.#credit >= 0
  }
}

export const tooMuchUnasked = (endpoint: string): PenstockError =>
  new PenstockError(
    'CONNECTION_LOST',
    `${endpoint} sends without end what nobody asked for (over ${MOST_A_SECOND / 1024} KiB a second), so the connection ` +
      'was ended; check that host and port are those of the device, and look for a fault in it or its gateway',
  )
