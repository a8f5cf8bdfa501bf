import type { Clock, Milliseconds } from '../core/clock.ts'
import { type CommandSettings, isFinished, nextStates, type Refusal } from '../core/command.ts'
import type { StoredCommand } from '../core/command-journal.ts'
import type { CommandOutlet, Delivery } from '../core/command-outlet.ts'
import { describeError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { StatusCode } from '../core/status-code.ts'
import type { TagValues } from '../core/tag-values.ts'
import type { Tracing } from '../core/tracing.ts'
import { type CommandBook, SYSTEM } from './command-book.ts'
import type { CommandTraces } from './command-traces.ts'
import { defineOrder, isRefusal } from './definitions.ts'
import type { DeviceLane, Sending } from './device-lane.ts'
import type { Directory } from './directory.ts'
import { brokenGuard } from './guards.ts'
import { takesNone } from './intake.ts'
import type { Intervals } from './intervals.ts'
import type { Outlets } from './outlets.ts'

const FIRST_PAUSE: Milliseconds = 1_000
const LONGEST_PAUSE: Milliseconds = 30_000
/** An outlet that says nothing for so long after the deadline has lost the command. */
const ANSWER_WITHIN: Milliseconds = 60_000

export interface DispatcherParts {
  readonly book: CommandBook
  readonly directory: Directory
  readonly values: TagValues
  readonly outlets: Outlets
  readonly intervals: Intervals
  readonly clock: Clock
  readonly log: Logger
  readonly traces: CommandTraces
  readonly tracing: Tracing
  readonly settings: CommandSettings
}

/**
 * Takes commands to their devices: of each device one at a time in their order, of several devices at once. That a
 * command is being sent is on disk before it is sent, so that no crash has it sent twice.
 */
export class Dispatcher {
  readonly #parts: DispatcherParts
  /** Devices that could be sent something, but others were; the longest waiting first. */
  readonly #ready = new Set<string>()
  readonly #underWay = new Set<Promise<void>>()
  #active = 0
  #held = true

  constructor(parts: DispatcherParts) {
    this.#parts = parts
  }

  /** Sends nothing more until `go`; what is being sent goes on. */
  hold(): void {
    this.#held = true
  }

  go(): void {
    this.#held = false
    for (const device of this.#parts.book.lanes.keys()) this.kick(device)
  }

  /** Ends what is being sent, where nothing of it has gone out yet. */
  abort(): void {
    for (const { sending } of this.#parts.book.lanes.values()) sending?.abort.abort()
  }

  /** Resolves when nothing is being sent any more. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Looks whether the device can be sent something now. */
  kick(device: string): void {
    const lane = this.#parts.book.lane(device)
    lane.wake?.()
    lane.wake = undefined
    const command = lane.head
    if (this.#held || !command || lane.sending || lane.unsettled.size > 0) return
    if (this.#active >= this.#parts.settings.parallel) {
      this.#ready.add(device)
      return
    }
    this.#ready.delete(device)
    this.#begin(lane, command)
  }

  #begin(lane: DeviceLane, command: StoredCommand): void {
    const { outlets, intervals, clock, book } = this.#parts
    const { id, device } = command
    const found = this.#checked(command)
    if ('to' in found) {
      book.move(id, { ...found, from: ['queued'] }, () => this.kick(device))
      return
    }
    const { source, minIntervalMs } = found
    const pause = Math.max(lane.notBefore - clock.monotonic(), intervals.left(command, minIntervalMs))
    if (pause > 0) {
      lane.wake = clock.after(pause, () => this.kick(device))
      return
    }
    const outlet = outlets.of(source)?.outlet
    if (!outlet) return
    const { promise: settled, resolve: settle } = Promise.withResolvers<void>()
    const sending: Sending = { id, abort: new AbortController(), settled, settle }
    lane.sending = sending
    this.#active++
    book.move(id, { to: 'sending', from: ['queued'], reason: '' }, (moved) => {
      if (moved) this.#track(this.#send(moved, sending, outlet))
      else this.#free(device, sending)
    })
  }

  /** Where it goes to in view of the plant as it is now, or why it ends before it is sent. */
  #checked(command: StoredCommand): Ready | Ended {
    const { directory, outlets, book, values } = this.#parts
    if (book.timeLeft(command) <= 0) return { to: 'expired', ...expiry(command) }
    const place = directory.place(command.device)
    if (!place) return { to: 'cancelled', ...noDevice }
    const defined = defineOrder(place, command.order)
    if (isRefusal(defined)) return { to: 'refused', ...defined }
    const broken = brokenGuard(defined.onlyWhen, values)
    if (broken) return { to: 'refused', ...broken }
    const source = place.source.key
    const running = outlets.of(source)
    if (running && !running.outlet) return { to: 'refused', ...takesNone(source) }
    return { source, minIntervalMs: defined.minIntervalMs }
  }

  #track(work: Promise<void>): void {
    const tracked = work.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }

  /** The command stands as `sending` on disk. */
  async #send(command: StoredCommand, sending: Sending, outlet: CommandOutlet): Promise<void> {
    const { intervals, directory, outlets } = this.#parts
    const place = directory.place(command.device)
    const isStill = place && outlets.of(place.source.key)?.outlet === outlet
    const undo = intervals.sent(command)
    const delivery: Delivery =
      this.#held || !isStill
        ? { state: 'queued', reason: 'Its source was stopped before it was sent.' }
        : await this.#delivered(command, sending, outlet)
    if (delivery.state === 'queued') undo()
    await this.#conclude(command, sending, outlet, delivery)
  }

  async #delivered(command: StoredCommand, { abort }: Sending, outlet: CommandOutlet): Promise<Delivery> {
    const { clock, book, traces, tracing } = this.#parts
    traces.moved(command)
    const left = Math.max(0, book.timeLeft(command))
    const { promise: silence, resolve: giveUp } = Promise.withResolvers<Delivery>()
    const cancel = clock.after(left + ANSWER_WITHIN, () => {
      abort.abort()
      giveUp(uncertain('What sends it did not say what became of it. Look at the device before it is sent again.'))
    })
    try {
      const send = () => outlet.send(book.outgoing(command), abort.signal)
      return await Promise.race([tracing.within(traces.stageOf(command.id), send), silence])
    } catch (error) {
      const { device, id } = command
      this.#parts.log.error(
        { device, command: id, cause: describeError(error) },
        'sending a command failed unexpectedly',
      )
      return uncertain(`An error of the gateway (${describeError(error)}). Look at the device before it is sent again.`)
    } finally {
      cancel()
    }
  }

  #conclude(command: StoredCommand, sending: Sending, outlet: CommandOutlet, said: Delivery): Promise<void> {
    const { book, clock } = this.#parts
    const lane = book.lane(command.device)
    const delivery = this.#meant(command, sending, outlet, said)
    const { state: to, ...why } = delivery
    if (to === 'queued') {
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(lane.failures++, 10))
      lane.notBefore = clock.monotonic() + pause
    } else lane.failures = 0
    const by = to === 'cancelled' ? (sending.cancelledBy ?? SYSTEM) : SYSTEM
    return new Promise((resolve) => {
      book.move(command.id, { to, ...why, by }, (moved) => {
        this.#free(command.device, sending)
        const now = moved ?? book.live.get(command.id)
        if (now && !isFinished(now) && now.state !== 'queued') outlet.follow?.([book.sent(now)])
        resolve()
      })
    })
  }

  /** What the outlet said, in view of what happened meanwhile. */
  #meant(command: StoredCommand, sending: Sending, outlet: CommandOutlet, said: Delivery): Delivery {
    if (said.state === 'queued') {
      if (sending.cancelledBy) {
        return {
          state: 'cancelled',
          reason: 'Taken back before it went out.',
          status: StatusCode.BadRequestCancelledByClient,
        }
      }
      if (this.#parts.book.timeLeft(command) <= 0)
        return { state: 'expired', ...expiry({ ...command, reason: said.reason }) }
      return said
    }
    if (!nextStates.sending.includes(said.state)) {
      return uncertain(`What sends it says that it is ${said.state}, which cannot be. Look at the device.`)
    }
    if (isFinished(said) || outlet.follow) return said
    return uncertain('It was sent, and nobody can say what became of it. Look at the device before it is sent again.')
  }

  #free(device: string, sending: Sending): void {
    const lane = this.#parts.book.lane(device)
    if (lane.sending === sending) lane.sending = undefined
    this.#active--
    sending.settle()
    this.kick(device)
    for (const next of this.#ready) {
      if (this.#active >= this.#parts.settings.parallel) break
      this.#ready.delete(next)
      this.kick(next)
    }
  }
}

type Ready = { readonly source: string; readonly minIntervalMs: Milliseconds | undefined }
type Ended = Refusal & { readonly to: 'expired' | 'refused' | 'cancelled' }

/** Why a command of a device that is gone is not sent. */
export const noDevice: Refusal = {
  status: StatusCode.BadNodeIdUnknown,
  reason: 'Its device is no longer in the configuration.',
}

/** Why one that waited too long was not sent. */
export const expiry = ({
  reason,
  deadline,
  acceptedAt,
}: Pick<StoredCommand, 'reason' | 'deadline' | 'acceptedAt'>): Refusal => ({
  status: StatusCode.BadTimeout,
  reason:
    `It could not be sent within ${Math.round((deadline - acceptedAt) / 100) / 10} s.` +
    (reason === '' ? '' : ` ${reason}`),
})

export const uncertain = (reason: string): Delivery => ({
  state: 'uncertain',
  reason,
  status: StatusCode.BadCommunicationError,
})
