import type { Clock, Milliseconds, Moment } from '../core/clock.ts'
import type { CommandState } from '../core/command.ts'
import type { RequestFailure, RequestFigures } from '../core/diagnostics.ts'
import { DurationHistogram } from '../core/duration-histogram.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { RequestRecorder } from './request-recorder.ts'

/** The window over which the line's load is taken, in slots. */
const SLOT: Milliseconds = 5_000
const SLOTS = 12

const failureOf: Readonly<Partial<Record<ErrorCode, RequestFailure>>> = {
  TIMEOUT: 'timeout',
  PROTOCOL_VIOLATION: 'violation',
  CONNECTION_LOST: 'lost',
}

/** The counts of one device. */
class Tally {
  readonly roundTrips = new DurationHistogram()
  readonly failures: Record<RequestFailure, number> = { timeout: 0, violation: 0, lost: 0 }
  readonly refusals = new Map<string, number>()
  readonly writes = new Map<CommandState, number>()
  requests = 0
  answered = 0
  bytes = 0
  used = 0
  lastAnswerAt = 0
}

/** How the requests to each device of a line fare, since it was made; noting one allocates nothing. */
export class LineFigures implements RequestRecorder {
  readonly since: number
  readonly #clock: Clock
  readonly #startedAt: Milliseconds
  readonly #devices = new Map<string, Tally>()
  /** Time that requests took, by slot. */
  readonly #busy = new Float64Array(SLOTS + 1)
  #slot: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.since = clock.now()
    this.#startedAt = clock.monotonic()
    this.#slot = Math.floor(this.#startedAt / SLOT)
  }

  answered(deviceKey: string, took: Milliseconds, bytes: number, used: number, at?: Moment): void {
    const tally = this.#of(deviceKey)
    tally.requests++
    tally.answered++
    tally.roundTrips.note(took)
    tally.bytes += bytes
    tally.used += used
    tally.lastAnswerAt = at?.now ?? this.#clock.now()
    this.#spend(took, at?.monotonic)
  }

  failed(deviceKey: string, took: Milliseconds, code: ErrorCode): void {
    const failure = failureOf[code]
    // Ended by ourselves: it says nothing about the device.
    if (!failure) return
    const tally = this.#of(deviceKey)
    tally.requests++
    tally.failures[failure]++
    this.#spend(took)
  }

  refused(deviceKey: string, code: string): void {
    const { refusals } = this.#of(deviceKey)
    refusals.set(code, (refusals.get(code) ?? 0) + 1)
  }

  /** How a write to the device ended. */
  wrote(deviceKey: string, state: CommandState): void {
    const { writes } = this.#of(deviceKey)
    writes.set(state, (writes.get(state) ?? 0) + 1)
  }

  device(key: string): RequestFigures {
    const tally = this.#devices.get(key)
    return figuresOf(tally ? [tally] : [])
  }

  /** All devices together. */
  line(): RequestFigures & { readonly underWay: number } {
    const now = this.#clock.monotonic()
    this.#advance(now)
    const sum = this.#busy.reduce((total, each) => total + each, 0)
    const window = Math.min(now - this.#startedAt, SLOTS * SLOT + (now % SLOT))
    return { ...figuresOf([...this.#devices.values()]), underWay: window > 0 ? Math.max(0, sum / window) : 0 }
  }

  /** Devices that are gone are forgotten. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#devices.keys()) if (!keys.has(key)) this.#devices.delete(key)
  }

  #of(key: string): Tally {
    const known = this.#devices.get(key)
    if (known) return known
    const tally = new Tally()
    this.#devices.set(key, tally)
    return tally
  }

  #spend(took: Milliseconds, now = this.#clock.monotonic()): void {
    this.#advance(now)
    this.#busy[this.#slot % this.#busy.length]! += took
  }

  #advance(now: Milliseconds): void {
    const slot = Math.floor(now / SLOT)
    if (slot - this.#slot > this.#busy.length) this.#busy.fill(0)
    else for (let each = this.#slot + 1; each <= slot; each++) this.#busy[each % this.#busy.length] = 0
    this.#slot = slot
  }
}

function figuresOf(tallies: readonly Tally[]): RequestFigures {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0)
  const histograms = tallies.map(({ roundTrips }) => roundTrips)
  const p50 = DurationHistogram.percentile(histograms, 0.5)
  const p99 = DurationHistogram.percentile(histograms, 0.99)
  const bytes = sum((tally) => tally.bytes)
  const lastAnswerAt = Math.max(0, ...tallies.map((tally) => tally.lastAnswerAt))
  const failures: Partial<Record<RequestFailure, number>> = {}
  for (const failure of ['timeout', 'violation', 'lost'] as const) {
    const count = sum((tally) => tally.failures[failure])
    if (count > 0) failures[failure] = count
  }
  const refusals = summed(tallies.map((tally) => tally.refusals))
  const writes = summed(tallies.map((tally) => tally.writes))
  return {
    requests: sum((tally) => tally.requests),
    answered: sum((tally) => tally.answered),
    failures,
    refusals,
    ...(p50 !== undefined && p99 !== undefined ? { roundTrip: { p50: rounded(p50), p99: rounded(p99) } } : {}),
    ...(bytes > 0 ? { read: { bytes, used: sum((tally) => tally.used) } } : {}),
    ...(Object.keys(writes).length > 0 ? { writes } : {}),
    ...(lastAnswerAt > 0 ? { lastAnswerAt } : {}),
  }
}

function summed<Key extends string>(counts: readonly ReadonlyMap<Key, number>[]): Record<Key, number> {
  const sums = {} as Record<Key, number>
  for (const each of counts) for (const [key, count] of each) sums[key] = (sums[key] ?? 0) + count
  return sums
}

const rounded = (time: Milliseconds): Milliseconds => Number(time.toPrecision(2))
