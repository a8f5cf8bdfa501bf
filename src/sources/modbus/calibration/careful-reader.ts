import { type Clock, type Milliseconds, pause } from '../../../core/clock.ts'
import { describeError, PenstockError } from '../../../core/errors.ts'
import type { Area } from '../address.ts'
import { ModbusException } from '../exception.ts'
import { type ForbiddenRange, forbiddenBy } from '../forbidden.ts'
import type { TableReader } from '../session.ts'

/** Consecutive registers or bits of one table. */
export interface Span {
  readonly area: Area
  readonly start: number
  readonly count: number
}

export type Outcome =
  | { readonly kind: 'answered'; readonly took: Milliseconds }
  | { readonly kind: 'refused'; readonly exceptionCode: number }
  /** No valid answer: none in time, another one, or the connection went. */
  | { readonly kind: 'silent'; readonly why: string }

/** A calibration ended before it was done; what was found until then holds. */
export class CalibrationEnd extends Error {}

export interface CarefulReaderOptions {
  /** A new connection; `window` requests may be under way on it. */
  readonly connect: (window: number) => Promise<TableReader>
  /** The most requests that may be under way at once over this transport. */
  readonly mostAtOnce: number
  readonly unitId: number
  /** Never asked for: it counts as refused, without a request. */
  readonly forbidden?: readonly ForbiddenRange[]
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly mostRequests: number
  readonly mostMs: Milliseconds
}

/** Between requests while nothing is known of the device, and after each trouble. */
export const CAUTIOUS_PAUSE: Milliseconds = 200
/** How long a device is left alone that did not answer, before it is asked again, and how often. */
const RECOVERY_PAUSE: Milliseconds = 1_000
const RECOVERY_ATTEMPTS = 3
/** A busy device (exceptions 5 and 6) is asked again so often. */
const BUSY_ATTEMPTS = 3
const BUSY: readonly number[] = [5, 6]
const ILLEGAL_DATA_ADDRESS = 2
/** A gateway that cannot reach the unit. */
const UNREACHABLE: readonly number[] = [10, 11]

/** Reads one thing at a time, with a pause before each, within a budget; makes sure after trouble that all is well. */
export class CarefulReader {
  pauseMs: Milliseconds = CAUTIOUS_PAUSE
  requests = 0
  readonly #options: CarefulReaderOptions
  readonly #startedAt: Milliseconds
  #tables: TableReader | undefined
  #window = 1
  #lost = false
  #endedAt: Milliseconds = Number.NEGATIVE_INFINITY

  constructor(options: CarefulReaderOptions) {
    this.#options = options
    this.#startedAt = options.clock.monotonic()
  }

  get mostAtOnce(): number {
    return this.#options.mostAtOnce
  }

  isForbidden({ area, start, count }: Span): boolean {
    return forbiddenBy(this.#options.forbidden ?? [], area, start, count) !== undefined
  }

  /** Throws CalibrationEnd when the budget is used up, and what the first `connect` rejects with. */
  async ask(span: Span): Promise<Outcome> {
    if (this.isForbidden(span)) return { kind: 'refused', exceptionCode: ILLEGAL_DATA_ADDRESS }
    for (let attempt = 1; ; attempt++) {
      await this.#rest(this.pauseMs)
      const [outcome] = await this.#send([span])
      const busy = outcome?.kind === 'refused' && BUSY.includes(outcome.exceptionCode)
      if (outcome && (!busy || attempt === BUSY_ATTEMPTS)) return outcome
      await this.#rest(RECOVERY_PAUSE)
    }
  }

  /** Asks for the same `times` at once, on a connection that allows it. */
  async askAtOnce(span: Span, times: number): Promise<Outcome[]> {
    await this.#connectFor(times)
    await this.#rest(this.pauseMs)
    return this.#send(Array.from({ length: times }, () => span))
  }

  /** After silence: proves with `known`, which was answered before, that the device is well. Throws CalibrationEnd. */
  async recover(known: Span): Promise<void> {
    let why = ''
    await this.#connectFor(1)
    for (let attempt = 0; attempt < RECOVERY_ATTEMPTS; attempt++) {
      await this.#rest(RECOVERY_PAUSE)
      const [outcome] = await this.#send([known])
      if (outcome?.kind === 'answered') return
      why = outcome?.kind === 'silent' ? outcome.why : 'it refuses what it gave before'
    }
    throw new CalibrationEnd(`the device does not answer any more and is left alone: ${why}`)
  }

  async close(): Promise<void> {
    const tables = this.#tables
    this.#tables = undefined
    await tables?.close()
  }

  async #send(spans: readonly Span[]): Promise<Outcome[]> {
    const { unitId, clock, signal, mostRequests, mostMs } = this.#options
    if (signal.aborted) throw new CalibrationEnd('it was interrupted')
    if (this.requests + spans.length > mostRequests) throw new CalibrationEnd(`${mostRequests} requests were sent`)
    if (clock.monotonic() - this.#startedAt > mostMs) throw new CalibrationEnd(`${mostMs / 1_000} s have passed`)
    if (this.#lost) await this.#connectFor(this.#window)
    this.#tables ??= await this.#open()
    const tables = this.#tables
    this.requests += spans.length
    const outcomes = await Promise.all(
      spans.map(async ({ area, start, count }): Promise<Outcome> => {
        const sentAt = clock.monotonic()
        try {
          await tables.read(unitId, area, start, count)
          return { kind: 'answered', took: clock.monotonic() - sentAt }
        } catch (error) {
          return this.#failure(error)
        }
      }),
    )
    this.#endedAt = clock.monotonic()
    return outcomes
  }

  #failure(error: unknown): Outcome {
    if (!(error instanceof PenstockError)) throw error
    if (error instanceof ModbusException && !UNREACHABLE.includes(error.exceptionCode)) {
      return { kind: 'refused', exceptionCode: error.exceptionCode }
    }
    if (error.code === 'CONNECTION_LOST') this.#lost = true
    return { kind: 'silent', why: describeError(error) }
  }

  /** One connection at a time: many devices take no second one. */
  async #connectFor(window: number): Promise<void> {
    if (this.#tables && !this.#lost && this.#window === window) return
    await this.close()
    if (this.#lost) await this.#rest(RECOVERY_PAUSE)
    this.#lost = false
    this.#window = window
    this.#tables = await this.#open()
  }

  /** The first connection has to be there; a later one may need a while. */
  async #open(): Promise<TableReader> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#options.connect(this.#window)
      } catch (error) {
        if (this.requests === 0) throw error
        if (attempt === RECOVERY_ATTEMPTS) {
          throw new CalibrationEnd(`the device takes no new connection: ${describeError(error)}`)
        }
      }
      this.#endedAt = this.#options.clock.monotonic()
      await this.#rest(RECOVERY_PAUSE)
    }
  }

  async #rest(least: Milliseconds): Promise<void> {
    const { clock, signal } = this.#options
    const left = this.#endedAt + least - clock.monotonic()
    if (left > 0) await pause(clock, left, signal)
  }
}
