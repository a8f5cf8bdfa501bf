import { Backoff } from '../../core/backoff.ts'
import { type Milliseconds, pause } from '../../core/clock.ts'
import { isRetryable, type PenstockError } from '../../core/errors.ts'
import type { SourceContext } from '../source.ts'
import type { PollSession, PollTarget } from './poll-target.ts'

/**
 * Calls under way at once. Each takes a connection to the database of the ten that ChirpStack has by default, of
 * which it needs the others for uplinks.
 */
const CALLS_AT_ONCE = 4
/** What could not be answered is asked for again before the next round. */
const RETRY = { first: 2_000, most: 60_000 }

export interface MetricsPollOptions {
  readonly targets: readonly PollTarget[]
  readonly period: Milliseconds
  readonly context: Pick<SourceContext, 'clock' | 'log' | 'random' | 'report'>
  /** What is asked before the others, which need its answer. */
  readonly first: readonly PollTarget[]
}

/**
 * Asks for the metrics of every target once a period, a few at a time and in the order of their ids, on a grid: a round
 * that takes longer than the period leaves out the next ones, which is counted and said. One that fails harms no other.
 */
export class MetricsPoll {
  readonly #options: MetricsPollOptions
  readonly #targets: readonly PollTarget[]
  #trouble = ''

  constructor(options: MetricsPollOptions) {
    this.#options = options
    this.#targets = options.targets.toSorted((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id)))
  }

  /** Why the rounds cannot keep their period; empty when they do. */
  get trouble(): string {
    return this.#trouble
  }

  /** Polls until `signal` aborts; never rejects. */
  async run(session: PollSession, signal: AbortSignal): Promise<void> {
    const { first, context } = this.#options
    const { clock, random } = context
    const backoff = new Backoff(RETRY, random)
    let due = clock.monotonic()
    let failed: readonly PollTarget[] = []
    while (!signal.aborted && first.length + this.#targets.length > 0) {
      if (clock.monotonic() >= due) {
        backoff.reset()
        const headless = await this.#ask(first, session, signal)
        failed = [...headless, ...(await this.#ask(this.#targets, session, signal))]
        if (signal.aborted) return
        due = this.#keepGrid(due, session)
      } else failed = await this.#ask(failed, session, signal, due)
      const untilDue = due - clock.monotonic()
      await pause(clock, Math.max(0, failed.length > 0 ? Math.min(untilDue, backoff.next()) : untilDue), signal)
    }
  }

  /** The session has ended: nothing is known any more. */
  disconnected(): void {
    for (const target of [...this.#options.first, ...this.#targets]) target.disconnected()
  }

  /** When the next round is due after the one of `due`, which has just ended. */
  #keepGrid(due: Milliseconds, { changed }: PollSession): Milliseconds {
    const { period, context } = this.#options
    const took = context.clock.monotonic() - due
    const missed = took > period ? Math.floor(took / period) : 0
    const before = this.#trouble
    if (missed === 0) this.#trouble = ''
    else if (before === '') this.#trouble = this.#overrun(took)
    if (missed > 0) context.report.count('skippedCycles', missed)
    if (before !== this.#trouble) {
      if (before === '') context.log.warn({ tookMs: Math.round(took), periodMs: period }, this.#trouble)
      else
        context.log.info({ tookMs: Math.round(took), periodMs: period }, 'Metrics are read within their period again')
      changed()
    }
    return due + (missed + 1) * period
  }

  #overrun(took: Milliseconds): string {
    const seconds = (duration: Milliseconds) => `${Math.ceil(duration / 100) / 10} s`
    return (
      `The metrics of ${this.#targets.length} devices and gateways took ${seconds(took)} to read, longer than their ` +
      `period of ${seconds(this.#options.period)}: rounds are left out. Make metricsPeriod longer, or see why ` +
      'ChirpStack answers slowly.'
    )
  }

  /** Those that failed and may be asked again; nothing is begun after `until`. */
  async #ask(
    targets: readonly PollTarget[],
    session: PollSession,
    signal: AbortSignal,
    until = Number.POSITIVE_INFINITY,
  ): Promise<PollTarget[]> {
    const { clock } = this.#options.context
    const waiting = [...targets]
    const failed: PollTarget[] = []
    const ask = async () => {
      while (!signal.aborted && clock.monotonic() < until) {
        const target = waiting.shift()
        if (!target) return
        const failure = await target.ask(session)
        if (!failure || signal.aborted) continue
        this.#heed(failure, session)
        if (isRetryable(failure) || failure.code === 'STOPPED') failed.push(target)
      }
    }
    await Promise.all(Array.from({ length: Math.min(CALLS_AT_ONCE, targets.length) }, ask))
    return [...failed, ...waiting]
  }

  /** One refused or broken call proves nothing about the key or the other devices; the session asks again. */
  #heed({ code }: PenstockError, { doubt }: PollSession): void {
    const { report } = this.#options.context
    if (code === 'TIMEOUT') report.count('timeouts')
    const refused = code === 'ACCESS_DENIED' || code === 'REQUEST_REFUSED'
    if (refused) report.count('refusals')
    if (code !== 'STOPPED') doubt(refused)
  }
}
