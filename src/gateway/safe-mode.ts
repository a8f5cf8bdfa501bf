import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'

export interface SafeModeState {
  /** Milliseconds of the epoch. */
  readonly since: number
  /** Why, and how to leave it. */
  readonly reason: string
}

const HOW_TO_LEAVE =
  'No source is read and no command goes out; the pages, the API and the OPC UA server run. Mend the cause (penstock ' +
  'support gathers what helps), then restart the gateway, or leave with penstock safe-mode --leave.'

/** Whether the gateway runs without its sources. */
export class SafeMode {
  readonly #clock: Clock
  readonly #log: Logger
  #state: SafeModeState | null = null

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock
    this.#log = log
  }

  get state(): SafeModeState | null {
    return this.#state
  }

  /** `why`: a sentence. */
  enter(why: string): void {
    if (this.#state) return
    this.#state = { since: this.#clock.now(), reason: `SAFE MODE: ${why} ${HOW_TO_LEAVE}` }
    this.#log.error({ cause: why }, `THE GATEWAY IS IN SAFE MODE. ${HOW_TO_LEAVE}`)
  }

  /** False: it was not in safe mode. */
  leave(): boolean {
    if (!this.#state) return false
    this.#state = null
    this.#log.info({}, 'The gateway leaves safe mode: its sources begin')
    return true
  }
}
