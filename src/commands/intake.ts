import type { Clock, Milliseconds } from '../core/clock.ts'
import type { CommandAnswer, CommandRequest, CommandSettings, Refusal } from '../core/command.ts'
import type { CommandJournal, NewCommand, StoredCommand } from '../core/command-journal.ts'
import { describeError } from '../core/errors.ts'
import { nearest } from '../core/nearest.ts'
import { isBad, StatusCode } from '../core/status-code.ts'
import { orderText } from '../core/stored-value.ts'
import type { TagValues } from '../core/tag-values.ts'
import { type CommandBook, recordOf } from './command-book.ts'
import { type Definition, defineRequest, isRefusal, type Place } from './definitions.ts'
import type { Directory } from './directory.ts'
import { brokenGuard } from './guards.ts'
import type { Outlets } from './outlets.ts'
import { steadyTime } from './time-left.ts'

/** How long an idempotency key is remembered. */
export const KEY_HOLDS: Milliseconds = 86_400_000
const LONGEST_KEY = 200
/** As configurations have it. */
const LONGEST_WAIT: Milliseconds = 30 * 86_400_000

export interface IntakeParts {
  readonly book: CommandBook
  readonly journal: CommandJournal
  readonly directory: Directory
  readonly values: TagValues
  readonly outlets: Outlets
  readonly clock: Clock
  readonly settings: CommandSettings
}

/** Accepts commands: what is wrong with one is said at once, and of what is refused nothing is kept. */
export class Intake {
  readonly #parts: IntakeParts
  /** Requests whose commit is under way, by user and idempotency key. */
  readonly #underWay = new Map<string, { readonly what: string; readonly answer: Promise<CommandAnswer> }>()
  /** Accepted, but not on disk yet: they take places in the queues. */
  readonly #places = new Map<string, number>()
  #placed = 0
  readonly #steadyTime: () => Milliseconds

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#steadyTime = steadyTime(parts.clock)
  }

  /** Answers when the command is on disk, or why it is refused. */
  async request(request: CommandRequest): Promise<CommandAnswer> {
    const { by, idempotencyKey } = request
    if (idempotencyKey === undefined) return this.#accept(request)
    if (idempotencyKey === '' || idempotencyKey.length > LONGEST_KEY) {
      return refused(StatusCode.BadInvalidArgument, `An idempotency key has 1 to ${LONGEST_KEY} characters.`)
    }
    const place = this.#parts.directory.place(request.device)
    const defined = place && defineRequest(place, request)
    const order = defined && !isRefusal(defined) ? defined.order : request.order
    const what = `${request.device} ${orderText(order)}`
    const name = JSON.stringify([by.user, idempotencyKey])
    const underWay = this.#underWay.get(name)
    if (underWay) return underWay.what === what ? underWay.answer : keyIsTaken()
    const since = Math.min(this.#parts.clock.now(), this.#steadyTime()) - KEY_HOLDS
    const known = this.#parts.journal.byKey(by.user, idempotencyKey, since)
    if (known) {
      return `${known.device} ${orderText(known.order)}` === what ? { accepted: recordOf(known) } : keyIsTaken(known)
    }
    const answer = this.#accept(request)
    this.#underWay.set(name, { what, answer })
    try {
      return await answer
    } finally {
      this.#underWay.delete(name)
    }
  }

  async #accept(request: CommandRequest): Promise<CommandAnswer> {
    const now = this.#parts.clock.now()
    const place = this.#parts.directory.place(request.device)
    if (!place) return { refused: this.#unknownDevice(request.device) }
    const defined = defineRequest(place, request)
    if (isRefusal(defined)) return { refused: defined }
    const asked = request.deadline === undefined ? undefined : Math.floor(request.deadline)
    const deadline = asked ?? now + (defined.expiresAfterMs ?? this.#parts.settings.expiresAfterMs)
    const refusal = this.#refusalOf(request, defined, place, deadline, now)
    if (refusal) return { refused: refusal }
    const lane = this.#parts.book.lane(request.device)
    const replaced = defined.latestWins ? lane.waiting.filter(({ subject }) => subject === defined.subject) : []
    const full = this.#full(request.device, lane.waiting.length - replaced.length, replaced.length)
    if (full) return { refused: full }
    return this.#write(
      newCommand(request, defined, { now, deadline, before: this.#valueBefore(request, defined) }),
      replaced,
    )
  }

  #refusalOf(
    { device, confirmed, deadline: asked, priority = 0 }: CommandRequest,
    { order, onlyWhen, needsConfirmation, subject }: Definition,
    { source }: Place,
    deadline: number,
    now: Milliseconds,
  ): Refusal | undefined {
    if (!Number.isSafeInteger(priority) || Math.abs(priority) > 1_000) {
      return { status: StatusCode.BadInvalidArgument, reason: 'A priority is a whole number from -1000 to 1000.' }
    }
    if (asked !== undefined && !(Number.isFinite(asked) && asked > now)) {
      return { status: StatusCode.BadTimeout, reason: 'Its deadline has passed already; ask again with a later one.' }
    }
    if (asked !== undefined && asked > now + LONGEST_WAIT) {
      return { status: StatusCode.BadInvalidArgument, reason: 'A deadline is at most 30 days from now.' }
    }
    if (needsConfirmation && confirmed !== true) {
      const reason = `${device}/${subject} must be confirmed: ask again, and say that it is meant.`
      return { status: StatusCode.BadRequestNotAllowed, reason }
    }
    const broken = brokenGuard(onlyWhen, this.#parts.values)
    if (broken) return broken
    const running = this.#parts.outlets.of(source.key)
    if (!running) return undefined
    if (!running.outlet) return takesNone(source.key)
    // It has no number yet.
    return running.outlet.check({ id: 0, device, order, deadline })
  }

  /** Places are counted with those that are just being written. */
  #full(device: string, waiting: number, leaving: number): Refusal | undefined {
    const { settings, book } = this.#parts
    if (waiting + (this.#places.get(device) ?? 0) >= settings.queueLength) {
      const reason =
        `${settings.queueLength} commands wait for "${device}" already (commands.queueLength): ` +
        'wait until they are done, or cancel some.'
      return { status: StatusCode.BadTooManyOperations, reason }
    }
    if (book.queued - leaving + this.#placed < settings.totalQueueLength) return undefined
    const reason =
      `${settings.totalQueueLength} commands wait for all devices together already (commands.totalQueueLength): ` +
      'wait until some are done, or cancel some.'
    return { status: StatusCode.BadResourceUnavailable, reason }
  }

  async #write(command: NewCommand, replaced: readonly StoredCommand[]): Promise<CommandAnswer> {
    const { device } = command
    this.#places.set(device, (this.#places.get(device) ?? 0) + 1)
    this.#placed++
    try {
      return { accepted: recordOf(await this.#parts.book.accept(command, replaced)) }
    } catch (error) {
      const reason = `It could not be written to the data folder (${describeError(error)}), and is not done.`
      return refused(StatusCode.BadResourceUnavailable, reason)
    } finally {
      this.#placed--
      const left = (this.#places.get(device) ?? 1) - 1
      if (left > 0) this.#places.set(device, left)
      else this.#places.delete(device)
    }
  }

  #valueBefore({ device }: CommandRequest, { order }: Definition): unknown {
    if (order.kind !== 'write') return undefined
    const tag = this.#parts.values.tag(`${device}/${order.tag}`)
    if (!tag || isBad(this.#parts.values.table.status[tag.index] as number)) return undefined
    return auditValue(this.#parts.values.table.value(tag.index))
  }

  #unknownDevice(device: string): Refusal {
    const meant = nearest(device, this.#parts.directory.devices)
    const hint = meant === undefined ? 'Devices are named by their key.' : `Did you mean ${meant}?`
    return { status: StatusCode.BadNodeIdUnknown, reason: `There is no device "${device}". ${hint}` }
  }
}

function newCommand(
  { device, by, priority = 0, idempotencyKey }: CommandRequest,
  { order, subject }: Definition,
  { now, deadline, before }: { now: Milliseconds; deadline: number; before: unknown },
): NewCommand {
  return { device, subject, order, by, priority, acceptedAt: now, deadline, idempotencyKey, before }
}

export const takesNone = (source: string): Refusal => ({
  status: StatusCode.BadNotSupported,
  reason: `The source "${source}" takes no commands.`,
})

const refused = (status: number, reason: string): CommandAnswer => ({ refused: { status, reason } })

function keyIsTaken(known?: StoredCommand): CommandAnswer {
  const by = known ? `command ${known.id}` : 'another command'
  return refused(StatusCode.BadInvalidArgument, `This idempotency key belongs to ${by}, which asks for something else.`)
}

function auditValue(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return Array.isArray(value) ? value.map(auditValue) : value
}
