import type { Clock, Milliseconds } from '../core/clock.ts'
import type { Logger } from '../core/logger.ts'
import type { TraceHealth } from '../core/thread-health.ts'

/** Spans that wait to be sent: some megabytes at the most. */
const MOST_WAITING = 2_048
const A_BATCH = 512
const SEND_EVERY: Milliseconds = 2_000
/** After a failure the collector is left alone, ever longer. */
const FIRST_PAUSE: Milliseconds = 5_000
const LONGEST_PAUSE: Milliseconds = 60_000

export type SendSpans<Span> = (
  spans: Span[],
  done: (result: { readonly code: number; readonly error?: Error }) => void,
) => void

/**
 * Ended spans on their way to the collector: one batch at a time, and no more waiting than fits. What finds no place,
 * or was in a batch that the collector did not take, is dropped and counted, which is said once until batches arrive
 * again: a collector that is dead or slow costs nothing else.
 */
export class SpanQueue<Span> {
  readonly #send: SendSpans<Span>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #endpoint: string
  readonly #stopTimer: () => void
  #waiting: Span[] = []
  #sending: Promise<void> | undefined
  #notBefore: Milliseconds = 0
  #failures = 0
  #exported = 0
  #dropped = 0
  #isTold = false

  constructor(parts: { send: SendSpans<Span>; endpoint: string; clock: Clock; log: Logger }) {
    this.#send = parts.send
    this.#endpoint = parts.endpoint
    this.#clock = parts.clock
    this.#log = parts.log
    this.#stopTimer = parts.clock.every(SEND_EVERY, () => this.#sendSome())
  }

  get health(): TraceHealth {
    return { exported: this.#exported, dropped: this.#dropped, waiting: this.#waiting.length }
  }

  add(span: Span): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#drop(1, 'more ended than it took')
      return
    }
    this.#waiting.push(span)
    if (this.#waiting.length >= A_BATCH) this.#sendSome()
  }

  /** Sends what waits, unless the collector failed of late; resolves when it is answered, or `within` is over. */
  async stop(within: Milliseconds): Promise<void> {
    this.#stopTimer()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = this.#clock.after(within, resolve)
    const all = async () => {
      await this.#sending
      while (this.#waiting.length > 0 && this.#failures === 0) {
        this.#sendSome()
        await this.#sending
      }
    }
    await Promise.race([all(), late])
    cancel()
  }

  #sendSome(): void {
    if (this.#sending || this.#waiting.length === 0 || this.#clock.monotonic() < this.#notBefore) return
    const batch = this.#waiting.splice(0, A_BATCH)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#sending = promise
    this.#send(batch, ({ code, error }) => {
      this.#sending = undefined
      if (code === 0) this.#arrived(batch.length)
      else this.#failed(batch.length, error)
      resolve()
      if (code === 0 && this.#waiting.length >= A_BATCH) this.#sendSome()
    })
  }

  #arrived(spans: number): void {
    this.#exported += spans
    this.#failures = 0
    this.#notBefore = 0
    if (!this.#isTold) return
    this.#isTold = false
    this.#log.info({ endpoint: this.#endpoint, dropped: this.#dropped }, 'The collector takes spans again')
  }

  #failed(spans: number, error: Error | undefined): void {
    this.#notBefore =
      this.#clock.monotonic() + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(this.#failures++, 8))
    this.#drop(spans, error?.message.slice(0, 200) ?? 'it did not take them')
  }

  #drop(spans: number, cause: string): void {
    this.#dropped += spans
    if (this.#isTold) return
    this.#isTold = true
    this.#log.warn(
      { endpoint: this.#endpoint, cause },
      'Spans do not reach the collector (telemetry.otlp.endpoint) and are dropped; nothing else suffers. How many, ' +
        'penstock_trace_spans_dropped_total counts',
    )
  }
}
