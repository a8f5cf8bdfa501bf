import type { Milliseconds } from '../../core/clock.ts'
import { describeError, type PenstockError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { SampleSink } from '../../core/sample.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import type { ChirpStackApi } from './api.ts'
import { asPenstockError } from './penstock-error.ts'

export interface PollTargetOptions {
  /** DevEUI or gateway id. */
  readonly id: string
  /** Key of the device in the plant. */
  readonly key: string
  /** All that its answers feed. */
  readonly tags: readonly TagIndex[]
  /** The list says that it is there; undefined: no list was read yet. */
  readonly listed: () => boolean | undefined
  readonly read: (api: ChirpStackApi, now: Milliseconds) => Promise<void>
  /** The server refuses to answer this one: its tags turn `status`. */
  readonly refuse: (status: StatusCode, now: Milliseconds) => void
  /** Why it is not answered; empty: it is. */
  readonly onFault: (fault: string) => void
  readonly sink: SampleSink
  readonly log: Logger
}

/** A device or gateway whose metrics are asked for, and how that goes. Outlives connections. */
export class PollTarget {
  readonly #options: PollTargetOptions
  #lost = false
  /** Refused when last asked: where the session stands since, it is not for the key. */
  #refused = false
  #fault = ''

  constructor(options: PollTargetOptions) {
    this.#options = options
  }

  get id(): string {
    return this.#options.id
  }

  /** Asks, and gives the tags what is answered; resolves with why there was no answer. Never rejects. */
  async ask(api: ChirpStackApi, now: Milliseconds): Promise<PenstockError | undefined> {
    const { listed, read, sink, tags } = this.#options
    // What the tenant has not would be refused as a wrong key is; the list tells when it is there.
    if (listed() === false) {
      this.lost()
      this.#tell('')
      return undefined
    }
    try {
      await read(api, now)
    } catch (error) {
      return this.#failed(asPenstockError(error), now)
    }
    if (this.#lost) sink.restored(tags)
    this.#lost = false
    this.#refused = false
    this.#tell('')
    return undefined
  }

  /** Nothing is answered any more. */
  lost(): void {
    if (!this.#lost) this.#options.sink.lost(this.#options.tags)
    this.#lost = true
  }

  /** The session that proved the key has ended. */
  disconnected(): void {
    this.lost()
    this.#refused = false
  }

  #failed(failure: PenstockError, now: Milliseconds): PenstockError {
    const denied = failure.code === 'ACCESS_DENIED'
    if ((denied && this.#refused) || failure.code === 'REQUEST_REFUSED') {
      // The key was proved since it was refused here first, so that it is this device that it may not read.
      this.#options.refuse(denied ? StatusCode.BadUserAccessDenied : StatusCode.BadConfigurationError, now)
      this.#lost = false
    } else this.lost()
    this.#refused = denied
    if (failure.code !== 'STOPPED') this.#tell(`${describeError(failure)}. It is asked again by itself.`)
    return failure
  }

  #tell(fault: string): void {
    if (fault === this.#fault) return
    const { key, id, log, onFault } = this.#options
    if (fault !== '' && this.#fault === '') log.warn({ device: key, id, cause: fault }, 'Metrics are not answered')
    this.#fault = fault
    onFault(fault)
  }
}
