import { type Clock, type Milliseconds, pause } from '../core/clock.ts'
import { timeLeftOf } from '../core/command-outlet.ts'
import type { TagValue } from '../core/data-type.ts'
import { describeError, PenstockError } from '../core/errors.ts'
import type { DeviceBase } from '../core/plant.ts'
import type { SampleSink } from '../core/sample.ts'
import { StatusCode } from '../core/status-code.ts'
import type { DeviceTags, IndexedTag } from '../core/tag-index.ts'
import { noTracing, type Tracing } from '../core/tracing.ts'
import { isUnwritable, type Unwritable, unwritable } from '../core/transform/inverse.ts'
import type { FieldSession, ReadBlock } from './driver.ts'
import { assignmentsOf } from './field-order.ts'
import type { FieldWrite, WriteAnswer } from './field-write.ts'
import { type ReadBack, readBack } from './read-back.ts'
import type { CommandOutlet, Delivery, OutgoingCommand } from './source.ts'

/** A line with devices as far as writing to them needs it. */
export interface WritableLine {
  readonly clock: Clock
  device(key: string): DeviceTags<DeviceBase> | undefined
  planWrite(device: DeviceBase, tag: IndexedTag, value: TagValue): FieldWrite | Unwritable
  /** The request that reads a tag. */
  requestFor(tag: IndexedTag): ReadBlock
  /** Whether the connection is just being made, and it is not known yet whether it can be. */
  connecting(): boolean
  /** In words, why the device cannot be reached just now; undefined: it can. */
  trouble(deviceKey: string): string | undefined
  /** Where what the device says goes. */
  sinkOf(deviceKey: string): SampleSink | undefined
  /** Before all polls, as soon as the request under way is answered; rejects as `LineLane.run`. */
  run<T>(deviceKey: string, job: (session: FieldSession<ReadBlock>) => Promise<T>): Promise<T>
  /** Is told how each write ended. */
  wrote(deviceKey: string, state: Delivery['state']): void
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing
}

/** After a lost answer the device is asked for so long what it holds, also over a new connection. */
const SETTLE_WITHIN: Milliseconds = 10_000
const ASK_AGAIN_AFTER: Milliseconds = 100
/** Attempts to read back that are not answered. */
const MOST_UNANSWERED = 2

/** Without the codes that are for logs. */
const reasonOf = (error: unknown): string => describeError(error).replace(/ \([A-Z_]{4,}\)/g, '')

const sentence = (words: string): string => (words.endsWith('.') ? words : `${words}.`)

/** What is known right after a write. */
interface Told {
  readonly answer: WriteAnswer | { readonly kind: 'lost'; readonly cause: unknown }
  /** What was read back in the same turn. */
  readonly back?: ReadBack
}

/**
 * Takes commands to the devices of a line. Each write goes out once, whatever becomes of it, and is confirmed only by
 * what the device itself says: its answer (`confirm: echo`), or that it holds the value.
 */
export class FieldOutlet implements CommandOutlet {
  readonly #line: WritableLine

  constructor(line: WritableLine) {
    this.#line = line
  }

  check(command: OutgoingCommand): Unwritable | undefined {
    const writes = this.#plan(command)
    return isUnwritable(writes) ? writes : undefined
  }

  async send(command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    const writes = this.#plan(command)
    if (isUnwritable(writes)) return { state: 'refused', ...writes }
    const written: IndexedTag[] = []
    for (const write of writes) {
      const delivery = await this.#traced(write, command, signal)
      this.#line.wrote(command.device, delivery.state)
      if (delivery.state !== 'confirmed') return partly(delivery, written, writes)
      written.push(write.tag)
      if (writes.length === 1) return delivery
    }
    return { state: 'confirmed', reason: '' }
  }

  #plan({ device: key, order }: OutgoingCommand): readonly FieldWrite[] | Unwritable {
    const device = this.#line.device(key)
    if (!device) return unwritable(StatusCode.BadConfigurationError, `There is no device "${key}" any more.`)
    const assignments = assignmentsOf(device, order)
    if (isUnwritable(assignments)) return assignments
    const writes: FieldWrite[] = []
    for (const { tag, value } of assignments) {
      const write = this.#line.planWrite(device.device, tag, value)
      if (isUnwritable(write)) return unwritable(write.status, `${nameOf(tag)}: ${write.reason}`)
      writes.push(write)
    }
    return writes
  }

  /** From its wait for the line to what is known of it. */
  async #traced(write: FieldWrite, command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    const { tracing = noTracing } = this.#line
    const span = tracing.begin('call', 'field write', { role: 'client' })
    span?.set({ 'penstock.device': command.device, 'penstock.tag': write.tag.tag.key })
    const delivery = await tracing.within(span?.trace, () => this.#write(write, command, signal))
    span?.set({ 'penstock.command.state': delivery.state })
    if (delivery.state !== 'confirmed') span?.fail(delivery.state)
    span?.end()
    return delivery
  }

  async #write(write: FieldWrite, command: OutgoingCommand, signal: AbortSignal): Promise<Delivery> {
    const { clock } = this.#line
    const { tag } = write
    const late = () => timeLeftOf(command, clock) <= 0
    const held = (): Delivery =>
      late() && !signal.aborted
        ? {
            state: 'expired',
            status: StatusCode.BadTimeout,
            reason: `${nameOf(tag)} was not written before its deadline.`,
          }
        : { state: 'queued', reason: `${nameOf(tag)} was not written yet.` }
    if (signal.aborted || late()) return held()
    if (this.#line.connecting()) {
      return { state: 'queued', reason: `${nameOf(tag)} was not written yet: the connection is just being made.` }
    }
    const trouble = this.#line.trouble(command.device)
    if (trouble !== undefined) return unreachable(tag, trouble)
    let sent = false
    const permit = {
      take: () => {
        if (signal.aborted || late()) return false
        sent = true
        return true
      },
    }
    const immediately = confirmsByReading(tag) && (tag.tag.write?.readBackAfterMs ?? 0) === 0
    try {
      const told = await this.#turn(command, signal, (session) => this.#tell(session, write, permit, immediately))
      if (told === undefined) return held()
      if (!sent && told.answer.kind === 'lost') return this.#unsent(tag, told.answer.cause, held)
      // What had to be read first is not there yet.
      if (!sent && told.answer.kind === 'open') return unanswered(tag, told.answer.reason)
      return await this.#settle(write, told, signal)
    } catch (error) {
      // Whatever went wrong: what went out is not said to have stayed.
      if (sent) return this.#settle(write, { answer: { kind: 'lost', cause: error } }, signal)
      return this.#unsent(tag, error, held)
    }
  }

  /** Writes and, where nothing has to be waited for, reads back before anything else has the line. */
  async #tell(
    session: FieldSession<ReadBlock>,
    write: FieldWrite,
    permit: { take(): boolean },
    immediately: boolean,
  ): Promise<Told> {
    let answer: WriteAnswer
    try {
      answer = await session.write(write, permit)
    } catch (cause) {
      return { answer: { kind: 'lost', cause } }
    }
    if (answer.kind !== 'done' || !immediately) return { answer }
    // What cannot be read now is asked for again later.
    const back = await this.#readBack(session, write).catch(() => undefined)
    return back ? { answer, back } : { answer }
  }

  /** The job's turn on the line; undefined where it was not begun before the deadline or the end of the signal. */
  #turn<T>(
    command: OutgoingCommand,
    signal: AbortSignal,
    job: (session: FieldSession<ReadBlock>) => Promise<T>,
  ): Promise<T | undefined> {
    const { clock } = this.#line
    return new Promise((resolve, reject) => {
      let waits = true
      const leave = () => {
        if (waits) resolve(undefined)
        waits = false
      }
      const cancel = clock.after(Math.max(0, timeLeftOf(command, clock)), leave)
      signal.addEventListener('abort', leave, { once: true })
      const begin = async (session: FieldSession<ReadBlock>) => {
        if (!waits) return undefined
        waits = false
        return job(session)
      }
      this.#line
        .run(command.device, begin)
        .then(resolve, reject)
        .finally(() => {
          cancel()
          signal.removeEventListener('abort', leave)
        })
    })
  }

  /** Nothing went out. */
  #unsent(tag: IndexedTag, cause: unknown, held: () => Delivery): Delivery {
    const code = cause instanceof PenstockError ? cause.code : undefined
    if (code === 'STOPPED') return held()
    const reason = reasonOf(cause)
    if (code === 'CONNECTION_LOST') return unreachable(tag, reason)
    if (code === 'REQUEST_REFUSED') {
      return {
        state: 'refused',
        status: StatusCode.BadNotSupported,
        reason: `${nameOf(tag)} was not written: ${sentence(reason)}`,
      }
    }
    return unanswered(tag, reason)
  }

  async #settle(write: FieldWrite, { answer, back }: Told, signal: AbortSignal): Promise<Delivery> {
    const { tag } = write
    const name = nameOf(tag)
    if (answer.kind === 'refused' || answer.kind === 'failed') {
      return { state: answer.kind, status: answer.status, reason: `${name}: ${sentence(answer.reason)}` }
    }
    const reads = confirmsByReading(tag)
    if (answer.kind === 'done' && !reads) return { state: 'confirmed', reason: '' }
    const doubt = doubtOf(answer)
    const read = back ?? (reads ? await this.#readBackLater(write, signal) : NOT_ASKED)
    if (typeof read === 'string') {
      const words = doubt?.words ?? 'The device answered that it is done'
      const reason = `${name} was sent. ${words}; ${read}. Look at the device before you write it again.`
      return { state: 'uncertain', status: doubt?.status ?? StatusCode.BadCommunicationError, reason }
    }
    if (!doubt) {
      if (read.holds) return { state: 'confirmed', reason: '' }
      const reason = `The device answered that ${name} is written, but it ${read.found}.`
      return { state: 'failed', status: StatusCode.BadDeviceFailure, reason }
    }
    if (read.holds && doubt.mayBeSettled)
      return { state: 'confirmed', reason: `${doubt.words}, but it holds the value.` }
    const reason = `${name} was sent. ${doubt.words}; it ${read.found} now, and may still act on it.`
    return { state: 'uncertain', status: doubt.status, reason }
  }

  #readBack(session: FieldSession<ReadBlock>, write: FieldWrite): Promise<ReadBack | undefined> {
    const { tag } = write
    const sink = this.#line.sinkOf(tag.device.key)
    if (!sink) return Promise.resolve(undefined)
    return readBack(session, this.#line.requestFor(tag), sink, write)
  }

  /** In a turn of its own, after the tag's delay; in words why it could not be read. */
  async #readBackLater(write: FieldWrite, signal: AbortSignal): Promise<ReadBack | string> {
    const { clock } = this.#line
    const { tag } = write
    await pause(clock, tag.tag.write?.readBackAfterMs ?? 0, signal)
    const until = clock.monotonic() + SETTLE_WITHIN
    let why = 'it was not read back before the gateway had to stop'
    for (let unanswered = 0; !signal.aborted && unanswered < MOST_UNANSWERED && clock.monotonic() < until; ) {
      try {
        const read = await this.#line.run(tag.device.key, (session) => this.#readBack(session, write))
        if (read) return read
        why = 'it is busy and does not say what it holds'
      } catch (error) {
        why = `what it holds could not be read (${reasonOf(error)})`
        const code = error instanceof PenstockError ? error.code : undefined
        if (code === 'STOPPED') break
        if (code !== 'CONNECTION_LOST') unanswered++
      }
      await pause(clock, ASK_AGAIN_AFTER, signal)
    }
    return why
  }
}

const NOT_ASKED = 'with "confirm: echo" it is not read back'

const confirmsByReading = ({ tag }: IndexedTag): boolean => tag.write?.confirm !== 'echo'

const nameOf = ({ tag }: IndexedTag): string => `"${tag.name}" (${tag.address})`

const unanswered = (tag: IndexedTag, why: string): Delivery => ({
  state: 'failed',
  status: StatusCode.BadTimeout,
  reason: `${nameOf(tag)} was not written: ${sentence(why)}`,
})

const unreachable = (tag: IndexedTag, why: string): Delivery => ({
  state: 'refused',
  status: StatusCode.BadNoCommunication,
  reason: `${nameOf(tag)} was not written: ${sentence(why)}`,
})

interface Doubt {
  readonly words: string
  readonly status: StatusCode
  /** Whether it is done, once the device holds the value: not where it said that it did something else. */
  readonly mayBeSettled: boolean
}

function doubtOf(answer: Told['answer']): Doubt | undefined {
  if (answer.kind === 'open') return { words: answer.reason, status: StatusCode.BadTimeout, mayBeSettled: true }
  if (answer.kind !== 'lost') return undefined
  const { cause } = answer
  const code = cause instanceof PenstockError ? cause.code : 'PROTOCOL_VIOLATION'
  const status = code === 'TIMEOUT' ? StatusCode.BadTimeout : StatusCode.BadCommunicationError
  return { words: reasonOf(cause), status, mayBeSettled: code !== 'PROTOCOL_VIOLATION' }
}

/** Of several writes the first that is not confirmed ends them; what went before stays as it is. */
function partly(delivery: Delivery, written: readonly IndexedTag[], writes: readonly FieldWrite[]): Delivery {
  if (writes.length === 1) return delivery
  const names = (tags: readonly IndexedTag[]) => tags.map(({ tag }) => `"${tag.name}"`).join(', ')
  const after = writes.slice(written.length + 1).map(({ tag }) => tag)
  const before = written.length > 0 ? ` Written before it: ${names(written)}.` : ' Nothing was written before it.'
  const reason = `${delivery.reason}${before}${after.length > 0 ? ` Not written: ${names(after)}.` : ''}`
  const begun = written.length > 0 && delivery.state !== 'uncertain'
  // Sent again as a whole, what is done would be done twice.
  return begun
    ? { ...delivery, state: 'failed', status: delivery.status ?? StatusCode.BadCommunicationError, reason }
    : { ...delivery, reason }
}
