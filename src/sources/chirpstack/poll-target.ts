import type { Milliseconds } from '../../core/clock.ts'
import { describeError, type PenstockError } from '../../core/errors.ts'
import { StatusCode } from '../../core/status-code.ts'
import type { TagIndex } from '../../core/tag-index.ts'
import type { SourceContext } from '../source.ts'
import type { ChirpStackApi } from './api.ts'
import { asPenstockError } from './penstock-error.ts'

export interface PollTargetOptions {
  /** DevEUI or gateway id. */
  readonly id: string
  /** What log lines say of it. */
  readonly about: Readonly<Record<string, string>>
  /** All that its answers feed. */
  readonly tags: () => readonly TagIndex[]
  /** The list says that it is there; undefined: no list was read yet. */
  readonly listed: () => boolean | undefined
  readonly read: (api: ChirpStackApi, now: Milliseconds) => Promise<void>
  /** The server refuses to answer this one: its tags turn `status`. */
  readonly refuse: (status: StatusCode, now: Milliseconds) => void
  /** Why it is not answered; empty: it is. */
  readonly onFault: (fault: string) => void
  readonly context: Pick<SourceContext, 'clock' | 'log' | 'sink'>
}

/** What a session lends to those who ask, for as long as it stands. */
export interface PollSession {
  /** The one that stands just now: a session makes it anew after a failure. */
  readonly api: () => ChirpStackApi
  /** Monotonic time at which the last proof of the key began that succeeded. */
  readonly provedAt: () => Milliseconds
  /** A call failed, after which key and connection must be proved again; `refused`: and the list of devices read. */
  readonly doubt: (refused: boolean) => void
  /** What the polling has to say of itself is different now. */
  readonly changed: () => void
}

/** A device or gateway whose metrics are asked for, and how that goes. Outlives connections. */
export class PollTarget {
  readonly #options: PollTargetOptions
  #lost = false
  /** Monotonic time of the first of the refusals in a row. */
  #refusedAt: Milliseconds | undefined
  #fault = ''

  constructor(options: PollTargetOptions) {
    this.#options = options
  }

  get id(): string {
    return this.#options.id
  }

  /** Asks, and gives the tags what is answered; resolves with why there was no answer. Never rejects. */
  async ask({ api, provedAt }: Pick<PollSession, 'api' | 'provedAt'>): Promise<PenstockError | undefined> {
    const { listed, read, tags, context } = this.#options
    const { clock, sink } = context
    // What the tenant has not would be refused as a wrong key is; the list tells when it is there.
    if (listed() === false) {
      this.lost()
      this.#tell('')
      return undefined
    }
    try {
      await read(api(), clock.now())
    } catch (error) {
      return this.#failed(asPenstockError(error), provedAt())
    }
    if (this.#lost) sink.restored(tags())
    this.#lost = false
    this.#refusedAt = undefined
    this.#tell('')
    return undefined
  }

  /** Nothing is answered any more. */
  lost(): void {
    if (!this.#lost) this.#options.context.sink.lost(this.#options.tags())
    this.#lost = true
  }

  /** The session that proved the key has ended. */
  disconnected(): void {
    this.lost()
    this.#refusedAt = undefined
  }

  #failed(failure: PenstockError, provedAt: Milliseconds): PenstockError {
    const { clock } = this.#options.context
    const denied = failure.code === 'ACCESS_DENIED'
    // Where the key was proved since it was refused here first, it is this device that it may not read.
    const forGood = denied && this.#refusedAt !== undefined && provedAt > this.#refusedAt
    if (forGood || failure.code === 'REQUEST_REFUSED') {
      this.#options.refuse(denied ? StatusCode.BadUserAccessDenied : StatusCode.BadConfigurationError, clock.now())
      this.#lost = false
    } else this.lost()
    this.#refusedAt = denied ? (this.#refusedAt ?? clock.monotonic()) : undefined
    if (failure.code !== 'STOPPED') this.#tell(`${describeError(failure)}. It is asked again by itself.`)
    return failure
  }

  #tell(fault: string): void {
    if (fault === this.#fault) return
    const { about, context, onFault } = this.#options
    if (fault !== '' && this.#fault === '')
      context.log.warn({ ...about, cause: fault }, 'ChirpStack does not answer what is asked of it')
    this.#fault = fault
    onFault(fault)
  }
}
