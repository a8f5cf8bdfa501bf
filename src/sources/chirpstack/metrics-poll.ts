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
  readonly period: Milliseconds
  readonly context: Pick<SourceContext, 'clock' | 'log' | 'random' | 'report'>
  /** What is asked before the others, which need its answer. */
  readonly first: () => readonly PollTarget[]
}

/**
 * Asks for the metrics of every target once a period, a few at a time and in the order of their ids, on a grid: a round
 * that takes longer than the period leaves out the next ones, which is counted and said. One that fails harms no other;
 * one that comes is asked as soon as the calls under way allow, and one that goes is not asked any more.
 */
export class MetricsPoll {
  readonly #options: MetricsPollOptions
  #targets: readonly PollTarget[] = []
  #present: ReadonlySet<PollTarget> = new Set()
  /** To be asked before the next round: what is new, and what failed. */
  #again: readonly PollTarget[] = []
  #wake: AbortController | undefined
  /** Something is to be asked at once. */
  #hurry = false
  #trouble = ''

  constructor(options: MetricsPollOptions) {
    this.#options = options
  }

  join(targets: readonly PollTarget[]): void {
    if (targets.length === 0) return
    this.#have([...this.#targets, ...targets].sort((a, b) => (a.id < b.id ? -1 : Number(a.id > b.id))))
    this.askSoon(targets)
  }

  leave(targets: readonly PollTarget[]): void {
    if (targets.length === 0) return
    const leaving = new Set(targets)
    this.#have(this.#targets.filter((target) => !leaving.has(target)))
  }

  /** These, of what is asked anyway, are asked before the next round is due. */
  askSoon(targets: readonly PollTarget[]): void {
    this.#again = [...this.#again, ...targets]
    this.#hurry = true
    this.#wake?.abort()
  }

  #have(targets: readonly PollTarget[]): void {
    this.#targets = targets
    this.#present = new Set(targets)
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
    while (!signal.aborted) {
      const isRound = clock.monotonic() >= due
      const asked = isRound ? this.#targets : this.#again
      this.#again = []
      this.#hurry = false
      if (isRound) {
        backoff.reset()
        const headless = await this.#ask(first(), session, signal)
        this.#again = [...headless, ...(await this.#ask(asked, session, signal)), ...this.#again]
        if (signal.aborted) return
        due = this.#keepGrid(due, session)
      } else this.#again = [...(await this.#ask(asked, session, signal, due)), ...this.#again]
      const untilDue = due - clock.monotonic()
      await this.#sleep(this.#again.length > 0 ? Math.min(untilDue, backoff.next()) : untilDue, signal)
    }
  }

  async #sleep(wait: Milliseconds, signal: AbortSignal): Promise<void> {
    if (this.#hurry) return
    this.#wake = new AbortController()
    await pause(this.#options.context.clock, Math.max(0, wait), AbortSignal.any([signal, this.#wake.signal]))
    this.#wake = undefined
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
        if (!this.#isPresent(target)) continue
        const failure = await target.ask(session)
        if (!failure || signal.aborted) continue
        this.#heed(failure, session)
        if (isRetryable(failure) || failure.code === 'STOPPED') failed.push(target)
      }
    }
    await Promise.all(Array.from({ length: Math.min(CALLS_AT_ONCE, targets.length) }, ask))
    return [...failed, ...waiting].filter((target) => this.#isPresent(target))
  }

  #isPresent(target: PollTarget): boolean {
    return this.#present.has(target) || this.#options.first().includes(target)
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
