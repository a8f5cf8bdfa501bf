import type { Clock, Milliseconds } from '../core/clock.ts'
import type {
  Actor,
  CommandAnswer,
  CommandQuery,
  CommandRecord,
  CommandRequest,
  CommandSettings,
  CommandStep,
} from '../core/command.ts'
import type { CommandJournal } from '../core/command-journal.ts'
import type { CommandReport, Delivery } from '../core/command-outlet.ts'
import type { Logger } from '../core/logger.ts'
import type { Plant } from '../core/plant.ts'
import type { TagValues } from '../core/tag-values.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import { Cancellation } from './cancellation.ts'
import { CommandBook, recordOf, SYSTEM } from './command-book.ts'
import { CommandTraces } from './command-traces.ts'
import { defineOrder, isRefusal } from './definitions.ts'
import { Directory } from './directory.ts'
import { Dispatcher, expiry, noDevice } from './dispatcher.ts'
import { Followed } from './followed.ts'
import { Intake } from './intake.ts'
import { Intervals } from './intervals.ts'
import type { Outlets } from './outlets.ts'
import { steadyTime } from './time-left.ts'

const SWEEP_EVERY: Milliseconds = 1_000
const PRUNE_EVERY: Milliseconds = 3_600_000
/** Rows a second at most: a few milliseconds of the engine's thread. */
const PRUNE_AT_ONCE = 500
const IDLE_WITHIN: Milliseconds = 1_000

export interface CommandsParts {
  readonly journal: CommandJournal
  readonly plant: () => Plant
  readonly values: TagValues
  readonly outlets: Outlets
  readonly settings: CommandSettings
  readonly clock: Clock
  readonly log: Logger
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing
  /** These commands are in these states now, and it is on disk. */
  readonly onNews: (changed: readonly CommandRecord[]) => void
}

/** Everything about commands: accepted → queued → sent by the outlet of their source → followed to their end. */
export class Commands implements CommandReport {
  readonly #parts: CommandsParts
  readonly #book: CommandBook
  readonly #directory: Directory
  readonly #intake: Intake
  readonly #dispatcher: Dispatcher
  readonly #followed: Followed
  readonly #cancellation: Cancellation
  readonly #intervals: Intervals
  readonly #traces: CommandTraces
  #begun = false
  #nextPrune = 0
  #endSweep: (() => void) | undefined
  readonly #steadyTime: () => Milliseconds

  /** Reads what an earlier run left. */
  constructor(parts: CommandsParts) {
    this.#parts = parts
    const { journal, clock, log, values, outlets, settings } = parts
    const traces = new CommandTraces(parts.tracing ?? noTracing)
    const onNews = (changed: readonly CommandRecord[]) => {
      for (const command of changed) {
        const { id, device, state } = command
        log.debug({ device, command: id, state }, 'A command is in another state')
        traces.moved(command)
      }
      parts.onNews(changed)
    }
    const book = new CommandBook({ journal, clock, log, onNews })
    const directory = new Directory(parts.plant)
    this.#book = book
    this.#traces = traces
    this.#steadyTime = steadyTime(clock)
    this.#directory = directory
    this.#intervals = new Intervals(journal, clock)
    this.#intake = new Intake({ book, journal, directory, values, outlets, clock, settings })
    const intervals = this.#intervals
    this.#dispatcher = new Dispatcher({
      ...{ book, directory, values, outlets, intervals, clock, log, settings, traces },
      tracing: parts.tracing ?? noTracing,
    })
    this.#followed = new Followed({
      book,
      directory,
      outlets,
      onFree: (device) => this.#dispatcher.kick(device),
    })
    this.#cancellation = new Cancellation({ book, journal, directory, outlets })
  }

  /** Sources have begun: from now on commands go out. Those of which an earlier run left open whether they did, do not. */
  begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.#followed.begin()
    this.#endSweep = this.#parts.clock.every(SWEEP_EVERY, () => this.#sweep())
    this.plantChanged()
  }

  /** The source of this key is another object now. */
  sourceBegan(key: string): void {
    if (!this.#begun) return
    this.#followed.sourceBegan(key)
    for (const device of this.#book.lanes.keys()) {
      if (this.#directory.place(device)?.source.key === key) this.#dispatcher.kick(device)
    }
  }

  /** The plant is about to change, or to stop: nothing more is sent until `plantChanged`. */
  hold(): void {
    this.#dispatcher.hold()
  }

  /** What the plant has no place for any more is cancelled; the rest goes on. */
  plantChanged(): void {
    for (const { id, device, order, state } of this.#book.live.values()) {
      if (state !== 'queued') continue
      const place = this.#directory.place(device)
      const refusal = place ? defineOrder(place, order) : noDevice
      if (!isRefusal(refusal)) continue
      const { status, reason } = refusal
      const why = place ? `The configuration is another one now: ${reason}` : reason
      this.#book.move(id, { to: 'cancelled', from: ['queued'], reason: why, status, by: SYSTEM })
    }
    this.#followed.plantChanged()
    if (this.#begun) this.#dispatcher.go()
  }

  /** Ends after the sources did: what their outlets said last is written. */
  async stop(): Promise<void> {
    this.#dispatcher.hold()
    this.#dispatcher.abort()
    this.#endSweep?.()
    const { promise: late, resolve } = Promise.withResolvers<void>()
    const cancel = this.#parts.clock.after(IDLE_WITHIN, resolve)
    await Promise.race([this.#dispatcher.idle(), late])
    cancel()
    this.#book.flush()
    for (const lane of this.#book.lanes.values()) lane.wake?.()
    this.#traces.stop()
  }

  /** Answers when the command is on disk, or why it is refused. */
  async request(request: CommandRequest): Promise<CommandAnswer> {
    const answer = await this.#intake.request(request)
    if (!('accepted' in answer)) return answer
    this.#traces.accepted(answer.accepted)
    this.#dispatcher.kick(request.device)
    return answer
  }

  /** Takes a command back that has not gone out; answers with it as it is then, or why it cannot be taken back. */
  cancel(of: { readonly id: number; readonly by: Actor }): Promise<CommandAnswer> {
    return this.#cancellation.cancel(of)
  }

  /** An outlet says what became of a command. */
  news(id: number, news: Delivery): void {
    this.#traces.mentioned(id)
    this.#followed.news(id, news)
  }

  /** How many wait to be sent, of all devices. */
  get waiting(): number {
    return this.#book.queued
  }

  /** All that are not final, in the order in which they were accepted. */
  unfinished(): CommandRecord[] {
    return [...this.#book.live.values()].sort((one, other) => one.id - other.id).map(recordOf)
  }

  list(query: CommandQuery): CommandRecord[] {
    return this.#parts.journal.list(query).map(recordOf)
  }

  /** A command with the states it was in; undefined where there is none, or none any more. */
  find(id: number): { readonly command: CommandRecord; readonly steps: readonly CommandStep[] } | undefined {
    const command = this.#parts.journal.find(id)
    return command && { command: recordOf(command), steps: this.#parts.journal.steps(id) }
  }

  #sweep(): void {
    const { clock, journal, settings } = this.#parts
    for (const command of this.#book.live.values()) {
      if (command.state !== 'queued' || this.#book.timeLeft(command) > 0 || this.#book.isMoving(command.id)) continue
      const reason = command.reason || this.#whyWaiting(command.device)
      this.#book.move(command.id, { to: 'expired', from: ['queued'], ...expiry({ ...command, reason }) })
    }
    this.#followed.sweep()
    this.#book.sweep()
    if (clock.monotonic() < this.#nextPrune) return
    this.#intervals.sweep()
    const pruned = journal.prune(Math.min(clock.now(), this.#steadyTime()) - settings.keepMs, PRUNE_AT_ONCE)
    if (pruned < PRUNE_AT_ONCE) this.#nextPrune = clock.monotonic() + PRUNE_EVERY
  }

  #whyWaiting(device: string): string {
    const place = this.#directory.place(device)
    if (place && !this.#parts.outlets.of(place.source.key)) return `Its source "${place.source.key}" does not run.`
    return 'Others went before it.'
  }
}
